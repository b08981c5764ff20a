import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { backends, clockRuns, listened as listenedOn, none, one, renewing } from "./numbered.ts"
import { eventually, turn } from "./support.ts"

describe.each(backends)("a renewal in trouble, %s", { timeout: 20_000 }, (_, backend) => {
  const listened = listenedOn(backend)

  it.scoped("does no harm when its turn comes and the link is gone", () =>
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

  it.scoped("loses nothing while the reader lags, and the old socket is held back", () =>
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
      expect(yield* faults).toEqual(none)
    })
  )

  it.scoped("does not pass over in silence what a link that is half-open did not bring", () =>
    Effect.gen(function* () {
      // The new connection's pings come in real time, while the clock runs ahead.
      const often = { pingInterval: 100, pingTimeout: 20_000 }
      const { emit, faults, reader, simulator, source } = yield* listenedOn(backend, often)
      emit()
      expect(yield* faults).toEqual(none)
      simulator.fallSilent()
      for (let count = 0; count < 5; count++) emit()
      yield* TestClock.adjust("1 second")
      yield* renewing(source)
      yield* clockRuns
      // Nobody can bring them any more; but then the loss of the link has to be told.
      const end = yield* Effect.raceFirst(
        Effect.flip(Fiber.join(reader)),
        Effect.delay(Effect.succeed("as if nothing had been"), "40 seconds")
      )
      expect(end).toMatchObject({ _tag: "HeartbeatMissed" })
    })
  )
})
