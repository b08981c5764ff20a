import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Random, TestClock } from "effect"
import { EvolutionUnavailable } from "../../../src/Domain/EvolutionError.ts"
import * as Heavy from "../../../src/Evolution/EvolutionClient/Heavy.ts"

const timedOut = new EvolutionUnavailable({ message: "too slow", status: null })

/** A gate, and what its questions did: when they were asked, with which deadline, how many at once. */
const makeGate = () => {
  const gate = Heavy.make()
  const asked: Array<{ readonly at: number; readonly deadline: number }> = []
  const running = { now: 0, most: 0 }
  /** A question that Evolution answers after so many seconds. */
  const ask = (seconds: number, error: EvolutionUnavailable = timedOut) =>
    gate.ask((deadline) =>
      Effect.gen(function* () {
        const at = (yield* Effect.clock).unsafeCurrentTimeMillis() / 1000
        asked.push({ at, deadline: Duration.toSeconds(deadline) })
        running.most = Math.max(running.most, ++running.now)
        yield* Effect.sleep(Duration.seconds(seconds))
      }).pipe(
        Effect.timeoutFail({ duration: deadline, onTimeout: () => error }),
        Effect.ensuring(Effect.sync(() => running.now--))
      )
    )
  return { ask, asked, running }
}

const settled = <A, E>(effect: Effect.Effect<A, E>) => Effect.fork(Effect.either(effect))

describe("A heavy question", () => {
  // EvolutionAPI/evolution-api#1441, #94: seconds for one page of messages on a loaded server
  it.effect.each([0, 9, 12, 25, 29])("is waited for when the answer takes %i s", (seconds) =>
    Effect.gen(function* () {
      const { ask, asked } = makeGate()
      const fiber = yield* settled(ask(seconds))
      yield* TestClock.adjust(Duration.seconds(seconds))
      expect((yield* Fiber.join(fiber))._tag).toBe("Right")
      expect(asked).toHaveLength(1)
    })
  )

  it.effect("is asked alone", () =>
    Effect.gen(function* () {
      const { ask, asked, running } = makeGate()
      const fibers = yield* Effect.forEach([12, 12, 12], (seconds) => settled(ask(seconds)))
      yield* TestClock.adjust("40 seconds")
      yield* Fiber.joinAll(fibers)
      expect([running.most, asked.map(({ at }) => at)]).toEqual([1, [0, 12, 24]])
    })
  )

  it.effect("has twice the time after one that took too long, up to 5 min", () =>
    Effect.gen(function* () {
      const { ask, asked } = makeGate()
      const fiber = yield* Effect.fork(
        Effect.forEach([1, 2, 3, 4, 5, 6], () => Effect.either(ask(400)))
      )
      yield* TestClock.adjust("2 hours")
      yield* Fiber.join(fiber)
      expect(asked.map(({ deadline }) => deadline)).toEqual([30, 60, 120, 240, 300, 300])
    })
  )

  it.effect("waits after an abandoned one, with which Evolution is still busy", () =>
    Effect.gen(function* () {
      const { ask, asked } = makeGate()
      const fiber = yield* Effect.fork(
        Effect.forEach([40, 40], (seconds) => Effect.either(ask(seconds)))
      )
      yield* TestClock.adjust("3 minutes")
      const [, second] = yield* Fiber.join(fiber)
      expect(asked.map(({ at }) => at)).toEqual([0, 60])
      expect(second?._tag).toBe("Right")
    })
  )

  it.effect("waits after one that was interrupted", () =>
    Effect.gen(function* () {
      const { ask, asked } = makeGate()
      const first = yield* Effect.fork(ask(20))
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.interrupt(first)
      const next = yield* Effect.fork(ask(1))
      yield* TestClock.adjust("30 seconds")
      yield* Fiber.join(next)
      expect(asked.map(({ at }) => at)).toEqual([0, 20])
    })
  )

  it.effect("has less time again, slowly, when answers are quick", () =>
    Effect.gen(function* () {
      const { ask, asked } = makeGate()
      const fiber = yield* Effect.fork(
        Effect.forEach([400, 1, 1, 1, 50, 1], (seconds) => Effect.either(ask(seconds)))
      )
      yield* TestClock.adjust("1 hour")
      yield* Fiber.join(fiber)
      const deadlines = asked.map(({ deadline }) => Math.round(deadline))
      expect(deadlines.slice(0, 4)).toEqual([30, 60, 54, 49])
      // An answer after 44 s or more needs room for a slower one.
      expect(deadlines[5]).toBeGreaterThan(30)
    })
  )

  it.effect.each([504, 524])("counts HTTP %i of a proxy that gave up as too slow", (status) =>
    Effect.gen(function* () {
      const gate = Heavy.make()
      const deadlines: Array<number> = []
      const ask = gate.ask((deadline) => {
        deadlines.push(Duration.toSeconds(deadline))
        return Effect.delay(
          Effect.fail(new EvolutionUnavailable({ message: "proxy", status })),
          "20 seconds"
        )
      })
      const fiber = yield* Effect.fork(Effect.forEach([1, 2], () => Effect.either(ask)))
      yield* TestClock.adjust("2 minutes")
      yield* Fiber.join(fiber)
      expect(deadlines).toEqual([30, 60])
    })
  )

  it.effect("is asked again at once after a hiccup", () =>
    Effect.gen(function* () {
      const gate = Heavy.make()
      let tries = 0
      const fiber = yield* Effect.fork(
        gate.ask(() => (++tries < 3 ? Effect.fail(timedOut) : Effect.succeed(tries)))
      )
      yield* TestClock.adjust("5 seconds")
      expect(yield* Fiber.join(fiber)).toBe(3)
      // The test clock counts whole nanoseconds, and an unlucky jitter has fractions of one.
    }).pipe(Effect.withRandom(Random.fixed([0.5])))
  )
})
