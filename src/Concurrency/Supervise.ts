/**
 * Supervision of background loops, after Erlang/OTP: a defect restarts its loop, and a loop that goes on
 * crashing ends the program.
 */
import { Context, Data, Deferred, Effect, type Fiber, FiberId, Schedule, type Scope } from "effect"
import * as CheaperEffect from "./CheaperEffect.ts"

/** A defect restarts its fiber at most five times in a minute. */
export const restartIntensity = Schedule.exponential("100 millis").pipe(
  Schedule.intersect(Schedule.recurs(5)),
  Schedule.resetAfter("1 minute")
)

/** A background loop has crashed more often than `restartIntensity` allows. */
export class LoopCrashed extends Data.TaggedError("LoopCrashed")<{
  readonly loop: string
  readonly message: string
}> {}

/**
 * Fails with the first loop that is beyond help. The program awaits it, and so should a program that
 * embeds the service: without that loop the service is not whole.
 */
export class Escalation extends Context.Reference<Escalation>()("evolution-listener/Escalation", {
  defaultValue: () => Deferred.unsafeMake<never, LoopCrashed>(FiberId.none)
}) {}

/** Runs a loop in the background until the scope closes. A loop that returns has ended and is not restarted. */
export const loop = <R>(
  name: string,
  body: Effect.Effect<unknown, never, R>
): Effect.Effect<Fiber.RuntimeFiber<unknown>, never, R | Scope.Scope> =>
  body.pipe(
    Effect.sandbox,
    Effect.tapError((cause) => Effect.logError(`The ${name} crashed`, cause)),
    // Ten thousand links have a loop each, and few ever crash.
    (attempt) => CheaperEffect.retry(attempt, { schedule: restartIntensity, while: () => true }),
    Effect.catchAll(() =>
      Effect.flatMap(Escalation, (escalation) =>
        Deferred.fail(
          escalation,
          new LoopCrashed({
            loop: name,
            message: `The ${name} keeps crashing: see the log, restart the service and report the bug`
          })
        )
      )
    ),
    Effect.forkScoped
  )
