/**
 * From a raw event to a committed one: decode, persist, publish. One writer drains one queue, so the
 * order in which events come is the order of the log; what waits is bounded, so a slow database makes
 * the socket wait and not the heap grow.
 */
import { randomUUID } from "node:crypto"
import type { SqlError } from "@effect/sql"
import {
  Array as Arr,
  Cause,
  Context,
  DateTime,
  Deferred,
  Duration,
  Effect,
  Either,
  Exit,
  Fiber,
  identity,
  Layer
} from "effect"
import * as AppConfig from "./AppConfig.ts"
import type { Degraded } from "./Domain/Degraded.ts"
import {
  decode,
  type EventOrigin,
  type EvolutionEvent,
  logged,
  type QuarantinedEvent,
  type RawEvent
} from "./Domain/Event.ts"
import { project } from "./Domain/Projection.ts"
import * as Scrub from "./Domain/Scrub.ts"
import { EventBus } from "./EventBus.ts"
import { EventStore } from "./EventStore.ts"
import { GapStore } from "./GapStore.ts"
import * as Backlog from "./Ingest/Backlog.ts"
import * as Count from "./Ingest/Count.ts"
import * as Outage from "./Ingest/Outage.ts"
import { InstanceStore } from "./InstanceStore.ts"
import { detailOf } from "./Sql/Failure.ts"

export class Ingest extends Context.Tag("evolution-listener/Ingest")<
  Ingest,
  {
    /**
     * Takes events in, in order; waits while too much waits already. What is taken in gets committed,
     * in the log or in quarantine, even when the service is told to stop meanwhile.
     */
    readonly receive: (events: Iterable<RawEvent>, origin: EventOrigin) => Effect.Effect<void>
    /** Takes in messages fetched again; says, once committed, how many the log did not have. */
    readonly backfill: (messages: ReadonlyArray<RawEvent>) => Effect.Effect<number>
    /** Takes in events of our own; what it gives waits until they are committed. */
    readonly note: (events: ReadonlyArray<EvolutionEvent>) => Effect.Effect<Effect.Effect<void>>
    /** Everything received before this time is committed, if it was brought; ms since 1970 UTC. */
    readonly settledUntil: Effect.Effect<number>
    /** Until when there was no room, the last time; `undefined`: there always was. */
    readonly fullUntil: Effect.Effect<number | undefined>
    /** A statement beside the queue that writes: how it ends tells how the database is. */
    readonly beside: <A>(
      statement: Effect.Effect<A, SqlError.SqlError>
    ) => Effect.Effect<A, SqlError.SqlError>
    /** Why nothing can be written now; `null` when all is well. */
    readonly degraded: Effect.Effect<Degraded | null>
    /** What is taken in and not committed. */
    readonly depth: Effect.Effect<Backlog.Depth>
    /**
     * For how long something waits and the writer has tried nothing. To wait for the database's answer
     * is to try; so longer than `untilBack`'s longest pause means that the writer is stuck.
     */
    readonly idle: Effect.Effect<Duration.Duration>
  }
>() {
  static readonly layer = Layer.scoped(
    Ingest,
    Effect.suspend(() => make)
  )
}

/** How long stopping may take to commit what was taken in. */
const drainTimeout = Duration.seconds(3)

type Item = Backlog.Item

