import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { listened as listenedOn, noFaults, one, renewing } from "./numbered.ts"
import { awake, backends, eventually, simulated, sourceOf } from "./support.ts"

describe.each(backends)("a renewal at a simulated Evolution, %s", (_, backend) => {
  const listened = listenedOn(backend)

  it.scoped("a renewal gives every event once and in order", () =>
    Effect.gen(function* () {
      const { emitting, faults, more, read, simulator, source } = yield* listened
      const emitter = yield* Effect.fork(emitting)
      for (let round = 1; round <= 5; round++) {
        const renewal = yield* renewing(source)
        expect(simulator.connections()).toBe(2)
        yield* TestClock.adjust("1 second")
        yield* more
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(renewal)
        yield* eventually(() => simulator.connections() === 1)
        yield* more
      }
      yield* Fiber.interrupt(emitter)
      expect(yield* faults).toEqual(noFaults)
      expect(read.length).toBeGreaterThan(50)
    })
  )

  it.scoped("renewals in a row give every event once and in order", () =>
    Effect.gen(function* () {
      const { emitting, faults, more, simulator, source } = yield* listened
      const emitter = yield* Effect.fork(emitting)
      for (let round = 1; round <= 5; round++) {
        const renewal = yield* renewing(source)
        yield* TestClock.adjust("1 second")
        yield* more
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(renewal)
      }
      yield* eventually(() => simulator.connections() === 1)
      yield* Fiber.interrupt(emitter)
      expect(yield* faults).toEqual(noFaults)
    })
  )

  it.scoped("a renewal whose dial fails leaves the old link as it is", () =>
    Effect.gen(function* () {
      const { emit, emitting, faults, simulator, source } = yield* listened
      const emitter = yield* Effect.fork(emitting)
      simulator.refuse({ status: 502, body: "Bad Gateway" })
      expect(yield* Effect.flip(source.renew(one))).toMatchObject({
        _tag: "UpgradeRefused",
        status: 502
      })
      yield* TestClock.adjust("10 seconds")
      expect(simulator.connections()).toBe(1)
      yield* Fiber.interrupt(emitter)
      emit()
      expect(yield* faults).toEqual(noFaults)
    })
  )

  it.scoped("heard follows the new connection after a renewal", () =>
    Effect.gen(function* () {
      const { emit, faults, heard, source } = yield* listened
      const renewal = yield* renewing(source)
      yield* TestClock.adjust("1 second")
      emit()
      expect(yield* faults).toEqual(noFaults)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(renewal)
      yield* TestClock.adjust("7 seconds")
      emit()
      expect(yield* faults).toEqual(noFaults)
      expect(yield* heard).toEqual({ until: 9000, isHeldBack: false })
      expect(yield* source.heard).toBe(9000)
    })
  )

  it.scoped("renew does nothing where no link is up", () =>
    Effect.gen(function* () {
      const simulator = yield* simulated()
      yield* awake(simulator, one)
      const source = yield* sourceOf(backend, simulator)
      yield* source.renew(one)
      expect(simulator.connections()).toBe(0)
    })
  )

  it.scoped("run fails when the new connection is lost", () =>
    Effect.gen(function* () {
      const { emit, faults, reader, simulator, source } = yield* listened
      const renewal = yield* renewing(source)
      yield* TestClock.adjust("1 second")
      emit()
      expect(yield* faults).toEqual(noFaults)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(renewal)
      yield* eventually(() => simulator.connections() === 1)
      simulator.drop()
      expect((yield* Effect.flip(Fiber.join(reader)))._tag).toBe("ConnectionLost")
    })
  )
})
