/** Paces with doubles around them, and the sessions' ends that they are told of. */
import { Clock, Context, DateTime, Effect, Layer, TestClock } from "effect"
import { ConnectionLost } from "../../../src/Domain/LinkError.ts"
import type { SessionError } from "../../../src/Domain/ListenerState.ts"
import { Upstream } from "../../../src/Evolution/Upstream.ts"
import { type Failure, type Pace, Pacing, type Plan } from "../../../src/Listening/Pacing.ts"
import { sourceOf } from "../../support/doubles.ts"

export const lost = ConnectionLost.of(1006, "")

/** An attempt that failed, a link that was lost soon, and one that had held. */
export const neverUp = (error: SessionError = lost): Failure => ({
  error,
  wasUp: false,
  wasStable: false
})
export const shortlyUp: Failure = { error: lost, wasUp: true, wasStable: false }
export const stableUp: Failure = { error: lost, wasUp: true, wasStable: true }

export const pacing = ({ awaitReturn = Effect.never as Effect.Effect<void>, isShared = false }) =>
  Effect.map(
    Layer.build(
      Pacing.layer.pipe(
        Layer.provide(sourceOf({ isShared })),
        Layer.provide(Layer.succeed(Upstream, { awaitReturn }))
      )
    ),
    Context.get(Pacing)
  )

/** Somebody who waits: what he was told, and when he was through. */
export interface Waiter {
  plan: Plan | undefined
  /** How long he was told that he would wait, in ms. */
  planned: number
  /** When his wait was over, in ms since 1970; `undefined`: it is not. */
  dialledAt: number | undefined
}

/** Waits in the background; comes back once the plan is told. */
export const waiting = (pace: Pace, failure: Failure) =>
  Effect.gen(function* () {
    const since = yield* Clock.currentTimeMillis
    const waiter: Waiter = { plan: undefined, planned: Number.NaN, dialledAt: undefined }
    const tell = (plan: Plan) =>
      Effect.sync(() => {
        waiter.plan = plan
        waiter.planned = DateTime.toEpochMillis(plan.nextAttempt) - since
      })
    const fiber = yield* pace.wait(failure, tell).pipe(
      Effect.zipRight(Clock.currentTimeMillis),
      Effect.tap((now) =>
        Effect.sync(() => {
          waiter.dialledAt = now
        })
      ),
      Effect.fork
    )
    yield* TestClock.adjust(0)
    return Object.assign(waiter, { fiber })
  })

/** Waits until it is through, and says how long that was. */
export const passed = (pace: Pace, failure: Failure) =>
  Effect.gen(function* () {
    const waiter = yield* waiting(pace, failure)
    // The plan has whole milliseconds.
    yield* TestClock.adjust(waiter.planned + 1)
    return waiter
  })
