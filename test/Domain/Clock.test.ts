import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { monotonicOf, wallOf } from "../../src/Domain/Clock.ts"

describe("the two clocks", () => {
  it.effect("count milliseconds, each from its own beginning", () =>
    Effect.gen(function* () {
      const clock = yield* Effect.clock
      const [wall, monotonic] = [wallOf(clock), monotonicOf(clock)]
      yield* TestClock.setTime(1_700_000_000_000)
      expect(wall()).toBe(1_700_000_000_000)
      const before = monotonic()
      yield* TestClock.adjust("1500 millis")
      expect(wall()).toBe(1_700_000_001_500)
      expect(monotonic() - before).toBe(1_500)
    })
  )

  it.effect("the monotonic clock gives whole milliseconds", () =>
    Effect.gen(function* () {
      const clock = yield* Effect.clock
      const precise = { ...clock, unsafeCurrentTimeNanos: () => 1_999_999n }
      expect(monotonicOf(precise)()).toBe(1)
    })
  )
})
