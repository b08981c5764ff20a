/** A day of an instance's life, made up: what a timeline has to tell. */
import { DateTime, Effect, Schema } from "effect"
import { type EvolutionEvent, ofOurs } from "../../../src/Domain/Event.ts"
import {
  type Closed,
  closed,
  Gap,
  type GapCause,
  lost,
  opened,
  recovered
} from "../../../src/Domain/Gap.ts"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import { ConnectionLost } from "../../../src/Domain/LinkError.ts"
import { ListenerState } from "../../../src/Domain/ListenerState.ts"
import * as Scrub from "../../../src/Domain/Scrub.ts"
import { eventName } from "../../../src/Listening/ListenerRegistry/Record.ts"
import { EventStore } from "../../../src/Log/EventStore.ts"
import { event, nothing } from "../../Log/EventStore/batch.ts"

const hour = 3_600_000

/** Writes the day before `now` into the log. */
export const dayOf = (name: string, now: number) =>
  Effect.flatMap(EventStore, (store) => store.append({ ...nothing, events: events(name, now) }))

const events = (name: string, now: number): ReadonlyArray<EvolutionEvent> => {
  const instance = InstanceName.make(name)
  const at = (hours: number) => now - hours * hour
  const time = (hours: number) => DateTime.unsafeMake(at(hours))
  const link = (hours: number, state: ListenerState) =>
    ofOurs(
      {
        instance,
        event: eventName,
        data: Schema.encodeSync(ListenerState)(state),
        receivedAt: at(hours)
      },
      Scrub.unconfigured
    )
  const listening = (hours: number) =>
    link(hours, { _tag: "Listening", since: time(hours), attempt: 0, generation: 1 })
  const waiting = (hours: number) =>
    link(hours, {
      _tag: "Waiting",
      since: time(hours),
      attempt: 1,
      generation: 1,
      nextAttempt: time(hours),
      isFlapping: false,
      error: ConnectionLost.of(1006, "")
    })
  const whatsapp = (hours: number, state: string, statusReason: number) =>
    event(JSON.stringify({ instance, state, statusReason }), {
      instance,
      event: "connection.update",
      receivedAt: at(hours)
    })
  const gap = (from: number, to: number, cause: GapCause, verdict: (gap: Closed) => Gap) => {
    const id = crypto.randomUUID()
    const entry = verdict(closed(opened({ id, instance, from: time(from), cause }), time(to)))
    const facts = { instance, event: "gap.updated", receivedAt: at(to), gap: entry }
    return ofOurs({ ...facts, data: Schema.encodeSync(Gap)(entry) }, Scrub.unconfigured)
  }
  return [
    listening(23.2),
    whatsapp(23.1, "connecting", 200),
    whatsapp(23, "open", 200),
    waiting(16.4),
    listening(15.8),
    gap(16.4, 15.8, "connection_lost", (one) => ({ ...recovered(one), fetched: 37 })),
    whatsapp(9.5, "close", 401),
    whatsapp(8.9, "connecting", 200),
    whatsapp(8.7, "open", 200),
    waiting(4.2),
    listening(3.1),
    gap(4.2, 3.1, "heartbeat_missed", (one) =>
      lost(one, "not_stored", "Evolution does not store messages (DATABASE_SAVE_DATA_NEW_MESSAGE)")
    )
  ]
}
