/** The endpoints in memory, as the table has them; told of changes by other replicas. */
import { Duration, Effect, PubSub, Stream } from "effect"
import { monotonicOf } from "../../Domain/Clock.ts"
import { detailOf } from "../../Domain/ErrorDetail.ts"
import { Notices } from "../../Storage/Notices.ts"
import { type Entry, entriesOf } from "./Rows.ts"
import type * as Table from "./Table.ts"

/** Between looks for changes by other processes, where no notice comes. */
const lookEvery = Duration.millis(350)
const lookWithin = Duration.seconds(1)

/** Finds a database that went back to an earlier state. */
const readAllMillis = Duration.toMillis("1 minute")

export const make = (table: Effect.Effect.Success<typeof Table.make>) =>
  Effect.gen(function* () {
    const { follow, isShared, send } = yield* Notices
    const monotonic = monotonicOf(yield* Effect.clock)
    const hub = yield* Effect.acquireRelease(PubSub.sliding<void>(1), PubSub.shutdown)
    const tell = PubSub.publish(hub, undefined)
    // No look puts back what it read before a change of ours.
    const turns = yield* Effect.makeSemaphore(1)
    const inTurn = turns.withPermits(1)
    let entries = new Map<string, Entry>()
    let lastChange = ""
    let readAllAt = monotonic()

    const readAll = Effect.gen(function* () {
      readAllAt = monotonic()
      // Read first: a change that comes between is read again.
      const last = yield* table.lastChange
      const isNews = last !== lastChange
      lastChange = last
      const { entries: found, unread } = entriesOf(yield* table.all)
      for (const { id } of unread)
        yield* Effect.logWarning(
          `Cannot read the endpoint ${id}, so nothing is delivered to it: did a later version make it?`
        )
      const before = entries
      entries = new Map(found.map((entry) => [entry.endpoint.id, entry]))
      const isSame =
        before.size === entries.size &&
        found.every(({ change, endpoint: { id } }) => before.get(id)?.change === change)
      if (isNews || !isSame) yield* tell
    })

    const look = Effect.gen(function* () {
      const isOld = monotonic() - readAllAt >= readAllMillis
      if (isOld || (yield* table.lastChange) !== lastChange) yield* readAll
    }).pipe(
      Effect.disconnect,
      Effect.timeout(lookWithin),
      inTurn,
      Effect.catchAll((error) =>
        Effect.logDebug(`Cannot look for changed endpoints: ${detailOf(error)}`)
      )
    )
    yield* readAll
    yield* follow("endpoints", lookEvery, look)

    /** Runs a change of ours, and tells of it. */
    const changing = <A, E, R>(change: Effect.Effect<A, E, R>, apply: (result: A) => void) =>
      change.pipe(
        Effect.tap((result) => Effect.sync(() => apply(result))),
        inTurn,
        Effect.tap(Effect.zipRight(tell, send("endpoints")))
      )

    return {
      all: (): ReadonlyArray<Entry> => [...entries.values()],
      get: (id: string): Entry | undefined => entries.get(id),
      /** Learns what other processes changed, at once. */
      refresh: isShared ? look : Effect.void,
      put: <E, R>(change: Effect.Effect<Entry, E, R>) =>
        changing(change, (entry) => entries.set(entry.endpoint.id, entry)),
      /** Something beside the table changed. */
      touch: changing(table.touch, () => undefined),
      /** Runs a change of several rows, and reads all of them. */
      putAll: <A, E, R>(change: Effect.Effect<A, E, R>) =>
        change.pipe(Effect.zipLeft(readAll), inTurn, Effect.zipLeft(send("endpoints"))),
      drop: <E, R>(id: string, change: Effect.Effect<unknown, E, R>) =>
        changing(change, () => entries.delete(id)),
      changes: Stream.unwrapScoped(
        Effect.map(PubSub.subscribe(hub), (news) =>
          Stream.concat(Stream.void, Stream.fromQueue(news))
        )
      )
    }
  })
