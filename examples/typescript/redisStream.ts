/**
 * Forwards every event to a stream of Redis: each once and in order, also when this program or Redis was away.
 * An entry has the event's cursor as its id. So the stream itself knows how far the program came, and Redis
 * refuses an entry that it has already.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Config, Effect, Layer, Schedule, Stream } from "effect"
import { EventBus, EvolutionListener } from "evolution-listener"
import { createClient } from "redis"

const connection = Effect.acquireRelease(
  Effect.flatMap(Config.string("REDIS_URL"), (url) =>
    Effect.tryPromise(() =>
      createClient({ url })
        // The client connects again by itself; what it could not send is sent again below.
        .on("error", () => undefined)
        .connect()
    )
  ),
  (redis) => Effect.sync(() => redis.destroy())
)

const forward = Effect.gen(function* () {
  const redis = yield* connection
  const key = yield* Config.string("REDIS_STREAM")
  const bus = yield* EventBus.EventBus

  /** The cursor of the last event in the stream. */
  const newest = Effect.map(
    Effect.tryPromise(() => redis.xRevRange(key, "+", "-", { COUNT: 1 })),
    (entries) => Number.parseInt(entries?.[0]?.id ?? "0", 10)
  )

  yield* newest.pipe(
    Effect.flatMap((cursor) =>
      bus
        .after(cursor)
        .pipe(
          Stream.runForEach(({ event, id, instance, json }) =>
            Effect.tryPromise(() => redis.xAdd(key, `${id}-0`, { instance, event, data: json }))
          )
        )
    ),
    Effect.tapError((error) => Effect.logWarning("Redis is away, trying again", error.cause)),
    // Goes on after the last entry that has arrived.
    Effect.retry(Schedule.spaced("1 second"))
  )
})

Layer.scopedDiscard(Effect.forkScoped(forward)).pipe(
  Layer.provide(EvolutionListener.layer),
  Layer.launch,
  NodeRuntime.runMain
)
