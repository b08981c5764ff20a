/**
 * So many at once, the others in their turn. `Effect.makeSemaphore` wakes all who wait whenever one
 * leaves, and each that has to wait again does so on a deeper stack: with a few thousand listeners
 * that is gigabytes.
 */
import { Effect } from "effect"

export interface Turnstile {
  /** Runs an effect when its turn has come. */
  readonly through: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Waits until nobody is in there, or waits for it. */
  readonly deserted: Effect.Effect<void>
}

/** Admitted, or one of those who wait. */
interface Visitor {
  isIn: boolean
  admit: (() => void) | undefined
}

export const make = (places: number): Turnstile => {
  const waiting = new Set<Visitor>()
  const onlookers = new Set<() => void>()
  let free = places

  const enter = (visitor: Visitor) =>
    Effect.async<void>((resume) => {
      if (free > 0) {
        free--
        visitor.isIn = true
        return resume(Effect.void)
      }
      visitor.admit = () => resume(Effect.void)
      waiting.add(visitor)
    })

  const leave = (visitor: Visitor) => {
    if (!visitor.isIn) return void waiting.delete(visitor)
    const [next] = waiting
    if (next === undefined) {
      if (++free < places) return
      for (const tell of onlookers) tell()
      return onlookers.clear()
    }
    waiting.delete(next)
    next.isIn = true
    next.admit?.()
  }

  return {
    deserted: Effect.async((resume) => {
      if (free === places) return resume(Effect.void)
      const tell = () => resume(Effect.void)
      onlookers.add(tell)
      return Effect.sync(() => onlookers.delete(tell))
    }),
    through: (effect) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.suspend(() => {
          const visitor: Visitor = { isIn: false, admit: undefined }
          return restore(enter(visitor)).pipe(
            Effect.zipRight(restore(effect)),
            // Somebody may be admitted and leave before he knows.
            Effect.ensuring(Effect.sync(() => leave(visitor)))
          )
        })
      )
  }
}
