import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, TestClock } from "effect"
import * as Pace from "../../../src/Http/Live/Pace.ts"
import { settle } from "../../Log/EventBus/MemoryLog.ts"

/** Something that takes `millis` to serve, and how often it was. */
const serving = (millis: number, { idlePerSecond = 0, readers = 1000 } = {}) =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    let count = 0
    const serve = Effect.suspend(() => {
      count++
      return millis === 0
        ? Effect.succeed(readers)
        : Effect.as(Effect.sleep(Duration.millis(millis)), readers)
    })
    const { wake } = yield* Pace.make(serve, {
      few: 10,
      share: 0.1,
      shareOfIdle: 0.5,
      idle: () => clock.unsafeCurrentTimeMillis() * (idlePerSecond / 1000),
      savings: Duration.millis(20),
      longest: Duration.seconds(1)
    })
    yield* settle
    /** There is always something to serve; gives how often it was. */
    const during = (duration: number) =>
      Effect.gen(function* () {
        const before = count
        for (let at = 0; at < duration; at += 5) {
          wake()
          yield* TestClock.adjust("5 millis")
        }
        return count - before
      })
    return { during, wake, served: () => count }
  })

describe("the pace at which readers are served", () => {
  it.scoped("lets nothing wait for a clock as long as serving takes next to no time", () =>
    Effect.gen(function* () {
      const { served, wake } = yield* serving(0)
      for (let turn = 1; turn <= 100; turn++) {
        wake()
        yield* settle
        expect(served()).toBe(turn)
      }
    })
  )

  it.scoped("serves nobody who does not wake it, and once whoever wakes it many times", () =>
    Effect.gen(function* () {
      const { served, wake } = yield* serving(0)
      yield* TestClock.adjust("1 minute")
      expect(served()).toBe(0)
      for (let turn = 0; turn < 10; turn++) wake()
      yield* settle
      expect(served()).toBe(1)
    })
  )

  it.scoped("takes its share of the time, and no more", () =>
    Effect.gen(function* () {
      const { during } = yield* serving(25)
      yield* during(500) // it has spent its savings
      const count = yield* during(2500)
      expect(count).toBeGreaterThanOrEqual(9)
      expect(count).toBeLessThanOrEqual(10)
    })
  )

  it.scoped("charges nothing for a few", () =>
    Effect.gen(function* () {
      const { during } = yield* serving(25, { readers: 10 })
      expect(yield* during(1000)).toBeGreaterThanOrEqual(33) // at each 30 ms, as it is woken
    })
  )

  it.scoped("takes more where there is nothing else to do", () =>
    Effect.gen(function* () {
      const { during } = yield* serving(25, { idlePerSecond: 400 })
      yield* during(500)
      // 0.1 + 0.5 * 0.4 of the time.
      expect(yield* during(2500)).toBeGreaterThan(25)
    })
  )

  it.scoped("does not wait longer than it may, however much it took", () =>
    Effect.gen(function* () {
      const { during } = yield* serving(1000)
      expect(yield* during(5500)).toBe(3)
    })
  )
})
