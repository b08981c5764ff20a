/**
 * Bounds the memory of answers with events: pages that callers have not taken yet, and pages that are being
 * read from the log. Callers wait for room in the order they came; a caller that goes on holding a page
 * while others wait is cut off.
 */
import { Context, Duration, Effect } from "effect"
import * as FairSemaphore from "../Concurrency/FairSemaphore.ts"

/** A page below this is not counted: a thousand of them are what may be held in all. */
const smallBytes = 16 * 1024

/** Pages may be read as long as fewer bytes are held. */
const maxBytes = 16 * 1024 * 1024

/** A caller may hold a page for this long while others wait for room. */
const patience = Duration.seconds(10)

interface Holder {
  /** The waits for room that had begun when it took its page. */
  readonly since: number
  readonly cut: () => void
}

const makeRoom = () => {
  const turns = FairSemaphore.make(1)
  /** The number of holders of each page; readers at one cursor share one. */
  const pages = new Map<Uint8Array, number>()
  const holders = new Set<Holder>()
  const waiting = new Set<() => void>()
  let held = 0
  let waits = 0

  const isFull = (): boolean => held >= maxBytes

  const released = Effect.async<void>((resume) => {
    const wake = () => resume(Effect.void)
    if (!isFull()) return wake()
    waiting.add(wake)
    return Effect.sync(() => waiting.delete(wake))
  })

  /** Cuts off all who have held a page since before a wait began. */
  const cutStalled = (wait: number): void => {
    for (const { cut, since } of [...holders]) if (since < wait) cut()
  }

  const awaitRoom: Effect.Effect<void> = Effect.suspend(() => {
    if (!isFull()) return Effect.void
    const wait = ++waits
    return released.pipe(
      Effect.timeoutTo({
        duration: patience,
        onSuccess: () => undefined,
        onTimeout: () => cutStalled(wait)
      }),
      Effect.zipRight(awaitRoom)
    )
  })

  return {
    isFull,
    /** Waits for room, and runs an effect that reads a page; one at a time. */
    turn: <A, E, R>(read: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      turns.withPermit(Effect.zipRight(awaitRoom, read)),
    /** Counts a page until the result is called. `cut`: ends the answer of its holder. */
    hold: (page: Uint8Array, cut: () => void): (() => void) => {
      if (page.length < smallBytes) return () => undefined
      const holder = { since: waits, cut }
      const count = pages.get(page) ?? 0
      pages.set(page, count + 1)
      holders.add(holder)
      if (count === 0) held += page.length
      return () => {
        if (!holders.delete(holder)) return
        const left = (pages.get(page) ?? 1) - 1
        if (left > 0) return void pages.set(page, left)
        pages.delete(page)
        held -= page.length
        if (isFull()) return
        for (const wake of waiting) wake()
        waiting.clear()
      }
    }
  }
}

/** One for the whole process, whose memory it bounds. */
export class Room extends Context.Reference<Room>()("evolution-listener/Room", {
  defaultValue: makeRoom
}) {}
