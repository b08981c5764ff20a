/**
 * From a raw event to a committed one: decode, persist, publish. One writer drains one queue, so the
 * order in which events come is the order of the log; the queue is bounded, so a slow database makes
 * the socket wait and not the heap grow.
 */
import { randomUUID } from "node:crypto"
import {
  Array as Arr,
  Cause,
  type Chunk,
  Context,
  Duration,
  Effect,
  Either,
  Fiber,
  Layer,
  Mailbox,
  Metric
} from "effect"
import {
  decode,
  type EventOrigin,
  type EvolutionEvent,
  type QuarantinedEvent,
  type RawEvent
} from "./Domain/Event.ts"
import { project } from "./Domain/Projection.ts"
import { EventBus } from "./EventBus.ts"
import { EventStore } from "./EventStore.ts"
import { InstanceStore } from "./InstanceStore.ts"
import { classify, detailOf, untilBack } from "./Sql/Failure.ts"

export class Ingest extends Context.Tag("evolution-listener/Ingest")<
  Ingest,
  {
    /**
     * Takes events in, in order; waits while the queue is full. What is taken in gets committed, in
     * the log or in quarantine, even when the service is told to stop meanwhile.
     */
    readonly receive: (events: Iterable<RawEvent>, origin: EventOrigin) => Effect.Effect<void>
  }
>() {
  static readonly layer = Layer.scoped(
    Ingest,
    Effect.suspend(() => make)
  )
}

export const eventsCommitted = Metric.counter("evolution_listener_events_committed")
export const eventsQuarantined = Metric.counter("evolution_listener_events_quarantined")

const queueCapacity = 4096
/** A batch ends at whichever comes first; a history chunk alone can have tens of MB. */
const maxBatchEvents = 500
const maxBatchChars = 4 * 1024 * 1024
/** How long stopping may take to commit what was taken in. */
const drainTimeout = Duration.seconds(5)

const retryPolicy = untilBack("100 millis")

type Item = Either.Either<EvolutionEvent, QuarantinedEvent>

const make = Effect.gen(function* () {
  const events = yield* EventStore
  const instances = yield* InstanceStore
  const bus = yield* EventBus
  const queue = yield* Mailbox.make<Item>(queueCapacity)

  const append = (items: ReadonlyArray<Item>, key: string) =>
    Effect.suspend(() => {
      const [quarantined, decoded] = Arr.separate(items)
      const changes = project(instances.get, decoded)
      return Effect.map(events.append({ key, events: decoded, quarantined, changes }), (ids) => ({
        changes,
        quarantined,
        logged: decoded.map((event, index) => ({ ...event, id: ids[index] ?? 0 }))
      }))
    })

  const commit = (items: ReadonlyArray<Item>): Effect.Effect<void> =>
    Effect.sync(() => randomUUID()).pipe(
      Effect.flatMap((key) =>
        append(items, key).pipe(
          Effect.tapError((error) =>
            classify(error) === "data"
              ? Effect.void
              : Effect.logError(
                  `Cannot commit ${items.length} events, trying again: ${detailOf(error)}`
                )
          ),
          // With the same key: when only the answer got lost, nothing is written twice.
          Effect.retry({ schedule: retryPolicy, while: (error) => classify(error) !== "data" })
        )
      ),
      Effect.matchCauseEffect({
        // A refused value, or a bug of ours: either way the writer must go on.
        onFailure: (cause) =>
          Cause.isInterruptedOnly(cause)
            ? Effect.interrupt
            : isolate(items, detailOf(Cause.squash(cause))),
        onSuccess: ({ changes, logged, quarantined }) => {
          instances.accept(changes)
          return bus
            .publish(logged)
            .pipe(
              Effect.zipRight(Metric.incrementBy(eventsCommitted, logged.length)),
              Effect.zipRight(Metric.incrementBy(eventsQuarantined, quarantined.length)),
              Effect.asVoid
            )
        }
      })
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
    return Effect.zipRight(
      Effect.logWarning(`An event cannot be committed, it is put in quarantine: ${reason}`),
      Either.match(item, {
        onLeft: (event) =>
          event.json === null
            ? Effect.logError(`An event cannot even be put in quarantine, it is lost: ${reason}`)
            : commit([Either.left({ ...event, json: null })]),
        onRight: ({ event, instance, receivedAt }) =>
          commit([Either.left({ event, instance, receivedAt, reason, json: null })])
      })
    )
  }

  const write: Effect.Effect<void> = Effect.flatMap(queue.takeAll, ([items, done]) =>
    Effect.zipRight(
      Effect.forEach(batches(items), commit, { discard: true }),
      done ? Effect.void : write
    )
  )
  const writer = yield* Effect.forkDaemon(write)
  yield* Effect.addFinalizer(() =>
    queue.end.pipe(
      Effect.zipRight(Fiber.join(writer)),
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

  return Ingest.of({
    receive: (raw, origin) =>
      queue.offerAll(Arr.map(Arr.fromIterable(raw), (event) => decode(event, origin)))
  })
})

const batches = (items: Chunk.Chunk<Item>): ReadonlyArray<ReadonlyArray<Item>> => {
  const all: Array<Array<Item>> = []
  let [count, chars] = [maxBatchEvents, 0]
  for (const item of items) {
    const size = Either.merge(item).json?.length ?? 0
    if (count >= maxBatchEvents || chars + size > maxBatchChars) {
      all.push([])
      ;[count, chars] = [0, 0]
    }
    all.at(-1)?.push(item)
    count++
    chars += size
  }
  return all
}
