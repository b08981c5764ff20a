/** A listener for every instance that somebody creates at Evolution while we are connected to it. */
import { Effect, Either, Layer, Schema, Stream } from "effect"
import * as AppConfig from "./AppConfig.ts"
import { InstanceName, isTrial } from "./Domain/Instance.ts"
import { EventSource } from "./EventSource.ts"
import * as Listener from "./Listener.ts"
import { ListenerRegistry, restartIntensity } from "./ListenerRegistry.ts"
import { detailOf, untilBack } from "./Sql/Failure.ts"

/** While the database is away, what is wanted cannot be written down. */
const retryPolicy = untilBack("200 millis")

const watch = Effect.gen(function* () {
  const source = yield* EventSource
  const registry = yield* ListenerRegistry

  const start = (name: string) =>
    Either.match(decodeName(name), {
      onLeft: () => Effect.logWarning(`Cannot listen to the created instance "${name}": its name`),
      onRight: (valid) =>
        registry.start(valid).pipe(
          Effect.tapError((error) =>
            Effect.logError(
              `Cannot listen to the created instance "${name}" yet: ${detailOf(error)}`
            )
          ),
          Effect.retry(retryPolicy),
          Effect.orDie, // the schedule has no end
          Effect.zipRight(Effect.logInfo(`Listens to the created instance "${name}"`))
        )
    }).pipe(Effect.annotateLogs("instance", name))

  yield* Listener.keep(
    () => Effect.void,
    ({ established }) =>
      Effect.gen(function* () {
        const created = yield* source.created
        yield* established
        yield* Stream.runForEach(
          Stream.filter(created, (name) => !isTrial(name)),
          start
        )
      })
  )
})

/** Restarted after a defect as a listener is. */
const supervised = <E, R>(watching: Effect.Effect<void, E, R>) =>
  watching.pipe(
    Effect.sandbox,
    Effect.tapError((cause) => Effect.logError("The watch for created instances crashed", cause)),
    Effect.retry(restartIntensity),
    Effect.ignore // logged, each time
  )

const decodeName = Schema.decodeEither(InstanceName)

/** Unless `AUTO_START` is off. Holds the shared connection open even while nobody listens. */
export const layer = Layer.unwrapEffect(
  Effect.map(AppConfig.autoStart, (on) =>
    Layer.scopedDiscard(on ? Effect.forkScoped(supervised(watch)) : Effect.void)
  )
)
