import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Option, TestClock } from "effect"
import { makeLine, ofKilobytes, settle } from "./Line.ts"

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

/** A fiber may have to let others run after any step: here, after the one so many steps before it. */
const interrupted = (effect: Effect.Effect<void>, steps: number) =>
  Effect.withMaxOpsBeforeYield(
    numbers(steps).reduce((rest) => Effect.zipRight(Effect.void, rest), effect),
    50
  )

describe("A caller that waits for room in the backlog", () => {
  it.effect(
    "is admitted when the last commit makes room just after its check",
    () =>
      Effect.gen(function* () {
        for (const steps of numbers(50))
          for (const turns of numbers(6)) {
            const test = Effect.gen(function* () {
              const { bring, open } = yield* makeLine({ maxBytes: 1 })
              yield* open.close
              yield* bring(ofKilobytes(1))
              yield* settle
              const bringing = yield* Effect.fork(interrupted(bring(ofKilobytes(1)), steps))
              yield* Effect.replicateEffect(Effect.yieldNow(), turns)
              yield* open.open
              yield* settle
              const isIn = Option.isSome(yield* Fiber.poll(bringing))
              expect(isIn, `${steps} steps, ${turns} turns`).toBe(true)
            })
            yield* Effect.scoped(test)
          }
      }),
    30_000
  )

  it.scoped.each([
    ["bytes", { maxBytes: 1 }],
    ["age", { maxAge: "1 minute" }]
  ] as const)("no longer counts as waiting after an interruption (bound: %s)", ([, bounds]) =>
    Effect.gen(function* () {
      const { backlog, bring, open } = yield* makeLine(bounds)
      yield* open.close
      yield* bring(ofKilobytes(1))
      yield* TestClock.adjust("2 minutes")
      const bringing = yield* Effect.fork(bring(ofKilobytes(1)))
      yield* settle
      expect(yield* backlog.fullSince).toBeDefined()
      yield* Fiber.interrupt(bringing)
      yield* open.open
      yield* settle
      expect(yield* backlog.fullSince).toBeUndefined()
    })
  )
})
