import { SqlClient } from "@effect/sql"
import { afterAll, describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Layer, ManagedRuntime, Schema, Stream } from "effect"
import { KeyStore } from "../../src/Access/KeyStore.ts"
import { ListenerRegistry } from "../../src/Listening/ListenerRegistry.ts"
import { EventBus } from "../../src/Log/EventBus.ts"
import { EventStore } from "../../src/Log/EventStore.ts"
import { makeLog, record } from "../Log/EventBus/MemoryLog.ts"
import { databases } from "../support/databases.ts"
import { open } from "./EventStreamReader.ts"
import { house, serve } from "./Service.ts"
import { idsOf } from "./streaming.ts"

const [first] = databases
const runtime = ManagedRuntime.make(Layer.orDie(first?.[1] ?? Layer.die("no database")))
afterAll(() => runtime.dispose(), 30_000)

const Made = Schema.Struct({ id: Schema.String, key: Schema.String })

/** A service with real keys, over a log of one event, where a QR code never comes. */
const serving = Effect.gen(function* () {
  const { log, make, store } = makeLog([])
  log.records.push(record(1))
  const asked = yield* Effect.makeLatch(false)
  const qrcode = () => Effect.zipRight(asked.open, Effect.never)
  const domain = Layer.mergeAll(
    house({}, {}, {}, { qrcode }),
    Layer.succeed(EventBus, yield* make(16)),
    Layer.succeed(EventStore, store),
    Layer.mock(ListenerRegistry, { changes: Stream.never }),
    Layer.orDie(KeyStore.layer)
  ).pipe(Layer.provide(Layer.succeed(SqlClient.SqlClient, yield* SqlClient.SqlClient)))
  const { call, post, url } = yield* serve(domain)
  const makeKey = (scope: string, more: object = {}) =>
    Effect.map(post("/keys", JSON.stringify({ name: "till", scope, ...more })), ({ json }) =>
      Schema.decodeUnknownSync(Made)(json)
    )
  return { asked, call, makeKey, revoke: (id: string) => call("DELETE", `/keys/${id}`), url }
}).pipe(Effect.provide(runtime))

describe("a key that ends", () => {
  it.scopedLive("ends its streams, and no others", () =>
    Effect.gen(function* () {
      const { makeKey, revoke, url } = yield* serving
      const revoked = yield* makeKey("read")
      const kept = yield* makeKey("read")
      const expiring = yield* makeKey("read", { expiresAt: new Date(Date.now() + 1500) })
      const readers = yield* Effect.forEach([revoked, kept, expiring], ({ key }) =>
        open(url, "/events/stream?after=0", { apikey: key })
      )
      for (const reader of readers) expect(idsOf(yield* reader.take(2))).toEqual([1])
      yield* revoke(revoked.id)
      for (const reader of [readers[0], readers[2]])
        expect(yield* reader?.take(1) ?? Effect.void).toMatchObject([
          { event: "bye", data: { reason: "unauthorized" } }
        ])
      expect(readers[1]?.pending()).toBe("[]")
      expect((yield* open(url, "/events/stream", { apikey: revoked.key })).status).toBe(401)
      expect((yield* open(url, "/events/stream", { apikey: expiring.key })).status).toBe(401)
    })
  )

  it.scopedLive("ends its wait for a QR code", () =>
    Effect.gen(function* () {
      const { asked, call, makeKey, revoke } = yield* serving
      const { id, key } = yield* makeKey("operate")
      const waiting = yield* Effect.fork(
        call("GET", "/instances/shop/qrcode?wait=60", { headers: { apikey: key } })
      )
      yield* asked.await
      yield* revoke(id)
      const { json, status } = yield* Fiber.join(waiting)
      expect(status).toBe(401)
      expect(json).toEqual({
        _tag: "Unauthorized",
        message: "The key was revoked, or it has expired"
      })
    })
  )
})
