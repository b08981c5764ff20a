/** Paces over doubles, and the session failures that tests report to them. */
import { Clock, Context, DateTime, Effect, Layer, TestClock } from "effect"
import { ConnectionLost } from "../../../src/Domain/LinkError.ts"
import type { SessionError } from "../../../src/Domain/ListenerState.ts"
import { Upstream } from "../../../src/Evolution/Upstream.ts"
import { type Failure, type Pace, Pacing, type Plan } from "../../../src/Listening/Pacing.ts"
import { sourceOf } from "../../support/doubles.ts"

export const lost = ConnectionLost.of(1006, "")

/** A failed attempt; `shortlyUp` is a link lost before it settled, `stableUp` one lost after. */
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

/** A waiting listener: the plan it received and the time its wait ended. */
export interface Waiter {
  plan: Plan | undefined
  /** Announced length of the wait, in ms. */
  planned: number
  /** End of the wait in ms since 1970 UTC; `undefined` while it waits. */
  dialledAt: number | undefined
}

/** Waits in a forked fiber; returns once the plan is announced. */
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

/** Waits until the wait has ended. */
export const passed = (pace: Pace, failure: Failure) =>
  Effect.gen(function* () {
    const waiter = yield* waiting(pace, failure)
    // The plan has whole milliseconds.
    yield* TestClock.adjust(waiter.planned + 1)
    return waiter
  })
