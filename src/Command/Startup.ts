/** Start and end of the program, and the words for a failed start. */
import { constants } from "node:os"
import {
  Cause,
  ConfigError,
  Console,
  Deferred,
  Effect,
  Exit,
  Fiber,
  Layer,
  Predicate
} from "effect"
import * as AppConfig from "../AppConfig.ts"
import * as StopPlan from "../Concurrency/StopPlan.ts"
import { Escalation } from "../Concurrency/Supervise.ts"
import type { Scrub } from "../Domain/Scrub.ts"
import * as Secrets from "../Telemetry/Secrets.ts"

/**
 * Runs a layer until interrupted. Fails with `LoopCrashed` when a background loop is beyond help. Its end takes
 * 4.8 s at the most.
 */
export const launch = <E, R>(program: Layer.Layer<never, E, R>) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const running = yield* Effect.forkDaemon(restore(Layer.launch(program)))
      const stop = Fiber.interrupt(running).pipe(
        Effect.interruptible,
        Effect.timeoutFail({ duration: StopPlan.budget, onTimeout: () => "late" }),
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
