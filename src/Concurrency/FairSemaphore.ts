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

interface Waiter {
  hasPermit: boolean
  admit: (() => void) | undefined
}

export const make = (permits: number): FairSemaphore => {
  const waiting = new Set<Waiter>()
  const idleListeners = new Set<() => void>()
  let free = permits

  const acquire = (waiter: Waiter) =>
    Effect.async<void>((resume) => {
      if (free > 0) {
        free--
        waiter.hasPermit = true
        return resume(Effect.void)
      }
      waiter.admit = () => resume(Effect.void)
      waiting.add(waiter)
    })

  const release = (waiter: Waiter) => {
    if (!waiter.hasPermit) return void waiting.delete(waiter)
    const [next] = waiting
    if (next === undefined) {
      if (++free < permits) return
      for (const notify of idleListeners) notify()
      return idleListeners.clear()
    }
    waiting.delete(next)
    next.hasPermit = true
    next.admit?.()
  }

  return {
    awaitIdle: Effect.async((resume) => {
      if (free === permits) return resume(Effect.void)
      const notify = () => resume(Effect.void)
      idleListeners.add(notify)
      return Effect.sync(() => idleListeners.delete(notify))
    }),
    withPermit: (effect) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.suspend(() => {
          const waiter: Waiter = { hasPermit: false, admit: undefined }
          return restore(acquire(waiter)).pipe(
            Effect.zipRight(restore(effect)),
            // Covers a waiter that was admitted and interrupted before it took its next step.
            Effect.ensuring(Effect.sync(() => release(waiter)))
          )
        })
      )
  }
}
