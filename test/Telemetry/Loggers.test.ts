import { describe, expect, it } from "@effect/vitest"
import { Cause, Console, Effect, Logger, LogLevel, Redacted } from "effect"
import * as Scrub from "../../src/Domain/Scrub.ts"
import * as Loggers from "../../src/Telemetry/Loggers.ts"

const secret = "configured-word"
const scrub = Scrub.make([Redacted.make(secret)])

/** An error as `pg` gives it: its words are harmless, what is beside them is not. */
const databaseError = Object.assign(new Error("duplicate key value"), {
  code: "23505",
  detail: `Key (name)=(${secret}) already exists.`,
  where: `JSON data, line 1: "mediaKey":"${secret}"`
})

const lines = Effect.gen(function* () {
  yield* Effect.logDebug(`Cannot look: ${secret}`, { token: "abc", deep: [secret] })
  yield* Effect.logWarning("Cannot dial: apikey=abc, Authorization: Bearer sesame-sesame")
  yield* Effect.logError("A listener crashed", Cause.die(databaseError))
  yield* Effect.logError("Again", Cause.fail(new Error(`of ${secret}`, { cause: databaseError })))
  yield* Effect.logInfo(new Error(`as a message ${secret}`))
  yield* Effect.logInfo("Listening").pipe(
    Effect.annotateLogs({ instance: "shop-1", key: secret }),
    Effect.withLogSpan("dial")
  )
})

/** What is said of these lines on the console. */
const said = (make: typeof Loggers.json) =>
  Effect.gen(function* () {
    const words: Array<string> = []
    const quiet = yield* Console.consoleWith(Effect.succeed)
    const keep = (...parts: ReadonlyArray<unknown>) => {
      words.push(
        parts.map((part) => (typeof part === "string" ? part : JSON.stringify(part))).join(" ")
      )
    }
    const unsafe = {
      ...quiet.unsafe,
      log: keep,
      error: keep,
      group: keep,
      groupEnd: () => undefined
    }
    yield* lines.pipe(
      Effect.provide(Logger.replace(Logger.defaultLogger, make(scrub))),
      Logger.withMinimumLogLevel(LogLevel.Debug),
      Effect.withConsole({ ...quiet, unsafe })
    )
    return words
  })

describe.each([
  ["as JSON", Loggers.json],
  ["for a terminal", Loggers.pretty]
] as const)("a line of log %s", (_, make) => {
  it.effect("has no secret in its message, cause or annotations", () =>
    Effect.gen(function* () {
      const text = (yield* said(make)).join("\n")
      for (const one of [secret, "sesame", "abc", "already exists"]) expect(text).not.toContain(one)
      for (const one of [
        "Cannot look: [redacted]",
        "A listener crashed",
        "duplicate key value",
        "as a message [redacted]",
        "shop-1"
      ])
        expect(text).toContain(one)
    })
  )
})

describe("a line of log as JSON", () => {
  it.effect("is one JSON object for any logged value", () =>
    Effect.gen(function* () {
      const parsed = (yield* said(Loggers.json)).map((line) => JSON.parse(line))
      expect(parsed).toHaveLength(6)
      expect(parsed[0]).toMatchObject({
        message: ["Cannot look: [redacted]", { token: "[redacted]", deep: ["[redacted]"] }],
        logLevel: "DEBUG"
      })
      expect(parsed[5]).toMatchObject({ message: "Listening", annotations: { instance: "shop-1" } })
    })
  )
})
