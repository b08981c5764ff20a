import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Tracing from "../../src/Telemetry/Tracing.ts"
import { scopedSimulator as simulator } from "../../src/Testing/mod.ts"
import { makeLines } from "../support/Lines.ts"
import { type ReceivedSpan, receiver } from "../support/OtlpReceiver.ts"
import {
  at,
  listener,
  source,
  startService,
  temporaryDirectory
} from "../support/ServiceProcess.ts"
import { settings } from "../support/settings.ts"

const planted = {
  key: "planted-key-of-the-callers",
  evolution: "planted-key-of-evolution",
  token: "planted-token-of-the-instance",
  text: "planted words that somebody wrote",
  number: "5511999994444",
  query: "planted-in-a-query",
  header: "planted-in-a-header",
  path: "planted-in-a-path",
  otlp: "planted-key-of-the-receiver"
}

/** Every secret that came into the service, looked for in what went out of it. */
const found = (text: string) => Object.values(planted).filter((secret) => text.includes(secret))

describe("traces", () => {
  it.scopedLive(
    "tell of requests, commands, dials, batches, calls and back-fill, and no secret of any",
    () =>
      Effect.gen(function* () {
        const collector = yield* receiver
        const evolution = yield* simulator({ apiKey: planted.evolution })
        const phone = { ownerJid: `${planted.number}@s.whatsapp.net`, state: "open" } as const
        evolution.add("loja-1", { ...phone, token: planted.token })
        const service = yield* startService({
          ...at(evolution),
          API_KEY: planted.key,
          AUTO_START: "off",
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
          OTEL_EXPORTER_OTLP_HEADERS: `x-team=${planted.otlp}%20%21`,
          DATA_DIR: yield* temporaryDirectory
        })
        const ask = (method: string, path: string, headers: Record<string, string> = {}) =>
          Effect.promise(async () => {
            const all = { apikey: planted.key, "user-agent": planted.header, ...headers }
            const response = await fetch(`${service.url}${path}`, { method, headers: all })
            return { status: response.status, body: await response.json().catch(() => null) }
          })
        const until = (wanted: (body: never) => boolean) =>
          Effect.repeat(ask("GET", "/instances/loja-1"), {
            until: ({ body }) => wanted(body as never) // JSON as it comes
          })
        yield* ask("POST", "/instances/loja-1/start")
        yield* until((body) => listener(body) === "Listening")
        const say = (id: string) =>
          evolution.emit("loja-1", "messages.upsert", {
            key: { id, remoteJid: "5511@s.whatsapp.net", fromMe: false },
            message: { conversation: planted.text },
            messageTimestamp: Math.floor(Date.now() / 1000)
          })
        say("A1")
        yield* Effect.promise(() => evolution.showQr("loja-1"))
        yield* ask("GET", `/events?event=${planted.query}`)
        yield* ask("GET", `/no/${planted.path}`)
        yield* ask("GET", "/instances", { apikey: `${planted.header}-wrong` })
        yield* ask("GET", "/instances", {
          traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
          cookie: planted.header
        })
        yield* ask("POST", `/instances/loja-1/pair`)
        yield* ask("GET", "/metrics")
        // A gap, a refused dial, and what was said meanwhile.
        evolution.refuse({ status: 400, body: `Invalid ${planted.evolution}` })
        evolution.drop()
        yield* until((body) => JSON.stringify(body).includes("UpgradeRefused"))
        say("A2")
        evolution.refuse(undefined)
        yield* ask("POST", "/instances/loja-1/restart")
        yield* until(
          ({ gaps }: { gaps: { open: unknown; unrecovered: number } }) =>
            gaps.open === null && gaps.unrecovered === 0
        )
        expect((yield* service.stop("SIGTERM")).code).toBe(0)

        const spans = collector.spans()
        const named = (name: string) => spans.filter((span) => span.name === name)
        const first = (name: string): ReceivedSpan => {
          const [span] = named(name)
          if (span === undefined)
            throw new Error(`No "${name}" in ${[...new Set(spans.map(({ name }) => name))]}`)
          return span
        }
        // A request, the command in it; and what goes on afterwards is apart.
        const request = first("POST /instances/:name/start")
        expect(request).toMatchObject({
          kind: 2,
          attributes: { "http.request.method": "POST", "http.response.status_code": 202 }
        })
        const command = first("listener.start")
        expect(command.traceId).toBe(request.traceId)
        expect(command.attributes).toEqual({ instance: "loja-1" })
        for (const name of ["evolution.dial", "ingest.batch", "backfill.gap"])
          for (const { parentSpanId } of named(name)) expect(parentSpanId, name).toBeUndefined()
        expect(named("ingest.batch").map(({ attributes }) => attributes)).toContainEqual({
          "batch.events": 1
        })
        expect(named("evolution.dial").map(({ isError }) => isError)).toContain(true)
        expect(first("evolution GET /instance/connectionState/:name")).toMatchObject({
          kind: 3,
          attributes: {
            instance: "loja-1",
            "http.response.status_code": 200,
            "url.template": "/instance/connectionState/:name"
          }
        })
        const page = first("backfill.page")
        expect(page.attributes).toMatchObject({ instance: "loja-1", "backfill.fetched": 1 })
        expect(first("backfill.gap").spanId).toBe(page.parentSpanId)
        expect(
          named("evolution POST /chat/findMessages/:name").map(({ parentSpanId }) => parentSpanId)
        ).toContain(page.spanId)
        // Callers' own traces go on here.
        expect(named("GET /instances").map(({ parentSpanId }) => parentSpanId)).toContain(
          "b7ad6b7169203331"
        )
        expect(named("GET ?")[0]?.attributes["http.response.status_code"]).toBe(404)
        expect(spans.some(({ name }) => /health|metrics|sql|http\./.test(name))).toBe(false)
        expect(spans.flatMap(({ events }) => events.length > 0 && !events)).toEqual(
          spans.map(() => false)
        )
        expect(collector.resource()["service.name"]).toBe("evolution-listener")
        expect(found(collector.text())).toEqual([])
        expect(collector.text()).not.toMatch(/2@loja-1|apikey|messages\.upsert/)
        expect(found(service.output())).toEqual([])
        expect(collector.headers[0]).toContain(`"x-team":"${planted.otlp} !"`)
        expect(collector.headers[0]).toMatch(/^POST \/v1\/traces /)
      }),
    60_000
  )

  it.scoped("are not sent, and their package is not loaded, without an endpoint", () =>
    Effect.gen(function* () {
      const { layer, lines } = yield* makeLines
      const tracer = Effect.map(Effect.tracer, (now) => now)
      const before = yield* tracer
      const after = yield* tracer.pipe(
        Effect.provide(Tracing.layer.pipe(Layer.provide(settings({})), Layer.provide(layer)))
      )
      expect(after).toBe(before)
      expect(lines).toEqual([])
    })
  )

  it.scopedLive(
    "are missing with one clear line, and nothing else is, where the package is not installed",
    () =>
      Effect.gen(function* () {
        const hooks = `export const resolve = (name, context, next) =>
          name.startsWith("@effect/opentelemetry")
            ? Promise.reject(Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" }))
            : next(name, context)`
        const data = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`
        const register = data(
          `import { register } from "node:module"; register(${JSON.stringify(data(hooks))})`
        )
        const evolution = yield* simulator()
        const service = yield* startService(
          {
            ...at(evolution),
            NODE_OPTIONS: `--import ${register}`,
            OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
            DATA_DIR: yield* temporaryDirectory
          },
          { program: source }
        )
        yield* service.call("/instances/loja-1/start", { method: "POST" })
        expect((yield* service.stop("SIGTERM")).code).toBe(0)
        const told = service
          .output()
          .split("\n")
          .filter((line) => line.includes("OTEL_EXPORTER_OTLP_ENDPOINT"))
        expect(told).toHaveLength(1)
        expect(told[0]).toContain("install @effect/opentelemetry 0.64.1")
      }),
    60_000
  )
})
