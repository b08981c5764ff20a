/**
 * How often readers are served. Each time costs a write for each of them; together they may take a
 * share of the time and no more, so that what a thousand of them are given comes in few large pieces,
 * while what a few are given does not wait.
 */
import { Duration, Effect } from "effect"

export interface PaceOptions {
  /** Part of the time, from 0 to 1, that serving may take for good. */
  readonly share: number
  /** What of it can be saved up for when there is more to do at once. */
  readonly savings: Duration.Duration
  /** Nobody waits longer, whatever it costs. */
  readonly longest: Duration.Duration
}

/** Serves when it is woken, in the surrounding scope. */
export const make = (serve: Effect.Effect<void>, options: PaceOptions) =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const now = () => Number(clock.unsafeCurrentTimeNanos()) / 1e6
    const savings = Duration.toMillis(options.savings)
    const longest = Duration.toMillis(options.longest)
    const isDue = yield* Effect.makeLatch(false)
    /** ms that serving may take now; less than none: too much was taken. */
    let credit = savings
    let last = now()

    const earn = (): number => {
      const at = now()
      credit = Math.min(savings, credit + (at - last) * options.share)
      last = at
      return at
    }
    const pause = Effect.suspend(() => {
      earn()
      return credit >= 0 ? Effect.void : Effect.sleep(Duration.millis(-credit / options.share))
    })
    const serving = Effect.suspend(() => {
      const began = earn()
      return Effect.map(serve, () => {
        credit = Math.max(credit - (now() - began), -longest * options.share)
      })
    })
    yield* isDue.await.pipe(
      Effect.zipRight(pause),
      Effect.zipRight(isDue.close),
      Effect.zipRight(serving),
      Effect.forever,
      Effect.forkScoped
    )
    return { wake: (): void => isDue.unsafeOpen() }
  })
