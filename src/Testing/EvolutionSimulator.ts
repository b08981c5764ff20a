/**
 * A pretended Evolution API 2.3.7: the official `socket.io` server with Evolution's `allowRequest`,
 * envelopes, lazy namespaces and REST quirks, and a handle to make things happen.
 */
import { Context, Effect, Layer, Runtime } from "effect"
import { makeSimulator } from "./EvolutionSimulator/Make.ts"
import type { Settings } from "./EvolutionSimulator/Settings.ts"
import type { Simulator } from "./EvolutionSimulator/Simulator.ts"
import { machineTime, type Time } from "./EvolutionSimulator/Time.ts"

/**
 * A simulated Evolution that runs while the layer lives. Its time is Effect's `Clock`: under `TestClock` the
 * stamps of events and messages, the life of QR codes and all delays follow the test's time. The pings of the
 * socket follow the machine's.
 *
 * @example
 * import { EvolutionSimulator } from "evolution-listener/testing"
 * const program = Effect.flatMap(EvolutionSimulator, ({ url }) => …)
 * program.pipe(Effect.provide(EvolutionSimulator.layer({ version: "2.3.6" })))
 */
export class EvolutionSimulator extends Context.Tag("EvolutionSimulator")<
  EvolutionSimulator,
  Simulator
>() {
  static readonly layer = (settings: Partial<Settings> = {}): Layer.Layer<EvolutionSimulator> =>
    Layer.scoped(EvolutionSimulator, scopedSimulator(settings))
}

/** A simulated Evolution that runs until the scope closes, by Effect's `Clock`. Dies if the port is taken. */
export const scopedSimulator = (settings: Partial<Settings> = {}) =>
  Effect.acquireRelease(
    Effect.flatMap(effectTime, (time) => Effect.promise(() => makeSimulator(settings, time))),
    (simulator) => Effect.promise(simulator.stop)
  )

/**
 * A simulated Evolution that runs until its `stop`, by the machine's clock. Rejects if the port is taken.
 *
 * @example
 * const evolution = await simulate()
 * evolution.addLinked("shop")
 * // … start the bot with evolution.url and evolution.apiKey
 * evolution.text("shop", "5511988887777", "Olá!")
 * const answer = await evolution.nextSent()
 */
export const simulate = (settings: Partial<Settings> = {}): Promise<Simulator> =>
  makeSimulator(settings, machineTime)

const effectTime: Effect.Effect<Time> = Effect.gen(function* () {
  const clock = yield* Effect.clock
  const fork = Runtime.runFork(yield* Effect.runtime<never>())
  return {
    now: () => clock.unsafeCurrentTimeMillis(),
    after: (millis, act) => {
      // An acquisition is not interruptible, and neither is what its runtime forks.
      const fiber = fork(Effect.interruptible(Effect.delay(Effect.sync(act), millis)))
      return () => fiber.unsafeInterruptAsFork(fiber.id())
    }
  }
})
