/** Reads what a held lane has before it, out of the log. */
import type { SqlError } from "@effect/sql"
import { Effect } from "effect"
import type { Order } from "../../Domain/Endpoint.ts"
import { type LoggedEvent, toLogged } from "../../Domain/Event.ts"
import type { EventBus } from "../../Log/EventBus.ts"
import type { EventStore } from "../../Log/EventStore.ts"
import type { Item } from "../Sink.ts"
import type { Takes } from "./Filter.ts"
import { type Lane, nameOf } from "./Lane.ts"

const bytes = 1024 * 1024

/** A reading looks at most at this many ids, so that one that finds nothing ends in time. */
const stretch = 250_000

interface Around {
  readonly bus: Pick<EventBus["Type"], "purgedUntil">
  readonly store: Pick<EventStore["Type"], "read">
  readonly server: string
  readonly order: Order
  readonly takes: Takes
  /** Events that are read at once. */
  readonly limit: number
  /** The feed has come so far. */
  readonly position: () => number
}

/** The last id at which an event of the lane was purged; without a lane: of any. */
export const purgedUntil = (
  { bus, order, server, takes }: Pick<Around, "bus" | "order" | "server" | "takes">,
  lane?: Lane
): number =>
  bus.purgedUntil(
    (instance, of) =>
      of === server &&
      (lane !== undefined && order === "instance"
        ? instance === lane.name
        : takes.isAbout(instance))
  )

export const missed = ({ cursor, name }: Lane, order: Order, server: string, to: number): Item => ({
  _tag: "Missed",
  server,
  instance: order === "instance" ? name : "",
  from: cursor,
  to
})

/** All that was skipped was read: the next event comes from the feed. */
const endOf = (lane: Lane, { order, server }: Around): void => {
  lane.held = false
  lane.isUncounted = false
  lane.isHeldSaved = false
  lane.waiting = 0
  // It was there when it was skipped.
  if (lane.isSkippedKnown && lane.cursor < lane.skipped)
    lane.queue.push(missed(lane, order, server, lane.skipped))
}

/**
 * Puts the next events into the lane's queue. Where there are none up to its last skipped one, the lane is held no more.
 */
export const refill = (around: Around, lane: Lane): Effect.Effect<void, SqlError.SqlError> =>
  Effect.suspend(() => {
    const { limit, order, position, server, store, takes } = around
    const purged = purgedUntil(around, lane)
    if (purged > lane.readTo) {
      lane.queue.push(missed(lane, order, server, purged))
      lane.readTo = purged
      return Effect.void
    }
    if (lane.isSkippedKnown && lane.readTo >= lane.skipped) {
      endOf(lane, around)
      return Effect.void
    }
    // After a crash a lane may have come further than its feed, whose cursor is saved less often.
    const until = Math.max(lane.readTo, Math.min(position(), lane.readTo + stretch))
    const isOfLane = (event: LoggedEvent) =>
      takes.takes(event) && nameOf(order, event) === lane.name
    return Effect.map(
      store.read({
        ...takes.query,
        limit,
        bytes,
        servers: [server],
        instance: order === "instance" ? lane.name : undefined,
        after: lane.readTo,
        until
      }),
      (records) => {
        const events = records.map(toLogged).filter(isOfLane)
        for (const event of events) lane.queue.push({ _tag: "Event", event })
        lane.waiting = Math.max(0, lane.waiting - events.length)
        lane.readTo = records.at(-1)?.id ?? until
        if (records.length === 0 && lane.readTo >= lane.skipped) endOf(lane, around)
      }
    )
  })
