import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect, Redacted } from "effect"
import * as Settings from "../../src/AppConfig/Settings.ts"
import * as AppConfig from "../../src/AppConfig.ts"

const secretsIn = (variables: Readonly<Record<string, string>>) =>
  Effect.map(
    Effect.provide(
      AppConfig.secrets,
      Settings.layerFrom(ConfigProvider.fromMap(new Map(Object.entries(variables))))
    ),
    (secrets) => secrets.map((secret) => Redacted.value(secret))
  )

describe("the secrets in the settings", () => {
  it.effect("are the keys and the database's password, encoded and decoded", () =>
    Effect.gen(function* () {
      const secrets = yield* secretsIn({
        EVOLUTION_API_KEY: "evolution's",
        API_KEY: "ours",
        DATABASE_URL: "postgresql://user:p%40ss%2Fword@localhost:5432/db?sslmode=require",
        PORT: "8000"
      })
      expect(secrets.sort()).toEqual(["evolution's", "ours", "p%40ss%2Fword", "p@ss/word"])
    })
  )

  it.effect.each([
    ["an address", { DATABASE_URL: "postgres://u:plain@h/db" }, ["plain"]],
    [
      "an address's query",
      { DATABASE_URL: "postgres://u@h/db?sslmode=require&password=p%40ss&x=1#end" },
      ["p%40ss", "p@ss"]
    ],
    ["a query of nothing else", { DATABASE_URL: "postgres://u@h/db?password=p" }, ["p"]],
    [
      "an address with an @ in its query",
      { DATABASE_URL: "postgres://me:sesame@h/db?user=a@b" },
      ["sesame", "sesame@h/db?user=a"]
    ],
    ["an encoding that is none", { DATABASE_URL: "postgres://u:p%zz@h/db" }, ["p%zz"]],
    [
      "headers",
      { OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20abc, x-key = k=1 " },
      ["Bearer%20abc", "Bearer abc", "k=1"]
    ],
    ["a proxy's address", { HTTPS_PROXY: "http://u:p%40ss@h:1" }, ["p%40ss", "p@ss", "dTpwQHNz"]],
    ["a proxy's address that is none", { all_proxy: "a@b.c:p/w@h" }, ["p/w", "YUBiLmM6cC93"]],
    [
      "an address with marks in its user",
      { DATABASE_URL: "postgres://long.user:se same/x@h:1/db" },
      ["se same/x"]
    ],
    ["an address with an @ in the user", { DATABASE_URL: "postgres://u@s:longer@h/db" }, []],
    ["a proxy's address in spaces", { HTTPS_PROXY: " http://u:p@h:1 " }, ["p", "dTpw"]],
    ["a proxy's encoded user", { HTTPS_PROXY: "h2.x+y://u%40s:p@h:1" }, ["p", "dUBzOnA="]],
    ["a proxy's empty credentials", { HTTPS_PROXY: "http://:@h:1" }, []],
    ["a proxy's token", { EVOLUTION_PROXY: "https://token@h" }, ["token", "dG9rZW46"]],
    ["no proxy", { EVOLUTION_PROXY: "off", http_proxy: "http://h:1", NO_PROXY: "a@b" }, []],
    ["a header without a name", { OTEL_EXPORTER_OTLP_HEADERS: "sesame" }, ["sesame"]]
  ] as const)("are found in %s", ([, variables, expected]) =>
    Effect.gen(function* () {
      expect(yield* secretsIn(variables)).toEqual(expected)
    })
  )

  it.effect("are none without settings, and are found in malformed ones", () =>
    Effect.gen(function* () {
      expect(yield* secretsIn({})).toEqual([])
      for (const DATABASE_URL of ["", "localhost", "postgres://localhost/db", "postgres://u@h/db"])
        expect(yield* secretsIn({ DATABASE_URL }), DATABASE_URL).toEqual([])
      expect(
        yield* secretsIn({ DATABASE_URL: "not an address://u:p%zz@h", API_KEY: "a b" })
      ).toEqual(["p%zz", "a b"])
    })
  )

  it.effect("are not printed", () =>
    Effect.gen(function* () {
      const provider = ConfigProvider.fromMap(new Map([["API_KEY", "sesame"]]))
      const secrets = yield* Effect.provide(AppConfig.secrets, Settings.layerFrom(provider))
      expect(String(secrets)).not.toContain("sesame")
    })
  )
})
