import { connect } from "node:net"
import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, Ref, Schema } from "effect"
import { InstanceName } from "../../src/Domain/Instance.ts"
import * as State from "../../src/Domain/ListenerState.ts"
import { defaultServer } from "../../src/Domain/Server.ts"
import { statusOf } from "../../src/Domain/Status.ts"
import { MalformedRequest } from "../../src/Http/Api.ts"
import type { EventQuery } from "../../src/Log/EventStore.ts"
import { house, key, operationsOf, serve } from "./Service.ts"

const shop = InstanceName.make("shop")
const at = DateTime.unsafeMake(0)
const status = {
  server: defaultServer,
  ...statusOf(
    {
      name: shop,
      desired: "listening",
      desiredAt: at,
      whatsapp: null,
      evolution: null,
      connectingSince: null,
      profile: { phone: null, name: null, pictureUrl: null },
      qr: null,
      qrSequence: 0
    },
    {
      listener: State.stopped(at),
      gaps: { open: null, unrecovered: 0 },
      degraded: null,
      lastEvent: null,
      ignoredEvents: 0
    },
    at
  )
}

const maxBytes = 64 * 1024

describe("a malformed request", () => {
  it.scoped("gets a 400 with the reason as typed JSON", () =>
    Effect.gen(function* () {
      const { call, post } = yield* serve(house())
      const wrong = [
        ["/instances", '{"name":""}', "An instance name has 1 to 255 characters"],
        ["/instances", '{"name":"shop","colour":"red"}', "colour"],
        ["/instances", '{"name":"shop","integration":"TELEGRAM"}', "integration"],
        ["/instances", '{"name":"shop","number":"+5511999990001"}', "A number has 5 to 20 digits"],
        ["/instances", "{}", "name"],
        ["/instances", '"shop"', "Expected an object"],
        ["/instances/a%00b/start", "", "An instance name has 1 to 255 characters"],
        [`/instances/${"a".repeat(256)}/stop`, "", "An instance name has 1 to 255 characters"]
      ] as const
      for (const [path, body, reason] of wrong) {
        const answer = yield* post(path, body)
        expect(answer.status, `${path} ${body}`).toBe(400)
        expect(answer.json, `${path} ${body}`).toMatchObject({ _tag: "HttpApiDecodeError" })
        expect(answer.text, `${path} ${body}`).toContain(reason)
      }
      for (const query of ["limit=0", "limit=1001", "limit=ten", "after=-1", "after=1.5", "event="])
        expect((yield* call("GET", `/events?${query}`)).status, query).toBe(400)
      const filter = yield* call("GET", "/events?event=a%20b")
      expect(filter.text).toContain("event: Names of events, e.g. messages.upsert")
      expect(filter.text).not.toContain("undefined")
      for (const query of ["limit=0", "limit=1001", "limit=ten"])
        expect((yield* call("GET", `/instances/shop/gaps?${query}`)).status, query).toBe(400)
    })
  )

  it.scoped("reads in the answer that its body is not JSON", () =>
    Effect.gen(function* () {
      const { post } = yield* serve(house())
      for (const body of ["{", '{"name":"shop"', "name=shop", "\u0000"]) {
        const answer = yield* post("/instances", body)
        expect(answer.status, body).toBe(400)
        const error = yield* Schema.decodeUnknown(MalformedRequest)(answer.json)
        expect(error.message).toBe("The body is not JSON")
      }
    })
  )

  it.scoped("gets a 4xx and not a 500 if its path does not decode", () =>
    Effect.gen(function* () {
      const { call } = yield* serve(house())
      const long = `/instances/${"a".repeat(256)}/status`
      for (const path of ["/instances/%E0%A4%A/status", "/instances/%zz", "/%", long]) {
        const answer = yield* call("GET", path)
        expect([400, 404], `${path}: ${answer.text}`).toContain(answer.status)
        expect(answer.json, path).toHaveProperty("_tag")
      }
    })
  )

  it.scoped("does not reach the database with text that Postgres refuses", () =>
    Effect.gen(function* () {
      const asked: Array<EventQuery> = []
      const read = (query: EventQuery) =>
        Effect.sync(() => {
          asked.push(query)
          return []
        })
      const { call } = yield* serve(house({}, { read }))
      expect((yield* call("GET", "/events?event=%00")).status).toBe(400)
      expect(asked).toEqual([])
    })
  )

  it.scoped("does not get its token back in the answer", () =>
    Effect.gen(function* () {
      const { post, said } = yield* serve(house())
      const token = `sesame-${"x".repeat(200)}`
      for (const body of [{ name: "shop", token: [token] }, { name: "", token }, [token], token])
        expect((yield* post("/instances", JSON.stringify(body))).status).toBe(400)
      expect(said.join("\n")).not.toContain("sesame")
    })
  )
})

describe("a body", () => {
  it.scoped("has at most 64 KiB", () =>
    Effect.gen(function* () {
      const { post } = yield* serve(house({ create: () => Effect.succeed(status) }))
      const padded = (bytes: number) => '{"name":"shop"}'.padEnd(bytes)
      expect((yield* post("/instances", padded(maxBytes))).status).toBe(201)
      const answer = yield* post("/instances", padded(maxBytes + 1))
      expect(answer.status).toBe(413)
      expect(answer.json).toEqual({
        _tag: "BodyTooLarge",
        message: "A body has at most 65536 bytes",
        maxBytes
      })
    })
  )

  it.scoped("has the same bound if it is chunked, and the service goes on", () =>
    Effect.gen(function* () {
      const created = yield* Ref.make(0)
      const create = () =>
        Effect.as(
          Ref.update(created, (count) => count + 1),
          status
        )
      const { call, port } = yield* serve(house({ create }))
      const small = yield* sendChunks(port, ['{"name":', '"shop"}'])
      expect(small).toMatch(/^HTTP\/1\.1 201 /)
      const chunk = " ".repeat(4096)
      const large = yield* sendChunks(port, ['{"name":"shop"', ...Array(17).fill(chunk), "}"])
      expect(large).toMatch(/^HTTP\/1\.1 413 /)
      expect(large).toContain('"_tag":"BodyTooLarge"')
      expect(yield* created).toBe(1)
      expect((yield* call("GET", "/health/live")).status).toBe(200)
    })
  )
})

