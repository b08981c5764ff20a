import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect, Either, Option } from "effect"
import * as Settings from "../../src/AppConfig/Settings.ts"
import * as AppConfig from "../../src/AppConfig.ts"

const database = { DATABASE_URL: "postgresql://app@db.example.com/app", API_KEY: "our-own-key-9" }

const read = (given: Readonly<Record<string, string>>) =>
  AppConfig.cluster.pipe(
    Effect.provide(Settings.layerFrom(ConfigProvider.fromMap(new Map(Object.entries(given))))),
    Effect.mapBoth({
      onFailure: Settings.explain,
      onSuccess: Option.map(({ address }) => address.href)
    }),
    Effect.either
  )

describe("CLUSTER", () => {
  it.effect("is off unless it is set, whatever else is", () =>
    Effect.gen(function* () {
      expect(yield* read({ CLUSTER_ADDRESS: "http://10.0.0.7" })).toEqual(
        Either.right(Option.none())
      )
      expect(yield* read({ ...database, CLUSTER: "false" })).toEqual(Either.right(Option.none()))
    })
  )

  it.effect.each([
    [{ HOST: "10.0.0.7", PORT: "9000" }, "http://10.0.0.7:9000/"],
    [{ HOST: "fd00::7" }, "http://[fd00::7]:8000/"],
    [{ HOST: "0.0.0.0", CLUSTER_ADDRESS: "https://a.internal/x" }, "https://a.internal/x/"]
  ] as const)("takes the address of the replica from %o", ([given, address]) =>
    Effect.gen(function* () {
      expect(yield* read({ ...database, CLUSTER: "true", ...given })).toEqual(
        Either.right(Option.some(address))
      )
    })
  )

  it.effect("takes an address of the machine where HOST is every one", () =>
    Effect.gen(function* () {
      const found = yield* read({ ...database, CLUSTER: "true", HOST: "0.0.0.0" })
      const address = Option.getOrThrow(Either.getOrThrow(found))
      expect(new URL(address).hostname).toMatch(/^\d+\.\d+\.\d+\.\d+$/)
      expect(new URL(address).hostname).not.toBe("0.0.0.0")
    })
  )

  it.effect("needs a Postgres and a key that all replicas share", () =>
    Effect.gen(function* () {
      expect(yield* read({ CLUSTER: "true", API_KEY: "k" })).toEqual(
        Either.left([
          "DATABASE_URL: Expected the address of a Postgres, as CLUSTER is on: replicas share it"
        ])
      )
      expect(yield* read({ CLUSTER: "true", DATABASE_URL: database.DATABASE_URL })).toEqual(
        Either.left(["API_KEY: Expected a key, as CLUSTER is on: all replicas need the same one"])
      )
    })
  )
})
