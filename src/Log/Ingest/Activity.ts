/** When the writer last did something, so that one that is stuck is told from one that waits. */
import { Duration, Effect } from "effect"

export const make = Effect.map(Effect.clock, (clock) => {
  // On the clock that does not jump.
  let last = clock.unsafeCurrentTimeNanos()
  let tries = 0
  const note = () => {
    last = clock.unsafeCurrentTimeNanos()
  }
  return {
    /** There is something to do from now on. */
    note,
    /** As long as a try lasts, the writer is not idle: it is the database that is slow. */
    trying: <A, E, R>(attempt: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          tries++
        }),
        () => attempt,
        () =>
          Effect.sync(() => {
            tries--
            note()
          })
      ),
    idle: (): Duration.Duration =>
      tries > 0 ? Duration.zero : Duration.nanos(clock.unsafeCurrentTimeNanos() - last)
  }
})
