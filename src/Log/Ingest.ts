/**
 * From a raw event to a committed one: decode, persist, publish. One writer drains one queue, so events
 * are logged in the order they arrive. The queue is bounded: a slow database makes the socket wait, and
 * the heap does not grow.
 */
import type { SqlError } from "@effect/sql"
import {
  Array as Arr,
  Clock,
  Context,
  DateTime,
  Deferred,
  Duration,
  Effect,
  Either,
  Exit,
  Fiber,
  Layer,
  Option,
  Scope
} from "effect"
import * as AppConfig from "../AppConfig.ts"
import * as StopPlan from "../Concurrency/StopPlan.ts"
import * as Supervise from "../Concurrency/Supervise.ts"
import type { Degraded } from "../Domain/Degraded.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import { decode, type EventOrigin, type EvolutionEvent, type RawEvent } from "../Domain/Event.ts"
import { mediaKeys } from "../Domain/Json.ts"
import { Server } from "../Domain/Server.ts"
import { CurrentFence } from "../Domain/Tenure.ts"
import * as Secrets from "../Telemetry/Secrets.ts"
import { EventBus } from "./EventBus.ts"
import { GapStore } from "./GapStore.ts"
import * as Backlog from "./Ingest/Backlog.ts"
import * as Count from "./Ingest/Count.ts"
import type { Decoded } from "./Ingest/Item.ts"
import * as Outage from "./Ingest/Outage.ts"
import * as Repeats from "./Ingest/Repeats.ts"
import * as Writer from "./Ingest/Writer.ts"

export type { Depth } from "./Ingest/Backlog.ts"

export class Ingest extends Context.Tag("evolution-listener/Ingest")<
  Ingest,
  {
    /**
     * Decodes and queues events, in order; waits while the queue is full. Queued events are committed,
     * to the log or to quarantine, even when the service stops meanwhile.
     */
    readonly receive: (events: Iterable<RawEvent>, origin: EventOrigin) => Effect.Effect<void>
    /** Queues back-filled messages; returns, once committed, how many the log did not have. */
    readonly backfill: (
      messages: ReadonlyArray<RawEvent>,
      origin?: "backfill" | "import"
    ) => Effect.Effect<number>
    /** Queues events of our own, in order; `committed` waits until the log has all of them. */
    readonly appendOwn: (
      events: ReadonlyArray<EvolutionEvent>
    ) => Effect.Effect<{ readonly committed: Effect.Effect<void> }>
    /** Waits until everything received before this call is committed and published, if it was brought. */
    readonly flush: Effect.Effect<void>
    /** Everything received before this time is committed, if it was brought; ms since 1970 UTC. */
    readonly committedUntil: Effect.Effect<number>
    /** Time at which the queue was full last; `undefined`: it never was. */
    readonly fullUntil: Effect.Effect<number | undefined>
    /** Runs a statement that is not the writer's; its end tells the state of the database. */
    readonly observeStatement: <A>(
      statement: Effect.Effect<A, SqlError.SqlError>
    ) => Effect.Effect<A, SqlError.SqlError>
    /** The reason for which nothing can be written now; `null` when all is well. */
    readonly degraded: Effect.Effect<Degraded | null>
    /** Size of the queue: events that are received and not committed. */
    readonly depth: Effect.Effect<Backlog.Depth>
    /**
     * Time for which events wait and the writer has tried nothing. To wait for the database's answer
     * is to try; so a time beyond `untilBack`'s longest pause means that the writer is stuck.
     */
    readonly idle: Effect.Effect<Duration.Duration>
  }
>() {
  static readonly layer = Layer.scoped(
    Ingest,
    Effect.suspend(() => make)
  )
}

/** Repeated events are told of this often. */
const repeatsEvery = Duration.minutes(1)
/** A stop waits this long for room for the last of them. */
const lastWords = Duration.millis(200)

