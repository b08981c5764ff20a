/** Wakes lanes when the time of their next attempt has come. */
import { Clock, Effect } from "effect"
import { monotonicOf } from "../../Domain/Clock.ts"
import type { Lane } from "./Lane.ts"

export interface Agenda {
  /** `inMs`: from now on. */
  readonly put: (lane: Lane, inMs: number) => void
}

/** `start` runs a fiber, which ends when no lane waits: most endpoints have none that does. */
export const make = (
  wake: (lane: Lane) => void,
  start: (fiber: Effect.Effect<void>) => unknown
): Effect.Effect<Agenda> =>
  Effect.gen(function* () {
    const now = monotonicOf(yield* Clock.clockWith(Effect.succeed))
    const dueAt = new Map<Lane, number>()
    const changed = yield* Effect.makeLatch(false)
    let isRunning = false

    const wakeDue = Effect.suspend(() => {
      changed.unsafeClose()
      let next = Number.POSITIVE_INFINITY
      for (const [lane, at] of dueAt)
        if (at > now()) next = Math.min(next, at)
        else {
          dueAt.delete(lane)
          wake(lane)
        }
      isRunning = dueAt.size > 0
      return isRunning
        ? Effect.as(Effect.timeoutOption(changed.await, next - now()), true)
        : Effect.succeed(false)
    })
    const run = Effect.asVoid(Effect.repeat(wakeDue, { while: (more) => more }))

    return {
      put: (lane, inMs) => {
        dueAt.set(lane, now() + inMs)
        changed.unsafeOpen()
        if (isRunning) return
        isRunning = true
        start(run)
      }
    }
  })
