/**
 * Questions that cost Evolution seconds of its database, one at a time. Evolution goes on with a question
 * that nobody waits for any more, so asking again at once makes it slower.
 */
import { Duration, Effect, Exit, Schedule } from "effect"
import * as FairSemaphore from "../../Concurrency/FairSemaphore.ts"
import { monotonicOf } from "../../Domain/Clock.ts"
import type { EvolutionError } from "../../Domain/EvolutionError.ts"

/** The deadline of a question, in ms: at first and at least, and at most. */
export const shortest = 30_000
export const longest = 5 * 60_000

/** A failure that comes sooner is a hiccup: the same question is asked again. */
const hiccup = 2_000
/** For calls without side effects. It covers a hiccup; callers wait for the end of an outage. */
export const retryPolicy = Schedule.exponential("200 millis").pipe(
  Schedule.jittered,
  Schedule.intersect(Schedule.recurs(2))
)

/** An answer may take three times as long as the last one; a deadline that is not needed shrinks slowly. */
const afterAnswer = (deadline: number, took: number): number =>
  Math.min(longest, Math.max(shortest, 0.9 * deadline, 3 * took))

/** A proxy's own deadline passed: nginx, and Cloudflare. */
const isGaveUp = (error: EvolutionError): boolean =>
  error._tag === "EvolutionUnavailable" && (error.status === 504 || error.status === 524)

type Question<A> = (deadline: Duration.Duration) => Effect.Effect<A, EvolutionError>

export const make = () => {
  const turns = FairSemaphore.make(1)
  let deadline = shortest
  /** Evolution may be busy with an abandoned question until then, on the monotonic clock. */
  let busyUntil = Number.NEGATIVE_INFINITY
  const now = Effect.clockWith((clock) => Effect.sync(monotonicOf(clock)))

  const ask = <A>(question: Question<A>): Effect.Effect<A, EvolutionError> =>
    Effect.gen(function* () {
      const wait = busyUntil - (yield* now)
      if (wait > 0) yield* Effect.sleep(wait)
      const allowed = deadline
      const began = yield* now
      const took = Effect.map(now, (at) => at - began)
      return yield* Effect.suspend(() => question(Duration.millis(allowed))).pipe(
        Effect.retry({
          schedule: retryPolicy,
          while: (error) =>
            Effect.map(took, (millis) => error._tag === "EvolutionUnavailable" && millis < hiccup)
        }),
        Effect.tapError((error) =>
          Effect.map(took, (millis) => {
            if (millis < allowed && !isGaveUp(error)) return
            deadline = Math.min(longest, 2 * allowed)
            busyUntil = began + 2 * millis
          })
        ),
        Effect.onExit((exit) =>
          Effect.map(took, (millis) => {
            if (Exit.isSuccess(exit)) deadline = afterAnswer(deadline, millis)
            else if (Exit.isInterrupted(exit)) busyUntil = began + 2 * millis
          })
        )
      )
    })

  return { ask: <A>(question: Question<A>) => turns.withPermit(ask(question)) }
}
