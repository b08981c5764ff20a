import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Option, Redacted, Schema, Stream } from "effect"
import { KeyStore } from "../../src/Access/KeyStore.ts"
import { isValid, type Key } from "../../src/Domain/Key.ts"
import { StreamToken } from "../../src/Http/Api/Events.ts"
import { ListenerRegistry } from "../../src/Listening/ListenerRegistry.ts"
import { EventBus } from "../../src/Log/EventBus.ts"
import { EventStore } from "../../src/Log/EventStore.ts"
import { makeLog, record } from "../Log/EventBus/MemoryLog.ts"
import { open } from "./EventStreamReader.ts"
import { house, key, serve } from "./Service.ts"
import { idsOf } from "./streaming.ts"

const id = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
const bound: Key = {
  id,
  name: "till",
  scope: "operate",
  instances: ["shop-*"],
  servers: null,
  createdAt: DateTime.unsafeMake(0),
  expiresAt: null,
  revokedAt: null,
  lastUsedAt: null
}

/** A service over a log of two instances, with one key that sees one of them. */
const serving = (variables: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const { log, make, store } = makeLog([])
    log.records.push(record(1, { instance: "shop-1" }), record(2, { instance: "other" }))
    let known: Key = bound
    const domain = Layer.mergeAll(
      house(),
      Layer.succeed(EventBus, yield* make(16)),
      Layer.succeed(EventStore, store),
      Layer.mock(ListenerRegistry, { changes: Stream.never }),
      Layer.mock(KeyStore, {
        find: (given) =>
          Effect.succeed(Redacted.value(given) === "till" ? Option.some(known) : Option.none()),
        end: () => Effect.never,
        valid: (id) =>
          Effect.map(DateTime.now, (now) =>
            known.id === id && isValid(known, now) ? Option.some(known) : Option.none()
          )
      })
    )
    const service = yield* serve(domain, { API_KEY: key, ...variables })
    const tokenOf = (apikey: string, body = "{}") =>
      Effect.map(
        service.call("POST", "/stream-tokens", {
          body,
          headers: { apikey, "content-type": "application/json" }
        }),
        ({ json }) => Schema.decodeUnknownSync(StreamToken)(json).token
      )
    /** Without headers, as an `EventSource` asks. */
    const stream = (token: string, path = "/events/stream?after=0") =>
      open(service.url, `${path}&token=${token}`, { apikey: "" })
    const change = (more: Partial<Key>) =>
      Effect.sync(() => {
        known = { ...bound, ...more }
      })
    return { ...service, change, stream, tokenOf }
  })

describe("a stream token", () => {
  it.scopedLive("opens a stream of what its key sees, in the address and without a header", () =>
    Effect.gen(function* () {
      const { stream, tokenOf } = yield* serving()
      const all = yield* stream(yield* tokenOf(key))
      expect(all.status).toBe(200)
      expect(idsOf(yield* all.take(3))).toEqual([1, 2])
      const till = yield* stream(yield* tokenOf("till"))
      expect(idsOf(yield* till.take(2))).toEqual([1])
      const one = yield* stream(yield* tokenOf("till"), "/instances/shop-1/events/stream?after=0")
      expect(idsOf(yield* one.take(2))).toEqual([1])
    })
  )

  it.scopedLive("is void once its key is revoked or expired", () =>
    Effect.gen(function* () {
      const { change, stream, tokenOf } = yield* serving()
      const token = yield* tokenOf("till")
      expect((yield* stream(token)).status).toBe(200)
      for (const end of [
        { revokedAt: DateTime.unsafeMake(1) },
        { expiresAt: DateTime.unsafeMake(1) },
        { id: "9f2504e0-4f89-41d3-9a0c-0305e82c3301" }
      ]) {
        yield* change(end)
        expect((yield* stream(token)).status).toBe(401)
      }
    })
  )

  it.scopedLive("opens no other route, and no key in an address opens a stream", () =>
    Effect.gen(function* () {
      const { call, stream, tokenOf } = yield* serving()
      const token = yield* tokenOf(key)
      for (const path of ["/instances", "/metrics", "/keys"])
        for (const headers of [{ apikey: "" }, { apikey: token }])
          expect((yield* call("GET", `${path}?token=${token}`, { headers })).status).toBe(401)
      for (const wrong of ["", "x", key, `${token}x`])
        expect((yield* stream(wrong)).status, wrong).toBe(401)
    })
  )

  it.scopedLive("lives for half a minute to an hour", () =>
    Effect.gen(function* () {
      const { call } = yield* serving()
      const headers = { "content-type": "application/json" }
      for (const [ttl, status] of [
        [30, 201],
        [3600, 201],
        [29, 400],
        [3601, 400],
        ["x", 400]
      ]) {
        const body = JSON.stringify({ ttl })
        expect((yield* call("POST", "/stream-tokens", { body, headers })).status, body).toBe(status)
      }
    })
  )
})

describe("a page of another site", () => {
  const shared = (variables: Readonly<Record<string, string>>, origin: string) =>
    Effect.gen(function* () {
      const { tokenOf, url } = yield* serving(variables)
      const reader = yield* open(url, `/events/stream?token=${yield* tokenOf(key)}`, {
        origin,
        apikey: ""
      })
      return reader.headers.get("access-control-allow-origin")
    })

  it.scopedLive("reads a stream only if STREAM_ORIGINS has its origin", () =>
    Effect.gen(function* () {
      const app = "https://app.example"
      expect(yield* shared({}, app)).toBe(null)
      expect(yield* shared({ STREAM_ORIGINS: `https://x.example, ${app}` }, app)).toBe(app)
      expect(yield* shared({ STREAM_ORIGINS: app }, "https://evil.example")).toBe(null)
      expect(yield* shared({ STREAM_ORIGINS: "*" }, app)).toBe(app)
    })
  )
})
