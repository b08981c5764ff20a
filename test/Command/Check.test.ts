import { createServer } from "node:http"
import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { scopedSimulator } from "../../src/Testing/mod.ts"
import { at, freePort, runToEnd } from "../support/ServiceProcess.ts"
import { foundWith } from "./Check/found.ts"

/** Answers everything the same, as what is not Evolution may. */
const answering = (status: number, body: string) =>
  Effect.acquireRelease(
    Effect.async<{ readonly url: string; readonly stop: () => void }>((resume) => {
      const server = createServer((_request, response) => {
        response.writeHead(status, { "content-type": "text/html" }).end(body)
      }).listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, stop: () => server.close() }))
      })
    }),
    ({ stop }) => Effect.sync(stop)
  )

const evolutionAt = (EVOLUTION_API_URL: string) => ({
  EVOLUTION_API_URL,
  EVOLUTION_API_KEY: "sesame-open-for-us"
})

const unseen = ["unknown key", "unknown websocket", "unknown global events"]

describe("a check of Evolution", { timeout: 30_000 }, () => {
  it.scopedLive("succeeds on a sound Evolution, and finds out if events are global", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator()
      evolution.add("shop-1")
      const chatter = setInterval(() => evolution.emit("shop-1", "presence.update", {}), 20)
      yield* Effect.addFinalizer(() => Effect.sync(() => clearInterval(chatter)))
      const { lines, troubles } = yield* foundWith(at(evolution), {
        patience: Duration.seconds(10)
      })
      expect(troubles).toEqual([])
      expect(lines.map((line) => line.slice(0, line.indexOf(":")))).toEqual([
        "ok       settings",
        "ok       database",
        "ok       Evolution",
        "ok       version",
        "ok       key",
        "ok       websocket",
        "ok       global events"
      ])
    })
  )

  it.scopedLive("reports a wrong key", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator()
      const found = yield* foundWith({ ...at(evolution), EVOLUTION_API_KEY: "sesame-open-for-us" })
      expect(found.troubles).toEqual(["failed key", "failed websocket", "unknown global events"])
      expect(found.of("key")).toContain("AUTHENTICATION_API_KEY")
      expect(found.of("websocket")).toContain('"Invalid global token"')
      expect(found.lines.join()).not.toContain("sesame")
    })
  )

  it.scopedLive("reports the token of an instance in place of the global key", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator()
      const { token } = evolution.add("shop-1")
      for (const others of [[], ["shop-2", "shop-3"]]) {
        for (const name of others) evolution.add(name)
        const found = yield* foundWith({ ...at(evolution), EVOLUTION_API_KEY: token })
        expect(found.troubles).toEqual(["failed key", "unknown global events"])
        expect(found.of("key")).toMatch(
          /^it is the token of one instance, .*AUTHENTICATION_API_KEY$/
        )
        expect(found.lines.join()).not.toContain(token)
      }
      // One instance alone is no reason to doubt the global key.
      const alone = yield* scopedSimulator()
      alone.add("shop-1")
      expect((yield* foundWith(at(alone))).of("key")).toBe(
        "Evolution accepts it, and has 1 instances"
      )
    })
  )

  it.scopedLive("reports a closed port and an unknown host", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const nobody = yield* foundWith(evolutionAt(`http://127.0.0.1:${port}`))
      expect(nobody.troubles).toEqual(["failed Evolution", ...unseen])
      expect(nobody.of("Evolution")).toContain(`nothing listens at http://127.0.0.1:${port}`)
      const nowhere = yield* foundWith(evolutionAt("http://evolution.invalid:8080"))
      // Who asks for names may be away, too.
      expect(nowhere.of("Evolution")).toMatch(/\(DNS\)|in time/)
    })
  )

  it.scopedLive("reports another server, or only a proxy", () =>
    Effect.gen(function* () {
      const other = yield* answering(200, "<h1>Welcome to nginx</h1>")
      const { of, troubles } = yield* foundWith(evolutionAt(other.url))
      expect(troubles).toEqual(["failed Evolution", ...unseen])
      expect(of("Evolution")).toContain(
        "Something between us and Evolution answers HTTP 200 with HTML"
      )
      const proxy = yield* answering(502, "<h1>Bad gateway</h1>")
      expect((yield* foundWith(evolutionAt(proxy.url))).of("Evolution")).toContain("HTTP 502")
    })
  )

  it.scopedLive("reports disabled websockets", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator({ webSocket: false })
      const found = yield* foundWith(at(evolution))
      expect(found.troubles).toEqual(["failed websocket", "unknown global events"])
      expect(found.of("websocket")).toContain("WEBSOCKET_ENABLED=true")
    })
  )

  it.scopedLive("reports a missing licence, although sockets connect without one", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator({ version: "2.4.0-rc2" })
      evolution.refuse("license")
      const found = yield* foundWith(at(evolution))
      expect(found.troubles).toEqual(["warning version", "failed key", "unknown global events"])
      expect(found.of("key")).toContain("HTTP 503")
      expect(found.of("key")).toContain("/manager/login")
    })
  )

  it.scopedLive("reports an old version, and a socket that needs no key", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator({ version: "2.2.3", isAllowedHost: true })
      const found = yield* foundWith(at(evolution))
      expect(found.troubles).toEqual([
        "failed version",
        "warning socket without a key",
        "unknown global events"
      ])
      expect(found.of("version")).toContain("Evolution 2.2.3 is too old")
      expect(found.of("socket without a key")).toContain("WEBSOCKET_ALLOWED_HOSTS=none")
      // It leaves nobody behind who would wait for 45 s.
      expect(evolution.connections()).toBe(0)
    })
  )
})

