import { inspect } from "node:util"
import { FetchHttpClient } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Fiber, Option, TestClock } from "effect"
import {
  apiKey,
  calls,
  clientAt,
  clientOver,
  json,
  type Method,
  name,
  outcome,
  refusal,
  server,
  token
} from "./server.ts"

const methods = Object.keys(calls) as ReadonlyArray<Method> // an object's own keys are its type's
const ok = json(200, { instance: { state: "open" } })
const unavailable = refusal(500, ["Internal"])

describe("EvolutionClient's requests", () => {
  it.scopedLive("each call has its path, and the key in a header", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* server(json(200, []))
      const client = yield* clientAt(url)
      for (const method of methods)
        yield* Effect.ignore<unknown, unknown, never>(calls[method](client))
      yield* client.fetchInstances()
      const asked = new Set(requests.map(({ call }) => call))
      expect(asked).toEqual(
        new Set([
          "POST /instance/create",
          "GET /instance/connect/shop-1",
          "GET /instance/connectionState/shop-1",
          "GET /instance/fetchInstances?instanceName=shop-1",
          "GET /instance/fetchInstances",
          "POST /instance/restart/shop-1",
          "DELETE /instance/logout/shop-1",
          "DELETE /instance/delete/shop-1",
          "GET /websocket/find/shop-1",
          "POST /websocket/set/shop-1",
          "POST /chat/findMessages/shop-1"
        ])
      )
      expect(new Set(requests.map(({ headers }) => headers.apikey))).toEqual(new Set([apiKey]))
      expect(requests.some(({ headers }) => "traceparent" in headers || "b3" in headers)).toBe(
        false
      )
    })
  )

  it.scoped("the client works under a path, and pings without the key", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* server(
        ok,
        json(400, { code: 0, message: "Transport unknown" })
      )
      const client = yield* clientAt(`${url}/evolution/`)
      yield* client.connect(name)
      yield* client.ping
      expect(requests.map(({ call, headers }) => [call, headers.apikey])).toEqual([
        ["GET /evolution/instance/connect/shop-1", apiKey],
        ["GET /evolution/socket.io/", undefined]
      ])
    })
  )

  it.scoped("create names every event, GROUPS_UPDATE too, and asks for a QR code", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* server(json(201, { instance: { instanceName: name } }))
      yield* calls.create(yield* clientAt(url))
      const body: unknown = JSON.parse(requests[0]?.body ?? "")
      expect(body).toEqual({
        instanceName: name,
        integration: "WHATSAPP-BAILEYS",
        qrcode: true,
        token,
        websocket: {
          enabled: true,
          events: expect.arrayContaining(["QRCODE_UPDATED", "MESSAGES_UPSERT", "GROUPS_UPDATE"])
        }
      })
    })
  )

  it.scoped("setWebSocket nests the settings as Evolution 2 expects", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* server(json(201, { enabled: true, events: [] }))
      yield* calls.setWebSocket(yield* clientAt(url))
      expect(JSON.parse(requests[0]?.body ?? "")).toEqual({
        websocket: { enabled: true, events: ["QRCODE_UPDATED"] }
      })
    })
  )

  it.scoped("findMessages asks by whole seconds, by key, or without a filter", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* server(json(200, { messages: { total: 0, records: [] } }))
      const { findMessages } = yield* clientAt(url)
      yield* findMessages(name, { seconds: [1_795_452_079, 1_795_452_080], pageSize: 250 })
      yield* findMessages(name, { keyId: "MSG0001", pageSize: 1 })
      yield* findMessages(name, { pageSize: 1 })
      const between = { gte: "2026-11-23T16:41:19.000Z", lte: "2026-11-23T16:41:20.000Z" }
      expect(requests.map(({ body }) => JSON.parse(body))).toEqual([
        { where: { messageTimestamp: between }, page: 1, offset: 250 },
        { where: { key: { id: "MSG0001" } }, page: 1, offset: 1 },
        { where: {}, page: 1, offset: 1 }
      ])
    })
  )

  // `connect` is a GET with a side effect: it starts a connection.
  it.scopedLive.each([
    ["connectionState", 3],
    ["fetchInstances", 3],
    ["findWebSocket", 3],
    ["findMessages", 3],
    ["connect", 1],
    ["create", 1],
    ["restart", 1],
    ["logout", 1],
    ["delete", 1],
    ["setWebSocket", 1]
  ] as const)("%s is sent at most %s times to an Evolution that is down", ([method, times]) =>
    Effect.gen(function* () {
      const { requests, url } = yield* server(unavailable)
      const client = yield* clientAt(url)
      const error = yield* Effect.flip<unknown, unknown, never>(calls[method](client))
      expect(error).toMatchObject({ _tag: "EvolutionUnavailable", status: 500 })
      expect(requests.length).toBe(times)
    })
  )

  it.scopedLive("a call is repeated after a failure, and never after a refusal", () =>
    Effect.gen(function* () {
      const recovering = yield* server(unavailable, ok)
      expect(yield* (yield* clientAt(recovering.url)).connectionState(name)).toBe("open")
      expect(recovering.requests.length).toBe(2)
      const refusing = yield* server(refusal(401, "Unauthorized"))
      yield* Effect.flip((yield* clientAt(refusing.url)).connectionState(name))
      expect(refusing.requests.length).toBe(1)
    })
  )

  it.scoped.each([
    ["connect", 10],
    ["logout", 10],
    ["delete", 10],
    ["create", 60]
  ] as const)("%s fails after %s s without an answer", ([method, seconds]) =>
    Effect.gen(function* () {
      const { url } = yield* server(undefined)
      const client = yield* clientAt(url)
      const fiber = yield* Effect.fork(Effect.flip<unknown, unknown, never>(calls[method](client)))
      yield* TestClock.adjust(seconds * 1000 - 1)
      expect(yield* Fiber.poll(fiber)).toEqual(Option.none())
      yield* TestClock.adjust(1)
      expect(yield* Fiber.join(fiber)).toMatchObject({ _tag: "EvolutionUnavailable", status: null })
    })
  )

  it.scoped("a call without side effects waits three times 10 s", () =>
    Effect.gen(function* () {
      const { url } = yield* server(undefined)
      const client = yield* clientAt(url)
      const fiber = yield* Effect.fork(Effect.flip(client.connectionState(name)))
      yield* TestClock.adjust("30 seconds")
      expect(yield* Fiber.poll(fiber)).toEqual(Option.none())
      yield* TestClock.adjust("1 second")
      expect((yield* Fiber.join(fiber))._tag).toBe("EvolutionUnavailable")
    })
  )

  it.scoped.each([
    ["undici", NodeHttpClient.layerUndici],
    ["node:http", NodeHttpClient.layer],
    ["fetch", FetchHttpClient.layer]
  ] as const)("a client on %s follows no redirect, which would carry the key", ([, transport]) =>
    Effect.gen(function* () {
      const target = yield* server(ok)
      const location = { location: `${target.url}/instance/connect/shop-1` }
      for (const status of [301, 302, 303, 307, 308]) {
        const { requests, url } = yield* server({ status, headers: location, body: "" })
        const error = yield* Effect.flip((yield* clientOver(transport, url)).connect(name))
        expect(error).toMatchObject({ _tag: "EvolutionUnavailable", status })
        expect(requests.length).toBe(1)
      }
      expect(target.requests).toEqual([])
    })
  )
})

