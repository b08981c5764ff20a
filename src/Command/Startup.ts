/** What a program around the service needs: how it logs, how it ends, and how it says why it did not start. */
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
  Logger,
  Predicate
} from "effect"
import * as AppConfig from "../AppConfig.ts"
import { Escalation } from "../Concurrency/Supervise.ts"
import type { Scrub } from "../Domain/Scrub.ts"
import * as Loggers from "../Telemetry/Loggers.ts"
import * as Secrets from "../Telemetry/Secrets.ts"

/** Pretty on a terminal, JSON lines anywhere else, from `LOG_LEVEL` on. */
export const logging = Layer.unwrapEffect(
  Effect.map(Effect.all([AppConfig.logLevel, Secrets.scrub]), ([level, scrub]) => {
    const logger = process.stdout.isTTY === true ? Loggers.pretty : Loggers.json
    return Layer.merge(
      Logger.replace(Logger.defaultLogger, logger(scrub)),
      Logger.minimumLogLevel(level)
    )
  })
)

/**
 * Each part bounds its own end; but a database that does not answer, not even when told to forget the
 * question, can hold up all of them, one after the other.
 */
const stopTimeout = Duration.millis(4800)

/**
 * Runs a layer until interrupted, once everything in the environment is right. Fails with `LoopCrashed`
 * when a background loop is beyond help. Its end is bounded in time.
 */
export const launch = <E, R>(program: Layer.Layer<never, E, R>) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      yield* restore(AppConfig.everything)
      const running = yield* Effect.forkDaemon(restore(Layer.launch(program)))
      const stop = Fiber.interrupt(running).pipe(
        Effect.interruptible,
        Effect.timeoutFail({ duration: stopTimeout, onTimeout: () => "late" }),
        Effect.catchAll(() => Console.error("evolution-listener: Stopped, waiting no longer"))
      )
      const crashed = Effect.flatMap(Escalation, Deferred.await)
      return yield* restore(Effect.raceFirst(Fiber.join(running), crashed)).pipe(
        Effect.onExit((exit) => (Exit.isFailure(exit) ? stop : Effect.void))
      )
    })
  )

/**
 * The first signal is the program's own affair, the second ends it. Without a handler it would, too,
 * but for the first process of a container, which the kernel spares.
 */
export const endOnSecondSignal = (): void => {
  let told = 0
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      if (++told > 1) process.exit(128 + constants.signals[signal])
    })
}

/** Says why a program ended by itself, a line for each thing that is wrong. */
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
  // What we foresaw has a message for the reader; anything else needs its stack.
  return Cause.isFailure(cause) && error instanceof Error
    ? [scrub.blot(error.message)]
    : [scrub.words(Cause.pretty(cause))]
}

const causeOf = (error: object): string =>
  Predicate.hasProperty(error, "cause") && error.cause instanceof Error
    ? error.cause.message
    : "unknown reason"
