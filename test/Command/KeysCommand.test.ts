import { afterEach, describe, expect, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { vi } from "vitest"
import { run, usage } from "../../src/Command/KeysCommand.ts"
import * as EvolutionListener from "../../src/EvolutionListener.ts"
import { scopedSimulator } from "../../src/Testing/mod.ts"
import { key, serve, temporaryDirectory } from "../Http/Service.ts"
import { settings } from "../support/settings.ts"

describe("the keys command", { timeout: 30_000 }, () => {
  afterEach(() => vi.restoreAllMocks())

  const terminal = Effect.gen(function* () {
    const simulator = yield* scopedSimulator()
    const service = yield* serve(EvolutionListener.layer, {
      EVOLUTION_API_URL: simulator.url,
      EVOLUTION_API_KEY: simulator.apiKey,
      API_KEY: key,
      DATA_DIR: yield* temporaryDirectory
    })
    const printed: Array<string> = []
    const print = (line: unknown) => void printed.push(String(line))
    vi.spyOn(console, "log").mockImplementation(print)
    vi.spyOn(console, "error").mockImplementation(print)
    const type = (line: string, variables: Readonly<Record<string, string>> = { API_KEY: key }) =>
      Effect.gen(function* () {
        printed.length = 0
        const exit = yield* Effect.exit(
          Effect.provide(
            run((line.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ""))),
            settings({ PORT: String(service.port), ...variables })
          )
        )
        return Exit.isSuccess(exit) ? [...printed] : String(Exit.isFailure(exit) && exit.cause)
      })
    return { ...service, type }
  })

  it.scopedLive("creates, lists and revokes a key", () =>
    Effect.gen(function* () {
      const { call, type } = yield* terminal
      const [made = "", told = ""] = yield* type(
        'create --name till --scope read --instances shop-*,bar --expires "90 days"'
      )
      expect(told).toMatch(
        /^Made .*read .*shop-\*,bar .*till .*until \d{4}-.*never used; the key is told this once$/
      )
      const self = () => call("GET", "/keys/self", { headers: { apikey: made } })
      expect((yield* self()).json).toMatchObject({ name: "till", instances: ["shop-*", "bar"] })
      const [line = ""] = yield* type("list")
      expect(line).toMatch(/read .*till .*used \d{4}-/)
      const [id] = line.split(" ")
      expect((yield* type(`revoke ${id}`))[0]).toMatch(/^Revoked .*revoked \d{4}-/)
      expect((yield* self()).status).toBe(401)
    })
  )

  it.scopedLive("binds a key to servers", () =>
    Effect.gen(function* () {
      const { call, type } = yield* terminal
      const [, told = ""] = yield* type("create --name eu --scope read --servers default")
      expect(told).toMatch(/^Made .*read +all instances of default +eu .*valid/)
      expect((yield* call("GET", "/keys")).json).toMatchObject([
        { name: "eu", instances: null, servers: ["default"] }
      ])
      expect(yield* type("create --name x --scope read --servers EU")).toContain(
        "The id of a server"
      )
    })
  )

  it.scopedLive("reports a wrong command line and does nothing", () =>
    Effect.gen(function* () {
      const { call, type } = yield* terminal
      for (const line of ["", "create x", "revoke", "list all", "drop 1", "create --nam x"])
        expect(yield* type(line), line).toContain(usage.split("\n")[0])
      for (const line of [
        "create --name x",
        "create --scope read",
        "create --name x --scope root",
        "create --name x --scope read --instances a\\b",
        "create --name x --scope read --expires soon",
        "revoke 17"
      ])
        expect(typeof (yield* type(line)), line).toBe("string")
      expect((yield* call("GET", "/keys")).json).toEqual([])
      expect(yield* type("list", { API_KEY: "wrong" })).toContain("Cannot let you in")
      expect(yield* type("list", { DATA_DIR: "/nowhere" })).toContain("Cannot call the service")
      expect(yield* type("list", { API_KEY: key, PORT: "1" })).toContain("Cannot reach the service")
    })
  )
})
