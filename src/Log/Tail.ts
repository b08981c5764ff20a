/**
 * The bus of one of several processes that write one log. Events of other processes come out of the log and into their
 * place among our own, so every process has all events in the order of their ids. Notices tell when to look; a look at
 * intervals suffices.
 */
import { SqlClient, SqlError } from "@effect/sql"
import { type Duration, Effect, Layer } from "effect"
import { detailOf } from "../Domain/ErrorDetail.ts"
import { type LoggedEvent, toLogged } from "../Domain/Event.ts"
import { persistently } from "../Storage/Failure.ts"
import { Notices } from "../Storage/Notices.ts"
import { capacity, EventBus, make as makeBus } from "./EventBus.ts"
import { EventStore } from "./EventStore.ts"
import * as Order from "./Tail/Order.ts"
import * as Purges from "./Tail/Purges.ts"
import * as Written from "./Tail/Written.ts"

export interface Options {
  /** The longest time between two looks at the log; 200 ms by default. */
  readonly every?: Duration.DurationInput
}

/** For events that are in memory. Readers of the log look by themselves. */
const purgesEvery = "1 second"

const page = { limit: 500, bytes: 2 * 1024 * 1024 }

/** A page with less text than this was not cut by its bytes, which are counted otherwise in the database. */
const surelyBelow = page.bytes / 8

const statementWithin = "5 seconds"

/** Our own events wait meanwhile. */
const bounded = <A>(statement: Effect.Effect<A, SqlError.SqlError>) =>
  statement.pipe(
    Effect.disconnect,
    Effect.timeoutFail({
      duration: statementWithin,
      onTimeout: () =>
        new SqlError.SqlError({ cause: new Error("no answer"), message: "Timed out" })
    })
  )

const isCut = (events: ReadonlyArray<LoggedEvent>): boolean =>
  events.length === page.limit ||
  events.reduce((size, { extra, json }) => size + json.length + (extra?.length ?? 0), 0) >
    surelyBelow

const make = ({ every = "200 millis" }: Options) =>
  Effect.gen(function* () {
    const notices = yield* Notices
    const store = yield* EventStore
    const written = Written.make()
    const purges = yield* Purges.make(yield* SqlClient.SqlClient, written.isOpen)
    const learnPurged: Effect.Effect<void, SqlError.SqlError> = Effect.suspend(() =>
      purges.look(bus)
    )
    const bus: EventBus["Type"] = yield* makeBus(capacity, learnPurged)
    yield* learnPurged

    const order = yield* Order.make({
      bus,
      isOurs: (event) => written.isOpen(event.server) && written.isOurs(event),
      lastId: bounded(store.lastId),
      purgedUntil: bounded(purges.look(bus)),
      read: (after, until) =>
        store.read({ ...page, after, until: Number.isFinite(until) ? until : undefined }).pipe(
          bounded,
          Effect.map((records) => {
            const events = records.map(toLogged)
            return { events, isCut: isCut(events) }
          })
        )
    })

    const later = (error: SqlError.SqlError) =>
      Effect.logDebug(`Cannot read what other replicas wrote, trying later: ${detailOf(error)}`)
    yield* notices.follow("events", every, Effect.catchAll(order.catchUp, later))
    yield* notices.follow("purges", purgesEvery, Effect.catchAll(bounded(learnPurged), later))

    return EventBus.of({
      ...bus,
      publish: (batch) =>
        Effect.suspend(() => {
          const last = batch.at(-1)
          if (last === undefined) return Effect.void
          written.reach(last)
          return notices.send("events").pipe(
            Effect.zipRight(order.publish(batch, last.id)),
            // The writer goes on. Readers take these events from the log, once it can be read again.
            Effect.catchAll((error) => Effect.zipRight(later(error), bus.skipTo(last.id)))
          )
        }),
      isReached: (cursor) =>
        Effect.flatMap(bus.newest, (newest) =>
          cursor <= newest
            ? Effect.succeed(true)
            : bounded(store.lastId).pipe(
                Effect.map((last) => cursor <= last),
                // A reader may well have come from another replica.
                Effect.catchAll((error) => Effect.as(later(error), true))
              )
        ),
      writes: (server) =>
        Effect.asVoid(
          Effect.acquireRelease(
            // The owner before is fenced by now, so what it wrote is up to here.
            Effect.map(persistently(store.lastId), (last) => written.open(server, last)),
            (close) => Effect.sync(close)
          )
        ),
      isOurs: written.isOurs
    })
  })

/** As `layer`, with options. */
export const layerWith = (
  options: Options
): Layer.Layer<EventBus, SqlError.SqlError, EventStore | SqlClient.SqlClient> =>
  Layer.scoped(
    EventBus,
    Effect.flatMap(Notices, ({ isShared }) => (isShared ? make(options) : makeBus(capacity)))
  )

/** The bus of a process alone, if `Notices` says that it is, which costs nothing more. */
export const layer = layerWith({})
