import { describe, expect, it } from "@effect/vitest"
import {
  Config,
  ConfigProvider,
  Duration,
  Effect,
  Either,
  LogLevel,
  Option,
  Redacted
} from "effect"
import * as AppConfig from "../src/AppConfig.ts"
import { everySetting } from "./support/everySetting.ts"

const everything = Config.all({
  evolution: AppConfig.Evolution.config,
  dataDir: AppConfig.dataDir.config,
  databaseUrl: AppConfig.databaseUrl.config,
  http: AppConfig.Http.config,
  queue: AppConfig.Queue.config,
  autoStart: AppConfig.autoStart.config,
  backfillLimit: AppConfig.backfillLimit.config,
  importOnStart: AppConfig.importOnStart.config,
  logLevel: AppConfig.logLevel.config
})

const load = (variables: Readonly<Record<string, string>>) =>
  Effect.either(ConfigProvider.fromMap(new Map(Object.entries(variables))).load(everything))

const required = { EVOLUTION_API_URL: "http://localhost:8080", EVOLUTION_API_KEY: "evolution-key" }

const linesOf = (variables: Readonly<Record<string, string>>) =>
  Effect.map(load(variables), (loaded) =>
    Either.isLeft(loaded) ? AppConfig.explain(loaded.left) : []
  )

const urlOf = (url: string) =>
  Effect.map(load({ ...required, EVOLUTION_API_URL: url }), (loaded) =>
    Either.isRight(loaded) ? loaded.right.evolution.url.href : undefined
  )

describe("the settings", () => {
  it.effect("need only Evolution's address and key; everything else has a default", () =>
    Effect.gen(function* () {
      const all = yield* Effect.flatten(load(required))
      expect(all.evolution.url.href).toBe("http://localhost:8080/")
      expect(Redacted.value(all.evolution.apiKey)).toBe("evolution-key")
      expect(all.evolution.mode).toBe("global")
      expect(all.dataDir).toBe("./data")
      expect(all.http).toEqual({
        host: "127.0.0.1",
        port: 8000,
        publicUrl: Option.none(),
        apiKey: Option.none()
      })
      expect(all.databaseUrl).toEqual(Option.none())
      expect(all.queue).toEqual({ maxBytes: 64 * 1024 * 1024, maxAge: Duration.minutes(10) })
      expect(all.backfillLimit).toBe(10_000)
      expect(all.importOnStart).toEqual(Option.none())
      expect(all.autoStart).toEqual(AppConfig.autoStartOf("all"))
      expect(all.logLevel).toBe(LogLevel.Info)
    })
  )

  it.effect("are read from the variables of their names", () =>
    Effect.gen(function* () {
      const all = yield* Effect.flatten(
        load({
          ...required,
          EVOLUTION_MODE: "namespace",
          DATA_DIR: "/srv/data",
          DATABASE_URL: "postgres://db/app",
          HOST: "0.0.0.0",
          PORT: "9000",
          API_KEY: "our-key",
          QUEUE_MAX_MIB: "3",
          QUEUE_MAX_AGE: "90 seconds",
          BACKFILL_LIMIT: "0",
          IMPORT_ON_START: "24h",
          AUTO_START: "false",
          LOG_LEVEL: "debug"
        })
      )
      expect(all.evolution.mode).toBe("namespace")
      expect(all.dataDir).toBe("/srv/data")
      expect(Option.map(all.databaseUrl, Redacted.value)).toEqual(Option.some("postgres://db/app"))
      expect(all.http.host).toBe("0.0.0.0")
      expect(all.http.port).toBe(9000)
      expect(Option.map(all.http.apiKey, Redacted.value)).toEqual(Option.some("our-key"))
      expect(all.queue).toEqual({ maxBytes: 3 * 1024 * 1024, maxAge: Duration.seconds(90) })
      expect(all.backfillLimit).toBe(0)
      expect(all.importOnStart).toEqual(Option.some(Duration.hours(24)))
      expect(all.autoStart).toEqual(AppConfig.autoStartOf("off"))
      expect(all.logLevel).toBe(LogLevel.Debug)
    })
  )

  it.effect("print no secret", () =>
    Effect.gen(function* () {
      const secrets = {
        EVOLUTION_API_KEY: "sesame-1",
        DATABASE_URL: "postgres://u:sesame-2@db/app",
        API_KEY: "sesame-3"
      }
      const all = yield* Effect.flatten(load({ ...required, ...secrets }))
      expect(JSON.stringify(all)).not.toContain("sesame")
      expect(String(all.evolution.apiKey)).toBe("<redacted>")
    })
  )
})

describe("Evolution's address", () => {
  it.effect("means the same with and without trailing slashes", () =>
    Effect.gen(function* () {
      for (const given of ["https://evo.example/api", "https://evo.example/api/"])
        expect(yield* urlOf(given)).toBe("https://evo.example/api/")
      expect(yield* urlOf("https://evo.example/api///")).toBe("https://evo.example/api/")
      expect(yield* urlOf("http://evo.example:8080")).toBe("http://evo.example:8080/")
    })
  )

  it.effect("is refused in one line when it is not a plain http address", () =>
    Effect.gen(function* () {
      const refused = [
        "localhost",
        "localhost:8080",
        "ws://localhost:8080",
        "unix+http://localhost:8080",
        "file:///etc/passwd",
        "http://user@evo.example",
        "http://:sesame@evo.example",
        "http://user:sesame@evo.example",
        "http://evo.example/?apikey=sesame",
        "http://"
      ]
      for (const url of refused) {
        const lines = yield* linesOf({ ...required, EVOLUTION_API_URL: url })
        expect(lines, url).toHaveLength(1)
        expect(lines[0], url).toMatch(/^EVOLUTION_API_URL: Expected an /)
        expect(lines[0], url).not.toContain("sesame")
      }
    })
  )
})

