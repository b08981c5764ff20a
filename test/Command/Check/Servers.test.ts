import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { scopedSimulator } from "../../../src/Testing/mod.ts"
import { runToEnd } from "../../support/ServiceProcess.ts"
import { foundWith } from "./found.ts"

interface At {
  readonly url: string
  readonly apiKey: string
}

const of = (eu: At, br: At) => ({
  EVOLUTION_SERVERS: "eu,br-2",
  EVOLUTION_API_URL__EU: eu.url,
  EVOLUTION_API_KEY__EU: eu.apiKey,
  EVOLUTION_API_URL__BR_2: br.url,
  EVOLUTION_API_KEY__BR_2: br.apiKey
})

const subjects = (lines: ReadonlyArray<string>) =>
  lines.map((line) => line.split(": ").slice(0, 2).join(": "))

describe("a check of several servers", { timeout: 30_000 }, () => {
  it.scopedLive("names the server in each line about it, and goes on after one that fails", () =>
    Effect.gen(function* () {
      const br = yield* scopedSimulator({ webSocket: false })
      const nobody = { url: "http://127.0.0.1:9", apiKey: "weak" }
      const { lines, of: about } = yield* foundWith(of(nobody, br))
      expect(subjects(lines)).toEqual([
        "ok       settings: complete and well-formed",
        "warning  eu: EVOLUTION_API_KEY__EU is weak",
        expect.stringMatching(/^ok {7}database: /),
        "FAILED   eu: Evolution",
        "unknown  eu: key",
        "unknown  eu: websocket",
        "unknown  eu: global events",
        "ok       br-2: Evolution",
        "ok       br-2: version",
        "ok       br-2: key",
        "FAILED   br-2: websocket",
        "unknown  br-2: global events"
      ])
      expect(lines).toContain(`ok       br-2: Evolution: it answers at ${br.url}`)
      expect(about("eu: Evolution")).toContain("nothing listens at http://127.0.0.1:9")
    })
  )

  it.scopedLive("names the variables of the server, and repeats no key", () =>
    Effect.gen(function* () {
      const [eu, br] = [yield* scopedSimulator(), yield* scopedSimulator({ globalEvents: false })]
      const found = yield* foundWith({
        ...of({ url: eu.url, apiKey: "sesame-open-for-us" }, br),
        EVOLUTION_MODE__BR_2: "auto"
      })
      expect(found.troubles).toEqual([
        "failed eu: key",
        "failed eu: websocket",
        "unknown eu: global events",
        "unknown br-2: global events"
      ])
      expect(found.of("eu: key")).toBe(
        "Evolution refuses it: EVOLUTION_API_KEY__EU has to be Evolution's AUTHENTICATION_API_KEY"
      )
      expect(found.lines.join()).not.toContain("sesame")
    })
  )

  it.scopedLive("makes an event happen at each of them on demand", () =>
    Effect.gen(function* () {
      const [eu, br] = [yield* scopedSimulator(), yield* scopedSimulator({ globalEvents: false })]
      const found = yield* foundWith(
        { ...of(eu, br), EVOLUTION_MODE__BR_2: "auto" },
        { probe: true, patience: Duration.seconds(1) }
      )
      expect(found.troubles).toEqual([])
      expect(found.of("eu: global events")).toMatch(/^on: heard "evolution-listener-check-/)
      expect(found.of("br-2: global events")).toMatch(
        /EVOLUTION_MODE__BR_2=auto then listens by namespaces$/
      )
    })
  )

  it.scopedLive("names no server where there is one, but its own variables", () =>
    Effect.gen(function* () {
      const found = yield* foundWith({
        EVOLUTION_SERVERS: "eu",
        EVOLUTION_API_URL__EU: "http://127.0.0.1:9",
        EVOLUTION_API_KEY__EU: "weak"
      })
      expect(found.troubles).toEqual([
        "warning EVOLUTION_API_KEY__EU is weak",
        "failed Evolution",
        "unknown key",
        "unknown websocket",
        "unknown global events"
      ])
    })
  )

  it.scopedLive("counts the failures of all, and exits with 1", () =>
    Effect.gen(function* () {
      const br = yield* scopedSimulator()
      const nobody = { url: "http://127.0.0.1:9", apiKey: "nobody-has-this-key-9" }
      const wrong = yield* runToEnd(of(nobody, { url: br.url, apiKey: "wrong" }), ["--check"])
      expect(wrong.code).toBe(1)
      expect(wrong.lines.at(-1)).toBe(
        "evolution-listener: The check found 3 things that have to be mended"
      )
    })
  )
})
