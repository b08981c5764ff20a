import { createServer } from "node:http"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { type Settings, scopedSimulator } from "../../src/Testing/mod.ts"
import { at, startService, temporaryDirectory } from "../support/ServiceProcess.ts"

const timeout = 90_000

const start = (
  settings: Partial<Settings>,
  variables: Readonly<Record<string, string>> = {},
  isUsed = true
) =>
  Effect.gen(function* () {
    const evolution = yield* scopedSimulator(settings)
    if (isUsed) evolution.add("loja-1", { state: "open", ownerJid: "5511999990001@s.whatsapp.net" })
    const service = yield* startService({
      ...at(evolution),
      ...variables,
      DATA_DIR: yield* temporaryDirectory
    })
    return { evolution, service }
  })

/** The five lines, as they are said first. */
const report = (output: string): ReadonlyArray<string> =>
  output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => String(JSON.parse(line).message))
    .filter((line) =>
      /^(Evolution |Instances at|Instances: |Listened to:|Events:|What is so)/.test(line)
    )

/** A port on which nothing listens: it was just left. */
const deadPort = Effect.promise(
  () =>
    new Promise<string>((resolve) => {
      const server = createServer().listen(0, "127.0.0.1", () => {
        const address = server.address()
        server.close(() => resolve(typeof address === "object" ? String(address?.port) : ""))
      })
    })
)

/** A web server that is not Evolution. */
const stranger = Effect.acquireRelease(
  Effect.promise(
    () =>
      new Promise<ReturnType<typeof createServer>>((resolve) => {
        const server = createServer((_request, response) => {
          response.writeHead(404, { "content-type": "text/html" }).end("<h1>Welcome to nginx!</h1>")
        }).listen(0, "127.0.0.1", () => resolve(server))
      })
  ),
  (server) => Effect.sync(() => server.close())
)

interface Expected {
  readonly condition: string
  readonly userAction: string
  readonly words: RegExp
}

const tells = (
  { service }: Effect.Effect.Success<ReturnType<typeof start>>,
  { condition, userAction, words }: Expected
) =>
  Effect.gen(function* () {
    const summary = yield* service.until(
      "/summary",
      (body) => String(body.condition) === condition,
      30_000
    )
    expect(summary).toMatchObject({ condition, userAction, message: expect.stringMatching(words) })
    const { status } = yield* service.call("/health/ready")
    expect(status).toBe(200)
    yield* Effect.repeat(
      Effect.sync(() => report(service.output()).length),
      { until: (length) => length >= 5, schedule: Schedule.spaced("100 millis") }
    )
    const lines = report(service.output())
    expect(lines.length).toBe(5)
    return lines
  })

describe("A first start on an empty database", () => {
  it.scopedLive(
    "tells a wrong key",
    () =>
      Effect.gen(function* () {
        const world = yield* start({}, { EVOLUTION_API_KEY: "a-wrong-key" })
        const expected = { condition: "key_refused", userAction: "check_api_key" }
        const lines = yield* tells(world, { ...expected, words: /EVOLUTION_API_KEY/ })
        expect(lines.join("\n")).toMatch(/Instances: not known/)
        expect(world.service.output()).not.toContain("a-wrong-key")
      }),
    { timeout }
  )

  it.scopedLive(
    "tells a wrong port",
    () =>
      Effect.gen(function* () {
        const port = yield* deadPort
        const world = yield* start({}, { EVOLUTION_API_URL: `http://127.0.0.1:${port}` })
        const expected = { condition: "not_reached", userAction: "wait" }
        const lines = yield* tells(world, {
          ...expected,
          words: /does not answer at .*ECONNREFUSED/
        })
        expect(lines[0]).toContain(`does not answer at http://127.0.0.1:${port}`)
      }),
    { timeout }
  )

  it.scopedLive(
    "tells a port at which something else answers",
    () =>
      Effect.gen(function* () {
        const address = (yield* stranger).address()
        const port = typeof address === "object" ? address?.port : 0
        const world = yield* start({}, { EVOLUTION_API_URL: `http://127.0.0.1:${port}` })
        const expected = { condition: "not_reached", userAction: "wait" }
        yield* tells(world, { ...expected, words: /EVOLUTION_API_URL/ })
      }),
    { timeout }
  )

  // EvolutionAPI/evolution-api#1101: an upgrade to another version, and websockets are off.
  it.scopedLive(
    "tells websockets that are off, also without any instance",
    () =>
      Effect.gen(function* () {
        const world = yield* start({ webSocket: false }, {}, false)
        const expected = { condition: "websocket_disabled", userAction: "enable_websocket" }
        const lines = yield* tells(world, { ...expected, words: /WEBSOCKET_ENABLED=true/ })
        expect(lines.slice(0, 2)).toEqual([
          expect.stringMatching(/^Evolution 2\.3\.7 at http/),
          "Instances at Evolution: 0"
        ])
      }),
    { timeout }
  )

  // EvolutionAPI/evolution-api#853: it connects and emits nothing.
  it.scopedLive(
    "tells that events are not proven while global events are off, and then that they do not come",
    () =>
      Effect.gen(function* () {
        const world = yield* start({ globalEvents: false })
        const unproven = { condition: "unproven", userAction: "none" }
        const lines = yield* tells(world, { ...unproven, words: /No event has come yet/ })
        expect(lines[3]).toContain("not proven")
        yield* world.service.call("/instances", { body: { name: "loja-2" } })
        yield* tells(world, {
          condition: "not_broadcast",
          userAction: "enable_global_events",
          words: /WEBSOCKET_GLOBAL_EVENTS=true/
        })
        const { body } = yield* world.service.call("/summary")
        expect(body.evolution?.events?.evidence).toContain("loja-2")
      }),
    { timeout }
  )

  it.scopedLive(
    "tells that all is well, and proves it by the first event",
    () =>
      Effect.gen(function* () {
        const world = yield* start({})
        yield* world.service.until(
          "/summary",
          ({ instances }) => Number(instances?.listeners?.Listening) === 1
        )
        world.evolution.emit("loja-1", "presence.update", {})
        const expected = { condition: "well", userAction: "none" }
        const lines = yield* tells(world, { ...expected, words: /nothing to do/ })
        expect(lines[1]).toBe("Instances at Evolution: 1")
        expect(lines[2]).toContain("Listened to: 1 of 1")
        const metrics = yield* Effect.promise(() =>
          fetch(`${world.service.url}/metrics`, { headers: { apikey: "a-key-of-the-test" } }).then(
            (answer) => answer.text()
          )
        )
        expect(metrics).toContain('evolution_listener_events_flow{state="proven"} 1')
      }),
    { timeout }
  )

  it.scopedLive(
    "asks for an instance's events at once in namespace mode",
    () =>
      Effect.gen(function* () {
        const { evolution, service } = yield* start(
          { globalEvents: false },
          { EVOLUTION_MODE: "namespace" },
          false
        )
        evolution.add("loja-1", { websocket: null, state: "open" })
        yield* service.call("/instances/loja-1/start", { method: "POST" })
        yield* Effect.repeat(
          Effect.sync(() => evolution.instance("loja-1").websocket),
          {
            until: (settings) => settings?.enabled === true,
            schedule: Schedule.spaced("50 millis")
          }
        ).pipe(Effect.timeout("20 seconds"))
      }),
    { timeout }
  )
})
