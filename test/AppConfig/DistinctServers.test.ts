import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as Settings from "../../src/AppConfig/Settings.ts"
import { linesOf, told, two } from "./TwoServers.ts"

const optionsOf = (servers: NonNullable<Settings.Options["servers"]>) =>
  Effect.provide(told, Settings.layer({ servers })).pipe(
    Effect.catchAll((error) => Effect.succeed(Settings.explain(error)))
  )

describe("a start with several servers", () => {
  it.effect("takes settings that lack nothing", () =>
    Effect.gen(function* () {
      const strange = {
        EVOLUTION_SERVERS: "-a--b-,default",
        EVOLUTION_API_URL__DEFAULT: "http://d"
      }
      const keys = { EVOLUTION_API_KEY___A__B_: "k", EVOLUTION_API_KEY: "k" }
      expect(yield* linesOf(two)).toEqual([])
      expect(
        yield* linesOf({ ...strange, ...keys, EVOLUTION_API_URL___A__B_: "http://a" })
      ).toEqual([])
    })
  )

  it.effect("reports every wrong value of each server by its own variable, once", () =>
    Effect.gen(function* () {
      expect(
        yield* linesOf({
          ...two,
          EVOLUTION_API_URL__EU: "ftp://sesame",
          EVOLUTION_API_KEY__BR_2: "se same",
          EVOLUTION_MODE__EU: "sesame",
          EVOLUTION_PROXY__BR_2: "socks5://sesame:1",
          BACKFILL_LIMIT__BR_2: "-1",
          QUEUE_MAX_MIB: "0",
          EVENT_RETENTION__EU: "1 second",
          PORT: "none"
        })
      ).toEqual([
        "EVOLUTION_API_URL__EU: Expected an http:// or https:// address",
        "EVOLUTION_MODE__EU: Expected one of (global, namespace, auto)",
        "QUEUE_MAX_MIB: Expected 1 or more",
        "EVENT_RETENTION__EU: Expected 1 hour at the least and 36500 days at the most",
        "EVOLUTION_API_KEY__BR_2: Expected visible ASCII characters, without spaces and line breaks",
        "BACKFILL_LIMIT__BR_2: Expected 0 or more",
        "EVOLUTION_PROXY__BR_2: It is a SOCKS proxy, which is not supported: set EVOLUTION_PROXY__BR_2 to an HTTP proxy for Evolution, or EVOLUTION_PROXY__BR_2=off to use none",
        "PORT: Expected a network port value"
      ])
      expect(yield* linesOf({ EVOLUTION_SERVERS: "eu,br" })).toEqual([
        "EVOLUTION_API_URL__EU: not set",
        "EVOLUTION_API_KEY__EU: not set",
        "EVOLUTION_API_URL__BR: not set",
        "EVOLUTION_API_KEY__BR: not set"
      ])
    })
  )

  it.effect("refuses a variable of a server that is not there, and names the nearest one", () =>
    Effect.gen(function* () {
      const unknown = (name: string, nearest: string) =>
        `${name}: EVOLUTION_SERVERS does not have this server: add it there, or set ${nearest}`
      expect(
        yield* linesOf({
          ...two,
          EVOLUTION_API_URL__EUU: "http://x",
          QUEUE_MAX_AGE__BR2: "1 minute",
          AUTO_START__BR: "off",
          EVENT_OMIT__: "",
          BACKFILL_LIMIT__RB_2: "1"
        })
      ).toEqual([
        unknown("AUTO_START__BR", "AUTO_START__EU"),
        unknown("BACKFILL_LIMIT__RB_2", "BACKFILL_LIMIT__BR_2"),
        unknown("EVENT_OMIT__", "EVENT_OMIT__EU"),
        unknown("EVOLUTION_API_URL__EUU", "EVOLUTION_API_URL__EU"),
        unknown("QUEUE_MAX_AGE__BR2", "QUEUE_MAX_AGE__BR_2")
      ])
      const one = { EVOLUTION_API_URL: "http://a", EVOLUTION_API_KEY: "key" }
      expect(yield* linesOf({ ...one, EVOLUTION_API_KEY__EU: "key" })).toEqual([
        unknown("EVOLUTION_API_KEY__EU", "EVOLUTION_API_KEY")
      ])
      const { EVOLUTION_API_KEY__EU, EVOLUTION_API_URL__EU } = two
      expect(
        yield* linesOf({
          EVOLUTION_SERVERS: "eu",
          EVOLUTION_API_KEY__EU: EVOLUTION_API_KEY__EU ?? "",
          EVOLUTION_API_URL__EU: EVOLUTION_API_URL__EU ?? "",
          EVOLUTION_MODE__DEFAULT: "auto"
        })
      ).toEqual([unknown("EVOLUTION_MODE__DEFAULT", "EVOLUTION_MODE__EU")])
    })
  )

  it.effect("refuses a setting of the service that is set for one server", () =>
    Effect.gen(function* () {
      const names = ["API_KEY", "DATABASE_URL", "EVOLUTION_SERVERS", "HTTPS_PROXY", "HTTP_PROXY"]
      const others = ["ALL_PROXY", "NODE_TLS_REJECT_UNAUTHORIZED", "NO_PROXY", "PGPASSWORD", "PORT"]
      const all = [...names, ...others].sort()
      const set = Object.fromEntries(all.map((name) => [`${name}__EU`, "sesame"]))
      expect(yield* linesOf({ ...two, ...set })).toEqual(
        all.map((name) => `${name}__EU: It is the same for all servers: set ${name}`)
      )
      // Another program's, and names that only look like ours.
      expect(
        yield* linesOf({
          ...two,
          API_KEY__SHOP: "x",
          PORT_EU: "x",
          PORTS__EU: "x",
          X__PORT__EU: ""
        })
      ).toEqual([])
    })
  )

  it.effect("refuses an address and a key that no server reads", () =>
    Effect.gen(function* () {
      const general = { EVOLUTION_API_URL: "http://a", EVOLUTION_API_KEY: "key" }
      const line = (name: string) =>
        `${name}: No server reads it, as EVOLUTION_SERVERS does not have "default": unset it, or set ${name}__EU`
      expect(yield* linesOf({ ...two, ...general })).toEqual([
        line("EVOLUTION_API_URL"),
        line("EVOLUTION_API_KEY")
      ])
      expect(yield* linesOf({ ...two, EVOLUTION_API_URL: "http://a" })).toEqual([
        line("EVOLUTION_API_URL")
      ])
      expect(yield* linesOf({ ...two, EVOLUTION_API_URL: "", EVOLUTION_API_KEY: "" })).toEqual([])
      expect(yield* linesOf({ ...two, ...general, EVOLUTION_SERVERS: "eu,br-2,default" })).toEqual(
        []
      )
    })
  )

  it.effect("refuses two servers with one address, however it is written", () =>
    Effect.gen(function* () {
      const line = (name: string, server: string) =>
        `${name}: Expected another address than that of server "${server}"`
      const at = (first: string, second: string) =>
        linesOf({ ...two, EVOLUTION_API_URL__EU: first, EVOLUTION_API_URL__BR_2: second })
      const same = [line("EVOLUTION_API_URL__BR_2", "eu")]
      expect(yield* at("http://a.example.com", "HTTP://A.example.com:80//")).toEqual(same)
      expect(yield* at("https://a/api", "https://a:443/api/")).toEqual(same)
      expect(yield* at("http://a", "https://a")).toEqual([])
      expect(yield* at("http://a:1", "http://a:2")).toEqual([])
      expect(yield* at("http://a/1", "http://a/2")).toEqual([])
      expect(
        yield* linesOf({
          ...two,
          EVOLUTION_SERVERS: "eu,default,br-2",
          EVOLUTION_API_URL: "http://eu.example.com/",
          EVOLUTION_API_KEY: "key",
          EVOLUTION_API_URL__BR_2: "http://eu.example.com"
        })
      ).toEqual([line("EVOLUTION_API_URL", "eu"), line("EVOLUTION_API_URL__BR_2", "eu")])
      // A wrong address is told once, and is like no other.
      expect(yield* at("nowhere", "nowhere")).toEqual([
        "EVOLUTION_API_URL__EU: Expected an address such as http://localhost:8080",
        "EVOLUTION_API_URL__BR_2: Expected an address such as http://localhost:8080"
      ])
    })
  )

  it.effect("names options in the place of variables for a program that writes its own", () =>
    Effect.gen(function* () {
      const evolution = { url: "http://a", apiKey: Redacted.make("key") }
      expect(
        yield* optionsOf({
          eu: { evolution, backfillLimit: -1 },
          br: { evolution, queue: { maxMiB: 0 }, autoStart: { mode: "all", only: ["a b"] } }
        })
      ).toEqual([
        "servers.eu.backfillLimit: Expected 0 or more",
        "servers.br.queue.maxMiB: Expected 1 or more",
        'servers.br.evolution.url: Expected another address than that of server "eu"'
      ])
      expect(
        yield* optionsOf({
          "a,b": { evolution, autoStart: { mode: "all", only: ["a,b"] } },
          br: { evolution, retention: { overrides: { "a=b": "1 day" } } }
        })
      ).toEqual([
        "servers.a,b.autoStart: Expected patterns without a comma",
        'servers.br.retention: Expected patterns without a comma and "="',
        "servers: Expected ids without a comma"
      ])
    })
  )
})