/** What the service answers to a body of no stated length; nothing when it hangs up. */
const sendChunks = (port: number, chunks: ReadonlyArray<string>) =>
  Effect.async<string>((resume) => {
    const socket = connect(port, "127.0.0.1")
    let answer = ""
    socket.on("data", (data) => {
      answer += data.toString("utf8")
    })
    socket.on("error", () => socket.destroy())
    socket.on("close", () => resume(Effect.succeed(answer)))
    const head = ["POST /instances HTTP/1.1", "host: test", `apikey: ${key}`, "connection: close"]
    const types = ["content-type: application/json", "transfer-encoding: chunked", "", ""]
    socket.write([...head, ...types].join("\r\n"))
    for (const chunk of chunks) socket.write(`${chunk.length.toString(16)}\r\n${chunk}\r\n`)
    socket.write("0\r\n\r\n")
  })

describe("a request without a route", () => {
  it.scoped("gets a 404 as typed JSON, with or without a key", () =>
    Effect.gen(function* () {
      const { call } = yield* serve(house())
      for (const [method, path] of [
        ["GET", "/index.html"],
        ["POST", "/"],
        ["GET", "/instance"],
        ["PUT", "/instances"],
        ["DELETE", "/events"],
        ["POST", "/health/live"],
        ["GET", "/instances/shop/start"]
      ] as const) {
        const answer = yield* call(method, `${path}?apikey=sesame`, { headers: { apikey: "" } })
        expect(answer.status, `${method} ${path}`).toBe(404)
        expect(answer.json).toEqual({
          _tag: "RouteNotFound",
          message: `No such route: ${method} ${path}; see /docs`
        })
      }
    })
  )

  it.scoped("gets a 500 without details if a handler has a bug", () =>
    Effect.gen(function* () {
      const all = Effect.dieMessage("sesame")
      const { call, said } = yield* serve(house({ all }))
      const answer = yield* call("GET", "/instances")
      expect(answer.status).toBe(500)
      expect(answer.json).toEqual({ _tag: "InternalError", message: "A bug of ours; see the log" })
      expect(said.join("\n")).not.toContain("sesame")
    })
  )

  it.scoped(
    "finds every route in the OpenAPI document, and docs that load nothing from other hosts",
    () =>
      Effect.gen(function* () {
        const { call } = yield* serve(house())
        const { json } = yield* call("GET", "/openapi.json")
        expect(json).toMatchObject({ openapi: "3.1.0", info: { title: "evolution-listener" } })
        expect(operationsOf(json).map(({ method, path }) => `${method} ${path}`)).toEqual([
          "POST /instances",
          "GET /instances",
          "GET /instances/shop",
          "DELETE /instances/shop",
          "POST /instances/shop/start",
          "POST /instances/shop/stop",
          "POST /instances/shop/restart",
          "GET /instances/shop/status",
          "GET /instances/shop/gaps",
          "POST /instances/shop/gaps/shop/retry",
          "POST /instances/shop/import",
          "GET /instances/shop/timeline",
          "GET /instances/shop/qrcode",
          "POST /instances/shop/qrcode",
          "POST /instances/shop/pair",
          "POST /instances/shop/pairing-links",
          "GET /events",
          "POST /stream-tokens",
          "GET /events/stream",
          "GET /instances/shop/events/stream",
          "GET /pairing/stream",
          "POST /session",
          "GET /keys/self",
          "GET /keys",
          "POST /keys",
          "DELETE /keys/shop",
          "GET /audit",
          "POST /endpoints",
          "GET /endpoints",
          "GET /endpoints/shop",
          "PATCH /endpoints/shop",
          "DELETE /endpoints/shop",
          "POST /endpoints/shop/pause",
          "POST /endpoints/shop/resume",
          "POST /endpoints/shop/rotate",
          "POST /endpoints/shop/test",
          "POST /endpoints/shop/deliver",
          "GET /endpoints/shop/lanes",
          "GET /endpoints/shop/attempts",
          "GET /endpoints/shop/undelivered",
          "DELETE /endpoints/shop/undelivered",
          "POST /endpoints/shop/undelivered/retry",
          "DELETE /endpoints/shop/undelivered/shop",
          "POST /endpoints/shop/replay",
          "GET /endpoints/shop/replays",
          "DELETE /endpoints/shop/replays/shop",
          "GET /summary",
          "GET /cluster",
          "POST /cluster/servers/shop/handover",
          "GET /health/live",
          "GET /health/ready",
          "GET /metrics"
        ])
        const docs = yield* call("GET", "/docs")
        expect(docs.status).toBe(200)
        expect(docs.type).toMatch(/^text\/html/)
        const inline = /<(script|style)([^>]*)>[\s\S]*?<\/\1>/g
        const page = docs.text.replaceAll(inline, "<$1$2>")
        expect(page).toContain("<title>evolution-listener")
        expect(page).not.toMatch(/\/\/|\bsrc=|\bhref=/)
      })
  )
})
