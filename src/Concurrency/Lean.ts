/** Of Effect's operators, those that cost much where there are thousands: the same, at a lower price. */
import { Effect, type Schedule, Scope } from "effect"

/** `Effect.acquireRelease`; but what is kept for the scope's end is the release and nothing else. */
export const acquireRelease = <A, R>(
  acquire: Effect.Effect<A, never, R>,
  release: (acquired: A) => Effect.Effect<void>
): Effect.Effect<A, never, R | Scope.Scope> =>
  Effect.uninterruptible(
    Effect.flatMap(Effect.scope, (scope) =>
      Effect.tap(acquire, (acquired) => Scope.addFinalizer(scope, release(acquired)))
    )
  )

/** `Effect.retry`; but what retries begins with the first failure, and most never see one. */
export const retry = <A, E, R>(
  attempt: Effect.Effect<A, E, R>,
  options: {
    readonly schedule: Schedule.Schedule<unknown, E>
    readonly while: (error: E) => boolean
  }
): Effect.Effect<A, E, R> =>
  Effect.catchAll(attempt, (first) => {
    let next: typeof attempt = Effect.fail(first)
    const again = Effect.suspend(() => {
      const now = next
      next = attempt
      return now
    })
    return Effect.retry(again, options)
  })
