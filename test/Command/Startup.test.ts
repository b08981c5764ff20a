import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import {
  Cause,
  Console,
  Deferred,
  Effect,
  Exit,
  Fiber,
  Layer,
  Logger,
  LogLevel,
  Option,
  TestClock
} from "effect"
import * as Startup from "../../src/Command/Startup.ts"
import * as Supervise from "../../src/Concurrency/Supervise.ts"
import { settings } from "../support/settings.ts"

const environment = settings({
  EVOLUTION_API_URL: "http://localhost:8080",
  EVOLUTION_API_KEY: "key"
})

/** A program whose end is this, and what is said meanwhile on the error output. */
const launched = (end: Effect.Effect<void>) =>
  Effect.gen(function* () {
    const said: Array<unknown> = []
    const quiet = yield* Console.consoleWith(Effect.succeed)
    const fiber = yield* Startup.launch(
      Layer.scopedDiscard(Effect.acquireRelease(Effect.void, () => end))
    ).pipe(
      Effect.provide(environment),
      Effect.withConsole({ ...quiet, error: (line) => Effect.sync(() => said.push(line)) }),
      Effect.fork
    )
    yield* TestClock.adjust(0)
    return { said, stopping: yield* Effect.fork(Fiber.interrupt(fiber)) }
  })

describe("a program that is told to stop", () => {
  it.effect("waits for its parts to end", () =>
    Effect.gen(function* () {
      const { said, stopping } = yield* launched(Effect.sleep("4 seconds"))
      yield* TestClock.adjust("3999 millis")
      expect(yield* Fiber.poll(stopping)).toEqual(Option.none())
      yield* TestClock.adjust("1 millis")
      const exit = yield* Fiber.join(stopping)
      expect([Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause), said]).toEqual([
        true,
        []
      ])
    })
  )

  it.effect("ends within five seconds, also if a part never ends", () =>
    Effect.gen(function* () {
      const { said, stopping } = yield* launched(Effect.never)
      yield* TestClock.adjust("4900 millis")
      const exit = yield* Fiber.join(stopping)
      expect(Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause)).toBe(true)
      expect(said).toEqual(["evolution-listener: Stopped, waiting no longer"])
    })
  )
})

describe("a program whose background loop keeps crashing", () => {
  it.effect("stops its parts and fails with LoopCrashed", () =>
    Effect.gen(function* () {
      let stopped = 0
      const part = Layer.scopedDiscard(
        Effect.acquireRelease(Effect.void, () => Effect.sync(() => stopped++))
      )
      const loop = Layer.scopedDiscard(Supervise.loop("test loop", Effect.die("a bug")))
      const running = yield* Startup.launch(Layer.mergeAll(part, loop)).pipe(
        Effect.provideServiceEffect(Supervise.Escalation, Deferred.make()),
        Effect.provide(environment),
        Logger.withMinimumLogLevel(LogLevel.None),
        Effect.fork
      )
      yield* TestClock.adjust("1 seconds")
      expect([yield* Fiber.poll(running), stopped]).toEqual([Option.none(), 0])
      yield* TestClock.adjust("1 minute")
      const error = yield* Effect.flip(Fiber.join(running))
      expect(error).toBeInstanceOf(Supervise.LoopCrashed)
      expect(error).toMatchObject({ loop: "test loop" })
      expect(stopped).toBe(1)
    })
  )
})

describe("a second signal", () => {
  /** Stops for ever after the first. */
  const program = `
    import("./src/Command/Startup.ts").then(({ endOnSecondSignal }) => {
      endOnSecondSignal()
      // Node calls this one after the handler of the program.
      process.once("SIGTERM", () => console.log("first signal handled"))
      setInterval(() => undefined, 1000)
      console.log("ready")
    })`

  it.scopedLive.each([
    ["SIGTERM", 143],
    ["SIGINT", 130]
  ] as const)("ends a stopping program at once: %s", ([signal, expected]) =>
    Effect.gen(function* () {
      const child = yield* Effect.acquireRelease(
        Effect.sync(() =>
          spawn(process.execPath, ["--import", "tsx", "-e", program], {
            cwd: join(import.meta.dirname, "../.."),
            stdio: ["ignore", "pipe", "inherit"]
          })
        ),
        (running) => Effect.sync(() => running.kill("SIGKILL"))
      )
      yield* Effect.promise(() => once(child.stdout, "data"))
      child.kill("SIGTERM")
      const [line] = yield* Effect.promise(() => once(child.stdout, "data"))
      expect(String(line)).toBe("first signal handled\n")
      expect(child.exitCode).toBeNull()
      child.kill(signal)
      const [code] = yield* Effect.promise(() => once(child, "exit"))
      expect(code).toBe(expected)
    })
  )
})

describe("a program that does not start", () => {
  it.effect("fails with the error of its part", () =>
    Effect.gen(function* () {
      const program = Startup.launch(Layer.effectDiscard(Effect.fail("no")))
      expect(yield* Effect.flip(Effect.provide(program, environment))).toBe("no")
    })
  )
})
