/**
 * How often readers are served. Each time costs a write for each of them; beyond a few, they may take a
 * share of the time together, and some of what nobody else wants. So what a thousand of them are given
 * comes in few large pieces, while what a few are given does not wait.
 */
import { Duration, Effect } from "effect"

export interface PaceOptions {
  /** So many are served at no charge: events that come fast are published by the hundred anyway. */
  readonly few: number
  /** The part of the time that serving may take for good, from 0 to 1. */
  readonly share: number
  /** And of the time in which there was nothing to do. */
  readonly shareOfIdle: number
  /** For how long there was nothing to do so far, in ms. */
  readonly idle: () => number
  /** How much of that may be saved up for when there is more to do at once. */
  readonly savings: Duration.Duration
  /** Nobody waits longer for their turn, whatever it costs. */
  readonly longest: Duration.Duration
}

/** How often it is looked whether there was idle time. */
const step = 10

/** Serves whenever it was woken and may, in the surrounding scope. `serve` gives how many it served. */
export const make = (serve: Effect.Effect<number>, options: PaceOptions) =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const now = () => Number(clock.unsafeCurrentTimeNanos()) / 1e6
    const savings = Duration.toMillis(options.savings)
    const longest = Duration.toMillis(options.longest)
    const isDue = yield* Effect.makeLatch(false)
    /** The ms that serving may take now; below 0 it has taken too many. */
    let credit = savings
    let [earned, idle, served] = [now(), options.idle(), now()]

    const earn = (): void => {
      const [at, idleNow] = [now(), options.idle()]
      const gain = (at - earned) * options.share + (idleNow - idle) * options.shareOfIdle
      credit = Math.min(savings, credit + gain)
      ;[earned, idle] = [at, idleNow]
    }
    const pause: Effect.Effect<void> = Effect.suspend(() => {
      earn()
      const left = Math.min(-credit / options.share, served + longest - earned)
      return left <= 0
        ? Effect.void
        : Effect.zipRight(Effect.sleep(Duration.millis(Math.min(left, step))), pause)
    })
    const serving = Effect.suspend(() => {
      const began = now()
      return Effect.map(serve, (count) => {
        served = now()
        const charged = Math.max(0, 1 - options.few / Math.max(1, count))
        credit = Math.max(0, credit) - (served - began) * charged
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
