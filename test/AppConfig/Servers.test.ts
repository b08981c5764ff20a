import { describe, expect, it } from "@effect/vitest"
import { Effect, FastCheck as fc, Option, Redacted } from "effect"
import { perServer, suffixOf, variableOf } from "../../src/AppConfig/Servers.ts"
import * as Settings from "../../src/AppConfig/Settings.ts"
import * as AppConfig from "../../src/AppConfig.ts"
import { from, linesOf, two, type Variables } from "./TwoServers.ts"

describe("the servers", () => {
  it.effect("have their own values, and the general ones where they have none", () =>
    Effect.gen(function* () {
      const read = AppConfig.forEachServer((id) =>
        Effect.all([
          Effect.succeed(id),
          Effect.map(AppConfig.Evolution, ({ mode, url }) => `${mode} ${url.href}`),
          AppConfig.backfillLimit
        ])
      )
      const own = { BACKFILL_LIMIT: "5", BACKFILL_LIMIT__BR_2: "7", EVOLUTION_MODE__EU: "auto" }
      expect(yield* Effect.provide(read, from({ ...two, ...own }))).toEqual([
        ["eu", "auto http://eu.example.com/", 5],
        ["br-2", "global http://br.example.com/", 7]
      ])
    })
  )

  it.effect("have the same settings each time, and of another server those of that server", () =>
    Effect.gen(function* () {
      const own = { BACKFILL_LIMIT: "5", BACKFILL_LIMIT__EU: "7" }
      const all = yield* Effect.provide(Settings.Settings, from({ ...two, ...own }))
      const eu = yield* all.ofServer("eu")
      expect(yield* all.ofServer("eu")).toBe(eu)
      const br = yield* eu.ofServer("br-2")
      expect(yield* all.ofServer("br-2")).toBe(br)
      expect(yield* br.load(AppConfig.backfillLimit.config)).toBe(5)
      expect(yield* eu.load(AppConfig.backfillLimit.config)).toBe(7)
    })
  )

  it.effect("are one, `default`, with the settings of the service, without the setting", () =>
    Effect.gen(function* () {
      const all = yield* Effect.provide(
        Settings.Settings,
        from({ EVOLUTION_API_URL: "http://a", EVOLUTION_API_KEY: "key" })
      )
      expect(yield* all.load(AppConfig.servers.config)).toEqual(["default"])
      expect(yield* all.ofServer("default")).toBe(all)
      const own = yield* Effect.provide(
        AppConfig.forEachServer(() => AppConfig.backfillLimit),
        from({ EVOLUTION_API_URL: "http://a", BACKFILL_LIMIT__DEFAULT: "3" })
      )
      expect(own).toEqual([3])
    })
  )

  it.effect("have their own proxy where one is set, and name its variable", () =>
    Effect.gen(function* () {
      const proxies = yield* AppConfig.forEachServer(() => AppConfig.evolutionProxy).pipe(
        Effect.provide(from({ ...two, EVOLUTION_PROXY__EU: "http://proxy:1" }))
      )
      expect(proxies.map(Option.map(AppConfig.proxyWords))).toEqual([
        Option.some("the proxy at http://proxy:1 (EVOLUTION_PROXY__EU)"),
        Option.none()
      ])
    })
  )

  it.effect.each([["EU"], ["eu,"], ["eu_1"], ["a".repeat(33)], ["é"], ["eu;br"]])(
    "are refused with another id: %s",
    ([EVOLUTION_SERVERS]) =>
      Effect.gen(function* () {
        expect(yield* linesOf({ ...two, EVOLUTION_SERVERS: EVOLUTION_SERVERS ?? "" })).toEqual([
          'EVOLUTION_SERVERS: Expected ids of 1 to 32 characters ("a" to "z", "0" to "9", "-") with commas between, e.g. eu,br'
        ])
      })
  )

  it.effect("are refused where one is there twice", () =>
    Effect.gen(function* () {
      expect(yield* linesOf({ ...two, EVOLUTION_SERVERS: "eu, br-2 ,eu" })).toEqual([
        'EVOLUTION_SERVERS: Expected each server once, and "eu" is there twice'
      ])
    })
  )

  it("have variables that no other id has", () => {
    const id = fc.stringMatching(/^[a-z0-9-]{1,32}$/)
    fc.assert(
      fc.property(
        id,
        id,
        fc.constantFrom(...perServer),
        fc.constantFrom(...perServer),
        (...some) => {
          const [one, other, name, second] = some
          expect(variableOf(name, one) === variableOf(second, other)).toBe(
            one === other && name === second
          )
        }
      )
    )
    expect(["a-b", "a--b", "-ab", "ab-"].map(suffixOf)).toEqual(["A_B", "A__B", "_AB", "AB_"])
  })
})

describe("the secrets of several servers", () => {
  const secretsOf = (variables: Variables) =>
    Effect.gen(function* () {
      const all = yield* Settings.Settings
      const secrets = yield* AppConfig.secrets
      const eu = yield* all.ofServer("eu")
      expect(yield* eu.secrets).toEqual(secrets)
      return secrets.map(Redacted.value)
    }).pipe(Effect.provide(from(variables)))

  it.effect("are known to each of them, also where the list or a variable is wrong", () =>
    Effect.gen(function* () {
      const expected = ["ours", "key-of-br", "key-of-eu", "pass-9", "OnBhc3MtOQ=="]
      const given = { ...two, API_KEY: "ours", EVOLUTION_PROXY__BR_2: "http://:pass-9@p" }
      expect(yield* secretsOf(given)).toEqual(expected)
      expect(yield* secretsOf({ ...given, EVOLUTION_SERVERS: "eu,EU" })).toEqual(expected)
      const stray = { DATABASE_URL__EU: "postgres://u:word-9@h/d", EVOLUTION_API_KEY__X: "stray" }
      expect((yield* secretsOf({ ...two, ...stray, BACKFILL_LIMIT__EU: "8" })).sort()).toEqual([
        "key-of-br",
        "key-of-eu",
        "stray",
        "word-9"
      ])
    })
  )
})