const make = Effect.gen(function* () {
  const events = yield* EventStore
  const instances = yield* InstanceStore
  const gaps = yield* GapStore
  const bus = yield* EventBus
  const backlog = yield* Backlog.make(yield* AppConfig.Queue)
  const scrub = Scrub.make(yield* AppConfig.secrets)
  const wordsOf = (error: unknown) => scrub.words(detailOf(error))
  const outage = yield* Outage.make(wordsOf)

  /** What was fetched again is written only where the log has it not. */
  const unheard = (items: ReadonlyArray<Item>) =>
    Effect.map(events.unheard(Arr.getRights(items.map(({ decoded }) => decoded))), (fresh) => {
      const kept = new Set(fresh)
      return items.filter(({ decoded }) => Either.isLeft(decoded) || kept.has(decoded.right))
    })

  const append = (items: ReadonlyArray<Item>, key: string) =>
    Effect.suspend(() => {
      const [quarantined, decoded] = Arr.separate(items.map((item) => item.decoded))
      const changes = project(instances.get, decoded)
      const turns = changes.filter(({ hasTurned }) => hasTurned)
      return Effect.map(
        events.append({ key, events: decoded, quarantined, changes: turns }),
        (ids) => ({
          changes,
          quarantined,
          logged: decoded.map((event, nth) => logged(event, ids[nth] ?? 0))
        })
      )
    })

  const commit = (items: ReadonlyArray<Item>): Effect.Effect<void> =>
    Effect.gen(function* () {
      const fresh = items.some(Backlog.isFetched)
        ? yield* outage.persistently(items.length, backlog.trying(unheard(items)))
        : items
      // With the same key: when only the answer got lost, nothing is written twice.
      const key = randomUUID()
      const committed = yield* outage.persistently(fresh.length, backlog.trying(append(fresh, key)))
      return { ...committed, fresh: new Set(fresh) }
    }).pipe(
      Effect.matchCauseEffect({
        // A refused value, or a bug of ours: either way the writer must go on.
        onFailure: (cause) =>
          Cause.isInterruptedOnly(cause)
            ? Effect.interrupt
            : isolate(items, wordsOf(Cause.squash(cause))),
        onSuccess: ({ changes, fresh, logged, quarantined }) => {
          instances.accept(changes)
          for (const item of items) item.settled?.(fresh.has(item) && Backlog.isFetched(item))
          return Effect.zipRight(bus.publish(logged), Count.committed(logged, quarantined.length))
        }
      }),
      Count.batch(items.length)
    )

  /** One event that cannot be committed must not cost its neighbours: halve until it stands alone. */
  const isolate = (items: ReadonlyArray<Item>, reason: string): Effect.Effect<void> => {
    const [item] = items
    if (item === undefined) return Effect.void
    if (items.length > 1) {
      const [left, right] = Arr.splitAt(items, items.length >>> 1)
      // One after the other: what the left half teaches is what the right half builds on.
      return Effect.zipRight(commit(left), commit(right))
    }
    const setAside = (event: QuarantinedEvent) =>
      commit([{ ...item, decoded: Either.left({ ...event, json: null }) }])
    const { instance } = Either.merge(item.decoded)
    return Effect.zipRight(
      Effect.logWarning(`An event cannot be committed, it is put in quarantine: ${reason}`),
      Either.match(item.decoded, {
        onLeft: (event) =>
          event.json === null
            ? Effect.zipRight(
                Effect.sync(() => item.settled?.(false)),
                Effect.logError(`An event cannot even be put in quarantine, it is lost: ${reason}`)
              )
            : setAside(event),
        onRight: ({ event, receivedAt }) =>
          setAside({ event, instance, receivedAt, reason, json: null })
      })
    ).pipe(instance === null ? identity : Effect.annotateLogs("instance", instance))
  }

  const writer = yield* Effect.forkDaemon(backlog.drain(commit))
  yield* Effect.addFinalizer(() =>
    backlog.end.pipe(
      Effect.zipRight(Fiber.join(writer)),
      Effect.zipRight(gaps.rest),
      Effect.interruptible,
      Effect.timeoutFail({ duration: drainTimeout, onTimeout: () => "late" }),
      Effect.catchAll(() =>
        Effect.zipRight(
          Effect.logError(
            "Stopped before every received event was committed: the database is away"
          ),
          Fiber.interruptFork(writer)
        )
      )
    )
  )

  /** Takes in; what it gives waits until all is committed: how much of it the log did not have. */
  const take = (decoded: () => ReadonlyArray<Backlog.Decoded>) =>
    Effect.gen(function* () {
      const done = yield* Deferred.make<number>()
      let [left, fresh] = [0, 0]
      const settled = (isNew: boolean) => {
        if (isNew) fresh++
        if (--left === 0) Deferred.unsafeDone(done, Exit.succeed(fresh))
      }
      yield* backlog.add(() => {
        const items = decoded()
        left = items.length
        if (left === 0) Deferred.unsafeDone(done, Exit.succeed(0))
        return items.map((item) => [item, settled])
      })
      return Deferred.await(done)
    })

  return Ingest.of({
    receive: (raw, origin) => {
      const events = Arr.fromIterable(raw)
      return backlog.add(
        () =>
          Count.decoded(events.map((event) => decode(event, origin, scrub))).map((decoded) => [
            decoded,
            undefined
          ]),
        events[0]?.receivedAt
      )
    },
    backfill: (messages) =>
      Effect.flatten(
        take(() => Count.decoded(messages.map((event) => decode(event, "backfill", scrub))))
      ),
    note: (events) =>
      Effect.map(
        take(() => events.map(Either.right)),
        Effect.asVoid
      ),
    settledUntil: backlog.settledUntil,
    fullUntil: backlog.fullUntil,
    beside: outage.beside,
    depth: backlog.depth,
    idle: backlog.idle,
    degraded: Effect.gen(function* () {
      const overdue = yield* backlog.fullSince
      const trouble = yield* outage.now
      return overdue === undefined
        ? trouble
        : {
            reason: "queue_full" as const,
            since: DateTime.unsafeMake(overdue),
            message: `Too much waits to be written, the sockets are read no further${
              trouble === null ? "" : `: ${trouble.message}`
            }`
          }
    })
  })
})
