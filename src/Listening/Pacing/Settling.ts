/** Waits until links have held for a while: one fiber for all of them, as each waits equally long. */
import { Cause, Clock, Duration, Effect, Queue } from "effect"

interface Due {
  readonly at: number
  readonly then: Effect.Effect<void>
}

/** What it makes runs an effect so long after it was brought. */
export const make = (after: Duration.Duration) =>
  Effect.gen(function* () {
    const most = Duration.toMillis(after)
    const queue = yield* Queue.unbounded<Due>()
    /** A wall clock may have been set meanwhile. */
    const wait = (at: number) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Effect.sleep(Math.min(Math.max(0, at - now), most))
      )
    yield* Queue.take(queue).pipe(
      Effect.flatMap(({ at, then }) => Effect.zipRight(wait(at), then)),
      Effect.catchAllDefect((defect) =>
        Effect.logError("Cannot tell of a link that has settled", Cause.die(defect))
      ),
      Effect.forever,
      Effect.forkScoped
    )
    return (then: Effect.Effect<void>) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Effect.asVoid(Queue.offer(queue, { at: now + most, then }))
      )
  })