describe("explain", () => {
  const wrong: Readonly<Record<string, string>> = {
    EVOLUTION_API_URL: "nowhere",
    EVOLUTION_API_KEY: "",
    EVOLUTION_MODE: "local",
    PORT: "80000",
    QUEUE_MAX_MIB: "0",
    QUEUE_MAX_AGE: "long",
    BACKFILL_LIMIT: "-1",
    IMPORT_ON_START: "yesterday",
    AUTO_START: "perhaps",
    LOG_LEVEL: "loud"
  }

  it.effect("has one line for each wrong variable", () =>
    Effect.gen(function* () {
      for (const [name, value] of Object.entries(wrong)) {
        const lines = yield* linesOf({ ...required, [name]: value })
        expect(lines, name).toHaveLength(1)
        expect(lines[0], name).toMatch(new RegExp(`^${name}: \\S[^\\n]*$`))
      }
    })
  )

  it.effect("reports all wrong variables at once", () =>
    Effect.gen(function* () {
      const lines = yield* linesOf(wrong)
      expect(lines.map((line) => line.split(":")[0]).sort()).toEqual(Object.keys(wrong).sort())
    })
  )

  it.effect("says which variables are not set", () =>
    Effect.gen(function* () {
      expect(yield* linesOf({})).toEqual([
        "EVOLUTION_API_URL: not set",
        "EVOLUTION_API_KEY: not set"
      ])
    })
  )

  it.effect("repeats no value, as any variable may hold a pasted secret", () =>
    Effect.gen(function* () {
      for (const name of Object.keys(wrong))
        for (const line of yield* linesOf({ ...required, [name]: "sesame" }))
          expect(line).not.toContain("sesame")
    })
  )

  it.effect("takes an empty variable for one that is not set, as compose files pass it", () =>
    Effect.gen(function* () {
      const empty = { DATA_DIR: "", DATABASE_URL: "", HOST: "", API_KEY: "" }
      const all = yield* Effect.flatten(load({ ...required, ...empty }))
      expect(all.dataDir).toBe("./data")
      expect(all.databaseUrl).toEqual(Option.none())
      expect(all.http).toEqual({
        host: "127.0.0.1",
        port: 8000,
        publicUrl: Option.none(),
        apiKey: Option.none()
      })
    })
  )

  it.effect("accepts a queue of 1 MiB, and back-fill of nothing", () =>
    Effect.gen(function* () {
      const least = { QUEUE_MAX_MIB: "1", BACKFILL_LIMIT: "0" }
      expect(yield* linesOf({ ...required, ...least })).toEqual([])
    })
  )

  it.effect("names a setting that is read under a prefix by its whole path", () =>
    Effect.gen(function* () {
      const nested = Config.all([
        Config.nested(AppConfig.backfillLimit.config, "LISTENER"),
        Config.nested(
          Config.orElse(AppConfig.Evolution.config, () => AppConfig.Evolution.config),
          "LISTENER"
        )
      ])
      const given = new Map([["LISTENER.BACKFILL_LIMIT", "-1"]])
      const error = yield* Effect.flip(ConfigProvider.fromMap(given).load(nested))
      expect(AppConfig.explain(error)).toEqual([
        "LISTENER.BACKFILL_LIMIT: Expected 0 or more",
        "LISTENER.EVOLUTION_API_URL: not set",
        "LISTENER.EVOLUTION_API_KEY: not set"
      ])
    })
  )

  it.effect("accepts only ports that a server can listen on", () =>
    Effect.gen(function* () {
      for (const port of ["1", "8000", "65535"])
        expect(yield* linesOf({ ...required, PORT: port })).toEqual([])
      for (const port of ["0", "-1", "65536", "80.5", "eighty", "0x50", " 80"])
        expect(yield* linesOf({ ...required, PORT: port }), port).toHaveLength(1)
    })
  )

  it.effect("requires a key if other machines can call", () =>
    Effect.gen(function* () {
      const refusalsOf = (variables: Readonly<Record<string, string>>) =>
        ConfigProvider.fromMap(new Map(Object.entries({ ...required, ...variables })))
          .load(everySetting)
          .pipe(
            Effect.match({ onSuccess: () => [], onFailure: (error) => AppConfig.explain(error) })
          )
      expect(yield* refusalsOf({ HOST: "0.0.0.0" })).toEqual([
        "API_KEY: Expected a key, as HOST is not loopback"
      ])
      // Each thing once, though more than one part of the settings reads it.
      expect(yield* refusalsOf({ HOST: "0.0.0.0", API_KEY: "a b", PORT: "many" })).toEqual([
        expect.stringMatching(/^PORT: /),
        expect.stringMatching(/^API_KEY: Expected visible ASCII/)
      ])
      for (const HOST of ["127.0.0.1", "localhost", "::1"])
        expect(yield* refusalsOf({ HOST })).toEqual([])
    })
  )
})

describe("a host", () => {
  it.each([
    ["127.0.0.1", true],
    ["127.254.10.3", true],
    ["localhost", true],
    ["::1", true],
    ["0.0.0.0", false],
    ["::", false],
    ["10.127.0.0.1", false],
    ["127.0.0.1.example.com", false],
    ["shop-127.0.0.1", false],
    ["localhost.example.com", false]
  ])("of a server is reachable for this machine alone, or not: %s", (host, expected) => {
    expect(AppConfig.isLoopback(host)).toBe(expected)
  })
})
