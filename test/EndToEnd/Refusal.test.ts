import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { scopedSimulator as simulator } from "../../src/Testing/mod.ts"
import {
  at,
  listener,
  runToEnd,
  startService,
  temporaryDirectory
} from "../support/ServiceProcess.ts"

const timeout = 60_000

describe("the service, on a fault,", () => {
  it.scopedLive(
    "parks on a wrong key with Evolution's own words, and says what to do",
    () =>
      Effect.gen(function* () {
        const evolution = yield* simulator()
        const service = yield* startService({
          ...at(evolution),
          EVOLUTION_API_KEY: "a-wrong-key",
          DATA_DIR: yield* temporaryDirectory
        })
        yield* service.call("/instances/loja-1/start", { method: "POST" })
        const status = yield* service.until(
          "/instances/loja-1",
          (body) => listener(body) === "Parked"
        )
        expect(status.userAction).toBe("check_api_key")
        expect(status.listener?.state?.error).toMatchObject({
          _tag: "UpgradeRefused",
          status: 400,
          body: "Invalid global token"
        })
        expect(JSON.stringify(status) + service.output()).not.toContain("a-wrong-key")
      }),
    { timeout }
  )

  it.scopedLive(
    "waits while Evolution is absent, with the next attempt's time",
    () =>
      Effect.gen(function* () {
        const evolution = yield* simulator()
        yield* Effect.promise(evolution.stop)
        const service = yield* startService({
          ...at(evolution),
          DATA_DIR: yield* temporaryDirectory
        })
        yield* service.call("/instances/loja-1/start", { method: "POST" })
        const status = yield* service.until(
          "/instances/loja-1",
          (body) => listener(body) === "Waiting"
        )
        const next = Date.parse(String(status.listener?.state?.nextAttempt))
        expect(next).toBeGreaterThan(Date.parse(String(status.listener?.state?.since)))
        const refused = yield* service.call("/instances", { body: { name: "loja-2" } })
        expect(refused).toMatchObject({ status: 502, body: { _tag: "EvolutionUnavailable" } })
        expect((yield* service.call("/instances/loja-2")).status).toBe(404)
      }),
    { timeout }
  )

  it.live(
    "does not start without Postgres, in one line that keeps the password",
    () =>
      Effect.gen(function* () {
        const { code, lines } = yield* runToEnd({
          EVOLUTION_API_URL: "http://127.0.0.1:9",
          EVOLUTION_API_KEY: "key",
          DATABASE_URL: "postgres://user:a-password@127.0.0.1:9/none"
        })
        expect(code).toBe(1)
        expect(lines).toEqual([
          "evolution-listener: Cannot open the database at DATABASE_URL: nothing listens at 127.0.0.1:9: is it running, and is the port of DATABASE_URL right?"
        ])
      }),
    { timeout }
  )

  it.live(
    "names everything that is wrong with its environment at once",
    () =>
      Effect.gen(function* () {
        const { code, lines } = yield* runToEnd({ EVOLUTION_MODE: "both", PORT: "many" })
        expect(code).toBe(1)
        expect(lines.join("\n")).toContain("EVOLUTION_API_URL: not set")
        expect(lines.join("\n")).toContain("EVOLUTION_API_KEY: not set")
        expect(lines.join("\n")).toContain("EVOLUTION_MODE: ")
      }),
    { timeout }
  )

  it.scopedLive(
    "refuses a data directory that another process has open",
    () =>
      Effect.gen(function* () {
        const evolution = yield* simulator()
        const variables = { ...at(evolution), DATA_DIR: yield* temporaryDirectory }
        yield* startService(variables)
        const { code, lines } = yield* runToEnd(variables)
        expect(code).toBe(1)
        expect(lines).toHaveLength(1)
        expect(lines[0]).toContain("another process has it open")
      }),
    { timeout }
  )
})
