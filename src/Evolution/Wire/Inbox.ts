/** What came off a socket and is not read yet: many put in, one takes all of it at once. */
import { Effect } from "effect"

export interface Inbox<A, E> {
  readonly size: () => number
  readonly put: (item: A) => void
  /** Takes nothing in any more; whoever reads comes to this end after what is there. */
  readonly end: (end: Effect.Effect<never, E>) => void
  readonly isOver: () => boolean
  /** Waits until there is something. */
  readonly takeAll: Effect.Effect<ReadonlyArray<A>, E>
}

export const make = <A, E>(): Inbox<A, E> => {
  let items: Array<A> = []
  let end: Effect.Effect<never, E> | undefined
  let wake: (() => void) | undefined

  const isEmpty = () => items.length === 0 && end === undefined
  const awaken = () => {
    const reader = wake
    wake = undefined
    reader?.()
  }

  const takeAll: Effect.Effect<ReadonlyArray<A>, E> = Effect.suspend(() => {
    if (items.length === 0) return end ?? Effect.zipRight(something, takeAll)
    const taken = items
    items = []
    return Effect.succeed(taken)
  })
  const something = Effect.async<void>((resume) => {
    if (!isEmpty()) return resume(Effect.void)
    wake = () => resume(Effect.void)
  })

  return {
    size: () => items.length,
    put: (item) => {
      if (end !== undefined) return
      items.push(item)
      awaken()
    },
    end: (exit) => {
      end ??= exit
      awaken()
    },
    isOver: () => end !== undefined,
    takeAll
  }
}