describe("a check of global events", { timeout: 30_000 }, () => {
  it.scopedLive("draws no conclusion from silence", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator({ globalEvents: false })
      const found = yield* foundWith(at(evolution))
      expect(found.troubles).toEqual(["unknown global events"])
      expect(found.of("global events")).toMatch(/nothing was heard for 300ms.*--probe/)
    })
  )

  it.scopedLive("finds them off if an event comes only in a namespace", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator({ globalEvents: false })
      evolution.add("shop-1")
      const speak = () => evolution.emit("shop-1", "presence.update", {})
      speak() // before that there is no namespace
      const chatter = setInterval(speak, 20)
      yield* Effect.addFinalizer(() => Effect.sync(() => clearInterval(chatter)))
      const found = yield* foundWith(at(evolution), { patience: Duration.seconds(10) })
      expect(found.troubles).toEqual(["failed global events"])
      expect(found.of("global events")).toContain('off: "shop-1" was heard in its own namespace')
      expect(found.of("global events")).toContain("WEBSOCKET_GLOBAL_EVENTS=true")
    })
  )

  it.scopedLive("causes an event on demand and leaves nothing behind", () =>
    Effect.gen(function* () {
      for (const globalEvents of [true, false]) {
        const evolution = yield* scopedSimulator({ globalEvents })
        const emitted: Array<string> = []
        evolution.onEmit(({ event }) => emitted.push(event))
        const found = yield* foundWith(at(evolution), {
          probe: true,
          patience: globalEvents ? Duration.seconds(10) : Duration.millis(300)
        })
        expect(found.troubles).toEqual(globalEvents ? [] : ["failed global events"])
        expect(found.of("global events")).toMatch(
          globalEvents ? /^on: heard "evolution-listener-check-/ : /^off: an instance was created/
        )
        yield* Effect.repeat(
          Effect.sync(() => evolution.instances().length),
          { until: (count) => count === 0 }
        )
        // No phone was asked for.
        expect(emitted).toEqual(["instance.create", "instance.delete", "remove.instance"])
      }
    })
  )

  it.scopedLive("does without them in auto mode, and says so", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator({ globalEvents: false })
      const found = yield* foundWith(
        { ...at(evolution), EVOLUTION_MODE: "auto" },
        { probe: true, patience: Duration.millis(300) }
      )
      expect(found.troubles).toEqual([])
      expect(found.of("global events")).toMatch(/^off: .*EVOLUTION_MODE=auto then listens/)
    })
  )

  it.scopedLive("does not need them in namespace mode", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator({ globalEvents: false })
      const found = yield* foundWith({ ...at(evolution), EVOLUTION_MODE: "namespace" })
      expect(found.troubles).toEqual([])
    })
  )
})

describe("a check of the settings", { timeout: 60_000 }, () => {
  it.scopedLive("reports every wrong setting and examines nothing else", () =>
    Effect.gen(function* () {
      const found = yield* foundWith({ EVOLUTION_MODE: "both", HOST: "0.0.0.0" })
      expect(found.lines.map((line) => line.split(": ").slice(0, 2).join(": "))).toEqual([
        "FAILED   settings: EVOLUTION_API_URL",
        "FAILED   settings: EVOLUTION_API_KEY",
        "FAILED   settings: EVOLUTION_MODE",
        "FAILED   settings: API_KEY"
      ])
    })
  )

  it.scopedLive("exits with 0 or 1, and refuses unknown arguments", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator()
      const { url, apiKey } = evolution
      const well = yield* runToEnd({ ...at({ url, apiKey }) }, ["--check", "--probe"])
      expect([well.code, well.lines.filter((line) => !line.startsWith("ok "))]).toEqual([0, []])
      const wrong = yield* runToEnd({ ...at({ url, apiKey: "wrong" }) }, ["--check"])
      expect(wrong.code).toBe(1)
      expect(wrong.lines.at(-1)).toBe(
        "evolution-listener: The check found 2 things that have to be mended"
      )
      const odd = yield* runToEnd({ ...at({ url, apiKey }) }, ["--check", "--everything"])
      expect([odd.code, odd.lines]).toEqual([1, ["evolution-listener: Usage: --check [--probe]"]])
    })
  )
})
