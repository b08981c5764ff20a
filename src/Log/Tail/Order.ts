/**
 * Puts the events of other processes into their place among our own. All that is committed up to an id can be read as
 * soon as the event with that id is known to be committed: so a batch of our own waits for what is missing before it,
 * and no longer.
 */
import type { SqlError } from "@effect/sql"
import { Effect } from "effect"
import type { LoggedEvent } from "../../Domain/Event.ts"
import type { EventBus } from "../EventBus.ts"

type Events = ReadonlyArray<LoggedEvent>

interface Around {
  readonly bus: Pick<EventBus["Type"], "newest" | "publish" | "skipTo">
  /** Reads a page of the log after an id, up to another. `isCut`: there may be more. */
  readonly read: (
    after: number,
    until: number
  ) => Effect.Effect<{ readonly events: Events; readonly isCut: boolean }, SqlError.SqlError>
  readonly lastId: Effect.Effect<number, SqlError.SqlError>
  /** The last id of all events that were ever purged. */
  readonly purgedUntil: Effect.Effect<number, SqlError.SqlError>
  /** This process wrote the event, and publishes it if it has not yet. */
  readonly isOurs: (event: LoggedEvent) => boolean
}

/** Beyond so many events the ring of the bus is passed over, which is about to lose the first of them. */
const farBehind = 8192

/** An event of our own follows the answer of the database, which may need a new connection. */
const ownWithin = "1 second"

const hasHole = (after: number, events: Events): boolean =>
  events.some(({ id }, nth) => id !== (events[nth - 1]?.id ?? after) + 1)

export const make = Effect.fnUntraced(function* (around: Around) {
  const { bus, isOurs, lastId, purgedUntil, read } = around
  const turn = yield* Effect.makeSemaphore(1)
  /** Batches of our own that are committed, one of each server at most. */
  const waiting = new Set<Events>()
  const arrival = yield* Effect.makeLatch(false)

  const next = (): Events | undefined =>
    [...waiting].sort(([left], [right]) => (left?.id ?? 0) - (right?.id ?? 0))[0]
  const holding = (id: number): Events | undefined =>
    [...waiting].find((batch) => batch.some((event) => event.id === id))

  /** Publishes what the bus does not have of these events, which are all that the log has between the first and the last. */
  const place = (events: Events) =>
    Effect.gen(function* () {
      const newest = yield* bus.newest
      const fresh = events.filter(({ id }) => id > newest)
      const last = fresh.at(-1)
      if (last !== undefined) {
        // Readers have to be told of events that were purged before they came here; the bus does so for the log.
        const isPurged = hasHole(newest, fresh) && (yield* purgedUntil) > newest
        yield* isPurged ? bus.skipTo(last.id) : bus.publish(fresh)
      }
      waiting.delete(events)
    })

  /** Waits for the batch of an event of our own. `undefined`: it does not come; its answer got lost, or by a bug. */
  const arrived = (id: number): Effect.Effect<Events | undefined> => {
    const look: Effect.Effect<Events> = Effect.suspend(() => {
      arrival.unsafeClose()
      const batch = holding(id)
      return batch === undefined ? Effect.zipRight(arrival.await, look) : Effect.succeed(batch)
    })
    return Effect.timeoutTo(look, {
      duration: ownWithin,
      onSuccess: (batch): Events | undefined => batch,
      onTimeout: () => undefined
    })
  }

  /** Publishes a page of the log, but our own events as their writer has them. */
  const take = (events: Events) =>
    Effect.gen(function* () {
      let run: Array<LoggedEvent> = []
      let isPatient = true
      for (const event of events) {
        if (!isOurs(event)) {
          run.push(event)
          continue
        }
        yield* place(run)
        run = []
        if (event.id <= (yield* bus.newest)) continue
        const batch: Events | undefined =
          holding(event.id) ?? (isPatient ? yield* arrived(event.id) : undefined)
        isPatient = batch !== undefined
        if (batch === undefined) run.push(event)
        else yield* place(batch)
      }
      yield* place(run)
    })

  /** Brings the bus up to an id, or as far as the log has come. */
  const bring = (until: number) =>
    Effect.gen(function* () {
      while (true) {
        const batch = next()
        const newest = yield* bus.newest
        const first = batch?.[0]?.id ?? Number.POSITIVE_INFINITY
        if (batch !== undefined && first <= newest + 1) {
          yield* place(batch)
          continue
        }
        if (newest >= until) return
        const { events, isCut } = yield* read(newest, first - 1)
        const last = isCut ? yield* lastId : newest
        if (last > newest + farBehind) {
          yield* bus.skipTo(last)
          continue
        }
        yield* take(events)
        if (isCut) continue
        if (batch === undefined) return
        yield* place(batch)
      }
    }).pipe(turn.withPermits(1))

  return {
    /** Publishes all that the log has and the bus has not. */
    catchUp: bring(Number.POSITIVE_INFINITY),
    /** Publishes a batch that this process has written, and what is missing before it. */
    publish: (batch: Events, last: number) =>
      Effect.suspend(() => {
        waiting.add(batch)
        arrival.unsafeOpen()
        return bring(last)
      })
  }
})
