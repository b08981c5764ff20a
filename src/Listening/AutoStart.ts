/** Starts a listener for every instance that is created at Evolution while the shared link is up. */
import { Cause, Clock, Effect, Either, Layer, Schema, Scope, Stream } from "effect"
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

/** A start is a row in the database: without the database it has to wait. */
const retryPolicy = untilBack("200 millis")

const watch = Effect.gen(function* () {
  const source = yield* EventSource
  const registry = yield* ListenerRegistry
  const ledger = yield* GapLedger
  const scope = yield* Effect.scope

  const start = (name: InstanceName, since: number) =>
    registry.start(name).pipe(
      Effect.tapError((error) =>
        // The link holds the instance's events for a listener, but within bounds.
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

  /** Starts run side by side, and do not end with the link that announced them. */
  const startSoon = (name: string) =>
    Either.match(decodeName(name), {
      onLeft: () =>
        Effect.logWarning(
          `Cannot listen to the created instance "${name}": its name is not valid here`
        ),
      onRight: (valid) =>
        Effect.flatMap(Clock.currentTimeMillis, (since) =>
          Effect.forkIn(start(valid, since), scope)
        )
    }).pipe(Effect.annotateLogs("instance", name))

  yield* keep(
    yield* Pacing,
    () => Effect.void,
    ({ established }, scope) =>
      Effect.gen(function* () {
        const created = yield* Scope.extend(source.created, scope)
        yield* established
        yield* Stream.runForEach(
          Stream.filter(created, (name) => !isTrial(name)),
          startSoon
        )
      })
  )
})

const decodeName = Schema.decodeEither(InstanceName)

/** Runs unless `AUTO_START` is off. Holds the shared link open even while no instance has a listener. */
export const layer = Layer.unwrapEffect(
  Effect.map(AppConfig.autoStart, (on) =>
    Layer.scopedDiscard(on ? loop("watch for created instances", watch) : Effect.void)
  )
)
