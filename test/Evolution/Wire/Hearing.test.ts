import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import * as InFlight from "../../../src/Concurrency/InFlight.ts"
import { monotonicOf, wallOf } from "../../../src/Domain/Clock.ts"
import * as Hearing from "../../../src/Evolution/Wire/Hearing.ts"

describe("the two clocks", () => {
  it.effect("both clocks count milliseconds", () =>
    Effect.gen(function* () {
      const clock = yield* Effect.clock
      const [now, ticks] = [wallOf(clock), monotonicOf(clock)]
      const [wall, monotonic] = [now(), ticks()]
      yield* TestClock.adjust("1500 millis")
      expect([now() - wall, ticks() - monotonic]).toEqual([1500, 1500])
    })
  )

  it.effect("one clock does not compile in the place of the other", () =>
    Effect.gen(function* () {
      const clock = yield* Effect.clock
      const [now, ticks] = [wallOf(clock), monotonicOf(clock)]
      const inFlight = InFlight.make()
      // @ts-expect-error the compiler tells the clocks apart
      const swapped = Hearing.make(ticks, now, inFlight)
      expect(swapped.heard()).toEqual(Hearing.make(now, ticks, inFlight).heard())
    })
  )
})
