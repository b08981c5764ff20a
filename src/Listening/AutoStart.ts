/** A listener for every instance that somebody creates at Evolution while we are connected to it. */
import { Cause, Clock, Effect, Either, Layer, Schema, Stream } from "effect"
import * as AppConfig from "../AppConfig.ts"
import { loop } from "../Concurrency/Supervise.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import { InstanceName, isTrial } from "../Domain/Instance.ts"
import { EventSource } from "../Evolution/EventSource.ts"
import { untilBack } from "../Storage/Failure.ts"
import { GapLedger } from "./GapLedger.ts"
import { keep } from "./Listener/Keep.ts"
import { ListenerRegistry } from "./ListenerRegistry.ts"
import { Pacing } from "./Pacing.ts"

/** While the database is away, what is wanted cannot be written down. */
const retryPolicy = untilBack("200 millis")

const watch = Effect.gen(function* () {
  const source = yield* EventSource
  const registry = yield* ListenerRegistry
  const ledger = yield* GapLedger
  const scope = yield* Effect.scope

  const start = (name: InstanceName, since: number) =>
    registry.start(name).pipe(
      Effect.tapError((error) =>
        // Its events are held for a listener to come, but not for ever.
        Effect.zipRight(
          ledger.open(name, since, "queue_full"),
          Effect.logError(`Cannot listen to the created instance "${name}" yet: ${detailOf(error)}`)
        )
      ),
      Effect.retry(retryPolicy),
      Effect.orDie, // the schedule has no end
      Effect.zipRight(Effect.logInfo(`Listens to the created instance "${name}"`)),
      Effect.catchAllDefect((defect) =>
        Effect.logError(`Starting "${name}" crashed`, Cause.die(defect))
      )
    )

  /** None waits for another one's start, nor does a start end with the link that told of it. */
  const startSoon = (name: string) =>
    Either.match(decodeName(name), {
      onLeft: () => Effect.logWarning(`Cannot listen to the created instance "${name}": its name`),
      onRight: (valid) =>
        Effect.flatMap(Clock.currentTimeMillis, (since) =>
          Effect.forkIn(start(valid, since), scope)
        )
    }).pipe(Effect.annotateLogs("instance", name))

  yield* keep(
    yield* Pacing,
    () => Effect.void,
    ({ established }) =>
      Effect.gen(function* () {
        const created = yield* source.created
        yield* established
        yield* Stream.runForEach(
          Stream.filter(created, (name) => !isTrial(name)),
          startSoon
        )
      })
  )
})

const decodeName = Schema.decodeEither(InstanceName)

/** Unless `AUTO_START` is off. Holds the shared connection open even while nobody listens. */
export const layer = Layer.unwrapEffect(
  Effect.map(AppConfig.autoStart, (on) =>
    Layer.scopedDiscard(on ? loop("watch for created instances", watch) : Effect.void)
  )
)