/** Every text of a value that a log, an answer or a console could show. */
const shown = (value: unknown): string =>
  [JSON.stringify(value), String(value), inspect(value, { depth: 10, showHidden: true })].join(" ")

describe("EvolutionClient's secrets", () => {
  it.scopedLive("no error has the key or a token in it", () =>
    Effect.gen(function* () {
      const secret = new RegExp(`${apiKey}|${token}`)
      const row = { name: 7, token, hash: token, apikey: apiKey }
      const answers = [
        json(200, [row]),
        json(200, { instance: row, error: true }),
        ...[400, 401, 403, 404, 500, 503].map((status) => json(status, row)),
        ...[400, 401, 403, 404, 500, 503].map((status) =>
          refusal(status, [`apikey: ${apiKey}, token: ${token}`])
        )
      ]
      const results = yield* Effect.forEach(
        answers.flatMap((answer) => methods.map((method) => [method, answer] as const)),
        ([method, answer]) => outcome(method, answer),
        { concurrency: "unbounded" }
      )
      const errors = results.filter(Either.isLeft)
      expect(errors.length).toBeGreaterThan(60)
      for (const error of errors) expect(shown(error)).not.toMatch(secret)
      const nobody = yield* clientAt("http://127.0.0.1:9")
      expect(shown(yield* Effect.flip(calls.create(nobody)))).not.toMatch(secret)
    })
  )

  it.scoped("no error shows a key that no header can carry", () =>
    Effect.gen(function* () {
      const client = clientAt("http://127.0.0.1:9", "first-line\nsecond-line")
      const exit = yield* Effect.exit(Effect.flatMap(client, calls.create))
      expect(shown(exit)).not.toMatch(/(first|second)-line/)
    })
  )

  it.scoped("no error quotes the token that Evolution's words repeat", () =>
    Effect.gen(function* () {
      // Prisma quotes a row that it cannot write, and a proxy may quote headers.
      const words = `Invalid invocation: create({ data: { name: "shop-1", token: "${token}" } })`
      for (const status of [400, 500]) {
        const result = yield* outcome("create", refusal(status, [words]))
        expect(shown(result)).not.toContain(token)
        const echoed = yield* outcome("create", { status, body: `apikey: ${apiKey}` })
        expect(shown(echoed)).not.toContain(apiKey)
      }
    })
  )

  it.scoped("create does not give the new instance's token", () =>
    Effect.gen(function* () {
      const answer = json(201, { instance: { instanceName: name }, hash: token })
      expect(shown(yield* outcome("create", answer))).not.toContain(token)
    })
  )
})
