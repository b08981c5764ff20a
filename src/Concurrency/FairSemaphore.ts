/**
 * A semaphore that admits waiters in the order they came, one for each permit that is released.
 *
 * `Effect.makeSemaphore` (3.22) wakes all waiters on each release; each one that loses waits again on a
 * deeper stack: gigabytes with a few thousand listeners. `Effect.PartitionedSemaphore` hands permits over
 * in order, but loses one when its fiber is interrupted between admission and its next step.
 * Effect v4 has a new `Semaphore`: delete this module then.
 */
import { Effect } from "effect"

export interface FairSemaphore {
  /** Runs an effect with one permit. */
  readonly withPermit: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Waits until no permit is taken and no effect waits for one. */
  readonly awaitIdle: Effect.Effect<void>
}

export const make = (permits: number): FairSemaphore => {
  const holders = new Set<symbol>()
  const waiting = new Map<symbol, () => void>()
  const idle = Effect.unsafeMakeLatch(true)

  const acquire = (caller: symbol) =>
    Effect.async<void>((resume) => {
      const admit = () => {
        waiting.delete(caller)
        idle.unsafeClose()
        holders.add(caller)
        resume(Effect.void)
      }
      if (holders.size < permits) admit()
      else waiting.set(caller, admit)
    })

  const release = (caller: symbol) => {
    waiting.delete(caller)
    if (!holders.delete(caller)) return
    const [admitNext] = waiting.values()
    admitNext?.()
    if (holders.size === 0) idle.unsafeOpen()
  }

  return {
    awaitIdle: idle.await,
    withPermit: (effect) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.suspend(() => {
          const caller = Symbol()
          return restore(acquire(caller)).pipe(
            Effect.zipRight(restore(effect)),
            // Covers a caller that was admitted and interrupted before it took its next step.
            Effect.ensuring(Effect.sync(() => release(caller)))
          )
        })
      )
  }
}