const make = Effect.gen(function* () {
  const bus = yield* EventBus
  yield* bus.writes(yield* Server)
  const gaps = yield* GapStore
  const fence = yield* CurrentFence
  const backlog = yield* Backlog.make(yield* AppConfig.Queue)
  const scrub = yield* Secrets.scrub
  const omit = (yield* AppConfig.eventOmit).has("media_keys") ? mediaKeys : []
  const wordsOf = (error: unknown) => scrub.words(detailOf(error))
  const decoded = (events: ReadonlyArray<RawEvent>, origin: EventOrigin) =>
    Count.decoded(events.map((event) => decode(event, origin, scrub, omit)))
  const outage = yield* Outage.make(wordsOf)
  const repeats = Repeats.make(scrub)
  const tellRepeats = (age: Duration.Duration) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const before = now - Duration.toMillis(age)
      return repeats.isDue(before)
        ? backlog.add(() => repeats.due(before).map((event) => [event, undefined]))
        : Effect.void
    })

  const write = yield* Writer.make(outage, wordsOf)
  // The writer's scope of its own outlives the callers, and a statement that cannot be interrupted.
  const writing = yield* Scope.make()
  const writer = yield* Scope.extend(Supervise.loop("writer", backlog.drain(write)), writing)
  yield* Supervise.loop(
    "repeated events",
    Effect.forever(
      repeats.any.pipe(
        Effect.zipRight(Effect.sleep(repeatsEvery)),
        Effect.zipRight(tellRepeats(repeatsEvery))
      )
    )
  )
  yield* Effect.addFinalizer(() =>
    Effect.timeoutOption(Effect.interruptible(tellRepeats(Duration.zero)), lastWords).pipe(
      Effect.zipRight(backlog.end),
      Effect.zipRight(
        Effect.raceFirst(
          Effect.as(Fiber.await(writer), "the database is away"),
          Effect.as(fence.fallen, "another process writes for the server")
        )
      ),
      StopPlan.within("ingest"),
      Effect.map(Option.getOrElse(() => "the database is away")),
      Effect.zip(backlog.depth),
      Effect.flatMap(([why, { events }]) =>
        events === 0
          ? Effect.ignore(StopPlan.within("ingest")(gaps.markStopped))
          : Effect.logError(`Stopped before ${events} received events were committed: ${why}`)
      ),
      Effect.ensuring(Effect.forkDaemon(Scope.close(writing, Exit.void)))
    )
  )

  /** Queues events; the inner effect waits until all are committed, and counts those the log did not have. */
  const take = (make: () => ReadonlyArray<Decoded>) =>
    Effect.gen(function* () {
      const done = yield* Deferred.make<number>()
      let [left, fresh] = [0, 0]
      const onCommitted = (isNew: boolean) => {
        if (isNew) fresh++
        if (--left === 0) Deferred.unsafeDone(done, Exit.succeed(fresh))
      }
      yield* backlog.add(() => {
        const items = make()
        left = items.length
        if (left === 0) Deferred.unsafeDone(done, Exit.succeed(0))
        return items.map((item) => [item, onCommitted])
      })
      return Deferred.await(done)
    })

  return Ingest.of({
    receive: (raw, origin) => {
      const events = Arr.fromIterable(raw)
      return backlog.add(
        () => repeats.sift(decoded(events, origin)).map((event) => [event, undefined]),
        events[0]?.receivedAt
      )
    },
    backfill: (messages, origin = "backfill") =>
      Effect.flatten(take(() => decoded(messages, origin))),
    appendOwn: (events) =>
      Effect.map(
        take(() => events.map(Either.right)),
        (counted) => ({ committed: Effect.asVoid(counted) })
      ),
    flush: backlog.flush,
    committedUntil: backlog.committedUntil,
    fullUntil: backlog.fullUntil,
    observeStatement: outage.observe,
    depth: backlog.depth,
    idle: Effect.zipWith(backlog.waiting, outage.quiet, Duration.min),
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
