import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect, Option, Redacted } from "effect"
import * as Settings from "../../src/AppConfig/Settings.ts"
import * as AppConfig from "../../src/AppConfig.ts"

const load = (EVOLUTION_API_URL: string, variables: Readonly<Record<string, string>>) =>
  Effect.provide(
    AppConfig.evolutionProxy,
    Settings.layerFrom(
      ConfigProvider.fromMap(new Map(Object.entries({ EVOLUTION_API_URL, ...variables })))
    )
  )

/** `host:port` of the proxy that is used, or `direct`. */
const wayTo = (url: string, variables: Readonly<Record<string, string>>) =>
  Effect.map(
    load(url, variables),
    Option.match({ onNone: () => "direct", onSome: (proxy) => proxy.url.host })
  )

const https = "https://evolution.example.com"
const all = { HTTPS_PROXY: "http://a:1", HTTP_PROXY: "http://a:1" }

describe("the hosts of NO_PROXY", () => {
  it.effect("are found by their whole names, whatever stands around them", () =>
    Effect.gen(function* () {
      for (const [list, url, way] of [
        ["..example.com", https, "direct"],
        ["*..example.com", https, "direct"],
        ["example.com..", https, "direct"],
        ["a,,  b , example.com", https, "direct"],
        [":443", https, "a:1"],
        ["*.", https, "a:1"],
        ["evolution[.example.com]", https, "a:1"],
        ["[evolution.]example.com", https, "a:1"],
        ["[example.com]", https, "direct"],
        ["example.com:80", "http://evolution.example.com", "direct"],
        ["example.com:443", "http://evolution.example.com", "a:1"],
        ["example.com:443", https, "direct"],
        ["example.com:80", https, "a:1"],
        ["x:80", "http://x.example.com", "a:1"],
        ["example.com:80:80", "http://evolution.example.com", "a:1"]
      ] as const)
        expect(yield* wayTo(url, { ...all, NO_PROXY: list }), list).toBe(way)
    })
  )

  it.effect("except no host of which they name a port alone, or nothing", () =>
    Effect.gen(function* () {
      for (const list of ["[]", "[]:443", "*.:443", ".", ".."])
        expect(yield* wayTo("https://evolution.example.com..", { ...all, NO_PROXY: list })).toBe(
          "a:1"
        )
    })
  )
})

describe("the address of the proxy", () => {
  it.effect("is taken with spaces around it", () =>
    Effect.gen(function* () {
      expect(yield* wayTo(https, { HTTPS_PROXY: " http://a:1 " })).toBe("a:1")
      expect(yield* wayTo(https, { HTTPS_PROXY: "http://proxy.corp" })).toBe("proxy.corp")
      expect(yield* wayTo(https, { EVOLUTION_PROXY: " off ", HTTPS_PROXY: "http://a:1" })).toBe(
        "direct"
      )
    })
  )

  it.effect("turns off nothing in a variable of all programs", () =>
    Effect.gen(function* () {
      expect(yield* wayTo(https, { HTTPS_PROXY: "off" })).toBe("off")
    })
  )

  it.effect("has the scheme http, https or none", () =>
    Effect.gen(function* () {
      const expected =
        "HTTPS_PROXY: Expected an address such as http://user:password@proxy.example.com:3128, in which the characters of the password that are not letters and digits are percent-encoded"
      const wayOut =
        "set EVOLUTION_PROXY to an HTTP proxy for Evolution, or EVOLUTION_PROXY=off to use none"
      for (const [address, line] of [
        ["xhttp://a:1", `${expected}; or ${wayOut}`],
        ["httpsx://a:1", `${expected}; or ${wayOut}`],
        ["xsocks://a:1", `${expected}; or ${wayOut}`],
        ["//", `${expected}; or ${wayOut}`],
        ["http://u:p%zz@a:1", expected],
        ["http://%zz:p@a:1", expected],
        ["SOCKS5://a:1", `HTTPS_PROXY: It is a SOCKS proxy, which is not supported: ${wayOut}`]
      ] as const)
        expect(
          AppConfig.explain(yield* Effect.flip(load(https, { HTTPS_PROXY: address }))),
          address
        ).toEqual([line])
    })
  )

  it.effect("has no credentials, or an empty password, if it names none", () =>
    Effect.gen(function* () {
      const authorization = (given: string) =>
        Effect.map(load(https, { HTTPS_PROXY: `http://${given}a:1` }), (proxy) => {
          const value = Option.getOrThrow(proxy).authorization
          return value && Buffer.from(Redacted.value(value).slice(6), "base64").toString()
        })
      expect(yield* authorization("")).toBeUndefined()
      expect(yield* authorization("@")).toBeUndefined()
      expect(yield* authorization("u@")).toBe("u:")
      expect(yield* authorization(":@")).toBe(":")
    })
  )
})
