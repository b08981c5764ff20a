/** A day of an instance's life, made up: what a timeline has to tell. */
import { DateTime, Effect, Schema } from "effect"
import { type EvolutionEvent, ofOurs } from "../../../src/Domain/Event.ts"
import {
  closed,
  Gap,
  type GapCause,
  opened,
  recovered,
  unrecovered
} from "../../../src/Domain/Gap.ts"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import { EventStore } from "../../../src/EventStore.ts"
import { event, nothing } from "../../EventStore/batch.ts"

const hour = 3_600_000

/** Writes the day before `now` into the log. */
export const dayOf = (name: string, now: number) =>
  Effect.flatMap(EventStore, (store) => store.append({ ...nothing, events: events(name, now) }))

const events = (name: string, now: number): ReadonlyArray<EvolutionEvent> => {
  const instance = InstanceName.make(name)
  const at = (hours: number) => now - hours * hour
  const link = (hours: number, _tag: "Listening" | "Waiting", more: object = {}) =>
    ofOurs({
      instance,
      event: "listener.updated",
      json: JSON.stringify({ _tag, since: new Date(at(hours)).toISOString(), attempt: 0, ...more }),
      receivedAt: at(hours)
    })
  const whatsapp = (hours: number, state: string, statusReason: number) =>
    event(JSON.stringify({ instance, state, statusReason }), {
      instance,
      event: "connection.update",
      receivedAt: at(hours)
    })
  const gap = (from: number, to: number, cause: GapCause, verdict: (gap: Gap) => Gap) => {
    const id = crypto.randomUUID()
    const time = (hours: number) => DateTime.unsafeMake(at(hours))
    const entry = verdict(closed(opened({ id, instance, from: time(from), cause }), time(to)))
    const json = JSON.stringify(Schema.encodeSync(Gap)(entry))
    return ofOurs({ instance, event: "gap.updated", json, receivedAt: at(to), gap: entry })
  }
  const lost = {
    error: { _tag: "ConnectionLost", message: "The connection was lost: transport close" },
    nextAttempt: null,
    isFlapping: false
  }
  return [
    link(23.2, "Listening"),
    whatsapp(23.1, "connecting", 200),
    whatsapp(23, "open", 200),
    link(16.4, "Waiting", lost),
    link(15.8, "Listening"),
    gap(16.4, 15.8, "connection_lost", (one) => ({ ...recovered(one), fetched: 37 })),
    whatsapp(9.5, "close", 401),
    whatsapp(8.9, "connecting", 200),
    whatsapp(8.7, "open", 200),
    link(4.2, "Waiting", lost),
    link(3.1, "Listening"),
    gap(4.2, 3.1, "heartbeat_missed", (one) =>
      unrecovered(one, "Evolution does not store messages (DATABASE_SAVE_DATA_NEW_MESSAGE)")
    )
  ]
}
