/** Wakes lanes when the time of their next attempt has come. */
import { Clock, Effect, type Scope } from "effect"
import { loop } from "../../Concurrency/Supervise.ts"
import { monotonicOf } from "../../Domain/Clock.ts"
import type { Lane } from "./Lane.ts"

export interface Agenda {
  /** `inMs`: from now on. */
  readonly put: (lane: Lane, inMs: number) => void
}

export const make = (wake: (lane: Lane) => void): Effect.Effect<Agenda, never, Scope.Scope> =>
  Effect.gen(function* () {
    const now = monotonicOf(yield* Clock.clockWith(Effect.succeed))
    const dueAt = new Map<Lane, number>()
    const changed = yield* Effect.makeLatch(false)
    const wakeDue = Effect.suspend(() => {
      changed.unsafeClose()
      let next = Number.POSITIVE_INFINITY
      for (const [lane, at] of dueAt)
        if (at > now()) next = Math.min(next, at)
        else {
          dueAt.delete(lane)
          wake(lane)
        }
      return next === Number.POSITIVE_INFINITY
        ? changed.await
        : Effect.timeoutOption(changed.await, next - now())
    })
    yield* loop("agenda of deliveries", Effect.forever(wakeDue))
    return {
      put: (lane, inMs) => {
        dueAt.set(lane, now() + inMs)
        changed.unsafeOpen()
      }
    }
  })
