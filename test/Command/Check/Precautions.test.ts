import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { addressesOf, isPrivate } from "../../../src/Command/Check/Address.ts"
import { aboutVersion } from "../../../src/Command/Check/Evolution.ts"
import * as Precautions from "../../../src/Command/Check/Precautions.ts"
import { codeOf } from "../../../src/Domain/ErrorDetail.ts"
import { reasonOf } from "../../../src/Domain/Reach.ts"
import * as Scrub from "../../../src/Domain/Scrub.ts"
import { settings } from "../../support/settings.ts"

const warnedOf = (variables: Readonly<Record<string, string>>) =>
  Effect.zipWith(Precautions.ofServer, Precautions.ofService, (server, service) => [
    ...server,
    ...service
  ]).pipe(
    Effect.map((found) => found.map(({ about, verdict }) => `${verdict} ${about}`)),
    Effect.provide(
      settings({
        EVOLUTION_API_URL: "http://localhost:8080",
        EVOLUTION_API_KEY: "sesame-open-for-us",
        ...variables
      })
    )
  )

describe("a precaution", () => {
  it.live("warns of a key that travels in clear beyond a private network", () =>
    Effect.gen(function* () {
      const at = (EVOLUTION_API_URL: string) => warnedOf({ EVOLUTION_API_URL })
      expect(yield* at("http://192.0.2.1:8080")).toEqual(["warning EVOLUTION_API_URL"])
      expect(yield* at("http://[2001:db8::1]/")).toEqual(["warning EVOLUTION_API_URL"])
      for (const url of ["https://192.0.2.1", "http://10.1.2.3", "http://[fd00::1]:8080"])
        expect(yield* at(url), url).toEqual([])
    })
  )

  it.live("warns of the public default key, and of unverified certificates", () =>
    Effect.gen(function* () {
      const EVOLUTION_API_KEY = "429683C4C977415CAAFCCE10F7D57E11"
      expect(yield* warnedOf({ EVOLUTION_API_KEY })).toEqual([
        "warning EVOLUTION_API_KEY is public"
      ])
      expect(yield* warnedOf({ NODE_TLS_REJECT_UNAUTHORIZED: "0" })).toEqual([
        "warning NODE_TLS_REJECT_UNAUTHORIZED"
      ])
      expect(yield* warnedOf({ NODE_TLS_REJECT_UNAUTHORIZED: "1" })).toEqual([])
    })
  )

  it.live("warns of a key that is too weak to be told from what people write", () =>
    Effect.gen(function* () {
      // The second is the one of SEED-platform/seed#3929; the third is a phone's number.
      for (const weak of ["123456", "test", "5511988887777551198", "loja-secreta-15"]) {
        expect(yield* warnedOf({ EVOLUTION_API_KEY: weak }), weak).toEqual([
          "warning EVOLUTION_API_KEY is weak"
        ])
        expect(yield* warnedOf({ API_KEY: weak }), weak).toEqual(["warning API_KEY is weak"])
      }
      expect(yield* warnedOf({ API_KEY: "b5a9f0e2c4d81763" })).toEqual([])
      for (const line of ["API_KEY is weak: it has", "EVOLUTION_API_KEY is public: it is"])
        expect(Scrub.unconfigured.words(line)).toBe(line)
    })
  )

  it("warns of versions with unsafe sockets", () => {
    const verdicts = {
      failed: ["1.8.2", "2.2.3", "2.3.0", "2.3.1"],
      ok: ["2.3.2", "2.3.3", "2.3.7", "2.4.0", "2.10.0", "3.0.0"],
      warning: ["2.4.0-rc1", "2.4.0-rc2"]
    }
    for (const [verdict, versions] of Object.entries(verdicts))
      for (const version of versions) expect(aboutVersion(version).verdict, version).toBe(verdict)
  })
})

describe("an address", () => {
  it("is private within a local network", () => {
    const home = ["127.0.0.1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"]
    const others = ["169.254.1.1", "100.64.0.1", "::1", "fd12::1", "fe80::1", "::ffff:10.0.0.1"]
    for (const address of [...home, ...others]) expect(isPrivate(address), address).toBe(true)
    for (const address of ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2001:db8::1", "::ffff:8.8.8.8"])
      expect(isPrivate(address), address).toBe(false)
  })

  it.live("is found by name", () =>
    Effect.gen(function* () {
      expect(yield* addressesOf("192.0.2.1")).toEqual(["192.0.2.1"])
      expect(yield* addressesOf("[2001:db8::1]")).toEqual(["2001:db8::1"])
      expect((yield* addressesOf("localhost")).every(isPrivate)).toBe(true)
    })
  )
})

describe("the reason why a server is not reached", () => {
  it("is found at any depth of causes, with its own remedy", () => {
    const cause = Object.assign(new Error("connect"), { code: "ECONNREFUSED" })
    expect(codeOf(new Error("fetch failed", { cause: new Error("deeper", { cause }) }))).toBe(
      "ECONNREFUSED"
    )
    expect(codeOf(new Error("without"))).toBeUndefined()
    const words = [
      "ECONNREFUSED",
      "ENOTFOUND",
      "ETIMEDOUT",
      "EHOSTUNREACH",
      "ECONNRESET",
      "SELF_SIGNED_CERT_IN_CHAIN",
      "CERT_HAS_EXPIRED",
      "ERR_TLS_CERT_ALTNAME_INVALID",
      "EPROTO"
    ].map((code) => reasonOf(code, "db:5432", "DATABASE_URL"))
    expect(new Set(words).size).toBe(words.length)
    for (const one of words) expect(one).toContain("db:5432")
    expect(reasonOf("EWHAT", "db:5432", "DATABASE_URL")).toBeUndefined()
  })
})
