/** Start and end of the program, and the words for a failed start. */
import { constants } from "node:os"
import {
  Cause,
  ConfigError,
  Console,
  Deferred,
  Duration,
  Effect,
  Exit,
  Fiber,
  Layer,
  Option,
  Predicate
} from "effect"
import * as AppConfig from "../AppConfig.ts"
import { Ownership } from "../Cluster/Ownership.ts"
import * as StopPlan from "../Concurrency/StopPlan.ts"
import { Escalation } from "../Concurrency/Supervise.ts"
import type { Scrub } from "../Domain/Scrub.ts"
import * as Secrets from "../Telemetry/Secrets.ts"

/**
 * One of several replicas gives its servers to the others before anything of the layer stops, so that somebody
 * listens to them all along, and answers requests about them.
 */
export const leavingFirst = <A, E, R>(service: Layer.Layer<A, E, R>) =>
  Layer.scopedDiscard(
    Effect.flatMap(Ownership, ({ isAlone, leave }) =>
      Effect.addFinalizer(() =>
        leave.pipe(
          Effect.disconnect,
          Effect.interruptible,
          Effect.timeoutOption(StopPlan.leaving),
          Effect.unless(() => isAlone)
        )
      )
    )
  ).pipe(Layer.provideMerge(service))

/** The time that the program's own end may take: 4.8 s, and 6 s more for one of several replicas. */
export const stopWithin = Effect.map(AppConfig.cluster, (cluster) =>
  Duration.sum(StopPlan.budget, Option.isSome(cluster) ? StopPlan.leaving : Duration.zero)
)

/**
 * Runs a layer until interrupted. Fails with `LoopCrashed` when a background loop is beyond help. Its end takes
 * no longer than `within`, by default 4.8 s.
 */
export const launch = <E, R>(
  program: Layer.Layer<never, E, R>,
  within: Duration.Duration = StopPlan.budget
) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const running = yield* Effect.forkDaemon(restore(Layer.launch(program)))
      const stop = Fiber.interrupt(running).pipe(
        Effect.interruptible,
        Effect.timeoutFail({ duration: within, onTimeout: () => "late" }),
        Effect.catchAll(() => Console.error("evolution-listener: Stopped, waiting no longer"))
      )
      const crashed = Effect.flatMap(Escalation, Deferred.await)
      return yield* restore(Effect.raceFirst(Fiber.join(running), crashed)).pipe(
        Effect.onExit((exit) => (Exit.isFailure(exit) ? stop : Effect.void))
      )
    })
  )

/**
 * Ends the process at the second signal; the first one begins an orderly stop. Without a handler the
 * kernel would ignore the signal for the first process of a container.
 */
export const endOnSecondSignal = (): void => {
  let received = 0
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      if (++received > 1) process.exit(128 + constants.signals[signal])
    })
}

/** Prints the reasons why a program ended by itself, one a line. */
export const explainFailure = <A, E, R>(program: Effect.Effect<A, E, R>) =>
  Effect.tapErrorCause(program, (cause) =>
    Cause.isInterruptedOnly(cause)
      ? Effect.void
      : Effect.flatMap(
          Effect.orElse(Secrets.scrub, () => Effect.map(Secrets.Secrets, ({ scrub }) => scrub)),
          (scrub) =>
            Effect.forEach(explain(cause, scrub), (line) =>
              Console.error(`evolution-listener: ${line}`)
            )
        )
  )

const explain = (cause: Cause.Cause<unknown>, scrub: Scrub): ReadonlyArray<string> => {
  const error = Cause.squash(cause)
  if (ConfigError.isConfigError(error)) return AppConfig.explain(error)
  if (Predicate.isTagged(error, "ServeError"))
    return [`Cannot serve HTTP on HOST and PORT: ${causeOf(error)}`]
  // Expected errors have a message for the reader; a defect needs its stack.
  return Cause.isFailure(cause) && error instanceof Error
    ? [scrub.blot(error.message)]
    : [scrub.words(Cause.pretty(cause))]
}

const causeOf = (error: object): string =>
  Predicate.hasProperty(error, "cause") && error.cause instanceof Error
    ? error.cause.message
    : "unknown reason"
