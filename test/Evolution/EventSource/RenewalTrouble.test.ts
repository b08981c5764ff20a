import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { clockRuns, listened as listenedOn, noFaults, one, renewing } from "./numbered.ts"
import { backends, eventually, turn } from "./support.ts"

describe.each(backends)("a renewal in trouble, %s", { timeout: 20_000 }, (_, backend) => {
  const listened = listenedOn(backend)

  it.scoped("a renewal whose turn comes after the link is gone does no harm", () =>
    Effect.gen(function* () {
      const { reader, simulator, source } = yield* listened
      const crashes: Array<string> = []
      const crashed = (error: Error) => crashes.push(error.message)
      process.on("uncaughtExceptionMonitor", crashed)
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => process.off("uncaughtExceptionMonitor", crashed))
      )
      yield* renewing(source)
      const second = yield* Effect.fork(source.renew(one))
      simulator.drop()
      yield* Effect.exit(Fiber.join(reader))
      yield* clockRuns
      yield* Fiber.await(second)
      expect(crashes).toEqual([])
      yield* eventually(() => simulator.connections() === 0)
    })
  )

  const padding = "x".repeat(16 * 1024)

  it.scoped("a renewal loses no event while the old socket is held back by a slow reader", () =>
    Effect.gen(function* () {
      const { emit, faults, goesOn, heard, source } = yield* listened
      yield* goesOn.close
      for (let count = 0; count < 2000; count++) emit(padding)
      yield* Effect.repeat(Effect.zipRight(turn, heard), { until: ({ isHeldBack }) => isHeldBack })
      yield* TestClock.adjust("1 second")
      yield* renewing(source)
      for (let count = 0; count < 10; count++) emit(padding)
      yield* TestClock.adjust("2 seconds")
      yield* goesOn.open
      yield* clockRuns
      expect(yield* faults).toEqual(noFaults)
    })
  )

  it.scoped("a renewal of a half-open link reports the loss of that link", () =>
    Effect.gen(function* () {
      // The new connection's pings come in real time, while virtual time runs ahead.
      const often = { pingInterval: 100, pingTimeout: 20_000 }
      const { emit, faults, reader, simulator, source } = yield* listenedOn(backend, often)
      emit()
      expect(yield* faults).toEqual(noFaults)
      simulator.fallSilent()
      for (let count = 0; count < 5; count++) emit()
      yield* TestClock.adjust("1 second")
      yield* renewing(source)
      yield* clockRuns
      // These events are lost, so the link has to fail.
      const end = yield* Effect.raceFirst(
        Effect.flip(Fiber.join(reader)),
        Effect.delay(Effect.succeed("as if nothing had been"), "40 seconds")
      )
      expect(end).toMatchObject({ _tag: "HeartbeatMissed" })
    })
  )
})
