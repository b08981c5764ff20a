import { SqlClient } from "@effect/sql"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@effect/vitest"
import {
  DateTime,
  Effect,
  Layer,
  ManagedRuntime,
  Option,
  Redacted,
  type Scope,
  Stream
} from "effect"
import * as Attempts from "../../src/Delivery/Endpoints/Attempts.ts"
import type { Endpoints } from "../../src/Delivery/Endpoints.ts"
import { databases } from "../support/databases.ts"
import { hook, shown, started, to } from "./Endpoints/House.ts"

const nobody = "8b1ea8e2-0b4f-4d7e-9d3c-1a6f4a8f2a11"

describe.each(databases)("the endpoints on %s", (_name, database) => {
  const runtime = ManagedRuntime.make(Layer.orDie(database))
  beforeAll(() => runtime.runPromise(Effect.void), 30_000)
  beforeEach(() =>
    runtime.runPromise(
      Effect.flatMap(SqlClient.SqlClient, (sql) => sql`truncate endpoints, events cascade`)
    )
  )
  afterAll(() => runtime.dispose(), 30_000)

  const test = (
    title: string,
    body: Effect.Effect<unknown, unknown, SqlClient.SqlClient | Scope.Scope>
  ) => it.scoped(title, () => Effect.provide(body, runtime))

  /** Fills the log with an event every minute, from a time on. */
  const events = (count: number, from = "2026-01-01T00:00:00Z") =>
    Effect.flatMap(
      SqlClient.SqlClient,
      (sql) => sql`
        insert into events (id, server, instance, event, data, received_at, origin)
        overriding system value select n, 'default', 'shop', 'call', '{}', ${new Date(from)}::timestamptz + n * interval '1 minute', 'live'
        from generate_series(1, ${count}::int) n`
    )

  const whole = Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.map(sql<{ text: string }>`select endpoints::text as text from endpoints`, (rows) =>
      rows.map(({ text }) => text).join()
    )
  )

  const credentials = ({ credentials }: Endpoints["Type"], id: string) =>
    Effect.map(credentials(id), ({ headers, signing }) => ({
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, Redacted.value(value)])
      ),
      signing: signing.map((one) => Redacted.value(one))
    }))

  test(
    "are made with a secret that is told once, and is nowhere in clear",
    Effect.gen(function* () {
      const { secrets, store } = yield* started()
      const { endpoint, secret } = yield* store.create({
        settings: to({ headers: { Authorization: "Bearer of-the-flow" } })
      })
      const signing = shown(Option.getOrUndefined(secret)) ?? ""
      expect(signing).toMatch(/^whsec_[\w+/]{43}=$/)
      expect(endpoint).toMatchObject({
        state: "active",
        reason: null,
        source: "api",
        bounds: { instances: null, servers: null },
        generation: 0,
        settings: { target: { headers: { authorization: { stored: true } } } }
      })
      const text = yield* whole
      for (const one of [signing, signing.slice(6), "of-the-flow"]) expect(text).not.toContain(one)
      expect(secrets.scrub.blot(`said ${signing}`)).not.toContain(signing)

      for (const again of [store, (yield* started()).store]) {
        expect(yield* again.all).toEqual([endpoint])
        expect(yield* again.get(endpoint.id)).toEqual(endpoint)
        expect(yield* credentials(again, endpoint.id)).toEqual({
          signing: [signing],
          headers: { authorization: "Bearer of-the-flow" }
        })
      }
    })
  )

  test(
    "take no header's value of a caller for a secret of the service: it would leave every event",
    Effect.gen(function* () {
      const { secrets, store } = yield* started()
      const value = "a text of some length that people write"
      const { endpoint } = yield* store.create({ settings: to({ headers: { "x-a": value } }) })
      yield* store.credentials(endpoint.id)
      expect(secrets.scrub.blot(value)).toBe(value)
    })
  )

  test(
    "take the secret that a caller brings",
    Effect.gen(function* () {
      const { store } = yield* started()
      const own = Redacted.make(`whsec_${Buffer.alloc(24, 7).toString("base64")}`)
      const { endpoint, secret } = yield* store.create({ settings: hook, secret: own })
      expect(Option.map(secret, Redacted.value)).toEqual(Option.some(Redacted.value(own)))
      expect((yield* credentials(store, endpoint.id)).signing).toEqual([Redacted.value(own)])
    })
  )

  test(
    "have no two of a name within the same bounds, and any number of a name without",
    Effect.gen(function* () {
      const { store } = yield* started()
      const shop = { instances: ["shop-*", "bar"], servers: null }
      yield* store.create({ settings: hook })
      yield* store.create({ settings: hook, bounds: shop })
      for (const bounds of [undefined, { instances: ["bar", "shop-*"], servers: null }])
        expect(yield* Effect.flip(store.create({ settings: hook, bounds }))).toMatchObject({
          _tag: "EndpointNameTaken",
          name: "n8n"
        })
      const other = yield* store.create({ settings: { ...hook, name: "other" } })
      expect(yield* Effect.flip(store.update(other.endpoint.id, { name: "n8n" }))).toMatchObject({
        _tag: "EndpointNameTaken"
      })
      expect((yield* store.all).map(({ settings }) => settings.name)).toEqual([
        "n8n",
        "n8n",
        "other"
      ])
    })
  )

  test(
    "change in what a patch has, and keep the secrets that it leaves out",
    Effect.gen(function* () {
      const { store } = yield* started()
      const { endpoint } = yield* store.create({
        settings: {
          ...to({ headers: { authorization: "one", "x-two": "two" }, timeout: 5 }),
          events: ["messages.upsert"],
          fromMe: false
        }
      })
      const before = yield* credentials(store, endpoint.id)
      const next = yield* store.update(endpoint.id, {
        name: "flow",
        events: null,
        target: {
          url: "https://n8n.example.com/another",
          timeout: null,
          headers: { "X-TWO": null }
        }
      })
      expect(next.settings).toEqual({
        name: "flow",
        fromMe: false,
        target: {
          type: "webhook",
          url: "https://n8n.example.com/another",
          headers: { authorization: { stored: true } }
        }
      })
      expect(yield* credentials(store, endpoint.id)).toEqual({
        ...before,
        headers: { authorization: "one" }
      })
      // An answer that is sent back changes nothing.
      const { target } = next.settings
      expect((yield* store.update(endpoint.id, { target })).settings).toEqual(next.settings)
      expect((yield* credentials(store, endpoint.id)).headers).toEqual({ authorization: "one" })
      expect((yield* (yield* started()).store.get(endpoint.id)).settings).toEqual(next.settings)
    })
  )

  test(
    "are checked as a whole when they are patched, as when they are made",
    Effect.gen(function* () {
      const { store } = yield* started()
      const { endpoint } = yield* store.create({ settings: to({ headers: { a: "b" } }) })
      for (const [patch, words] of [
        [{ target: { url: "ftp://n8n.example.com" } }, /^target: url: .*http/],
        [{ target: { url: "https://user:word@n8n.example.com" } }, /^target: url: /],
        [{ target: { type: "nats" } }, /^target: type: /],
        [{ target: { headers: { host: "x" } } }, /host/],
        [{ target: { headers: { b: { stored: true } } } }, /^target: headers: b: /],
        [{ target: { url: null } }, /^target: url: /],
        [{ target: null, name: null }, /^name: /],
        [{ byEvents: true }, /^byEvents: /],
        [{ instances: ["a\\b"] }, /^instances: 0: /],
        [{ colour: "red" }, /colour/]
      ] as const) {
        const error = yield* Effect.flip(store.update(endpoint.id, patch))
        expect(error, JSON.stringify(patch)).toMatchObject({ _tag: "EndpointRefused" })
        expect(error.message).toMatch(words)
        expect(error.message).not.toContain("word@")
      }
      expect(yield* store.get(endpoint.id)).toEqual(endpoint)
      expect(yield* Effect.flip(store.update(nobody, {}))).toMatchObject({
        _tag: "EndpointNotFound"
      })
    })
  )

  test(
    "send no stored header to another server than it was given for",
    Effect.gen(function* () {
      const { store } = yield* started()
      const { endpoint } = yield* store.create({ settings: to({ headers: { a: "b" } }) })
      const elsewhere = "https://evil.example.com/"
      expect(
        yield* Effect.flip(store.update(endpoint.id, { target: { url: elsewhere } }))
      ).toMatchObject({ _tag: "EndpointRefused", message: /another server/ })
      yield* store.update(endpoint.id, { target: { url: elsewhere, headers: { a: "c" } } })
      expect((yield* credentials(store, endpoint.id)).headers).toEqual({ a: "c" })
      yield* store.update(endpoint.id, {
        target: { url: "https://x.example.com", headers: null }
      })
      expect((yield* credentials(store, endpoint.id)).headers).toEqual({})
    })
  )

  test(
    "lose no change of two that come at once",
    Effect.gen(function* () {
      const { store } = yield* started()
      const other = (yield* started()).store
      const { endpoint } = yield* store.create({ settings: hook })
      yield* Effect.all(
        [
          store.update(endpoint.id, { concurrency: 3 }),
          other.update(endpoint.id, { rateLimit: 4 }),
          store.update(endpoint.id, { skipAfter: 5 })
        ],
        { concurrency: "unbounded" }
      )
      expect((yield* (yield* started()).store.get(endpoint.id)).settings).toMatchObject({
        concurrency: 3,
        rateLimit: 4,
        skipAfter: 5
      })
    })
  )

  test(
    "begin after what a start says",
    Effect.gen(function* () {
      const { store } = yield* started()
      const begun = (start?: Parameters<typeof store.create>[0]["start"]) =>
        Effect.gen(function* () {
          const { endpoint } = yield* store.create({
            settings: { ...hook, name: crypto.randomUUID() },
            start
          })
          return yield* store.startsAfter(endpoint.id)
        })
      const time = DateTime.unsafeMake
      expect(yield* begun({ time: time("2026-01-01T00:00:00Z") })).toBe(0)
      yield* events(500)
      expect(yield* begun()).toBe(500)
      expect(yield* begun("now")).toBe(500)
      expect(yield* begun("beginning")).toBe(0)
      expect(yield* begun({ cursor: 17 })).toBe(17)
      for (const [at, expected] of [
        ["2025-01-01T00:00:00Z", 0],
        ["2026-01-01T00:01:00Z", 0],
        ["2026-01-01T00:01:01Z", 1],
        ["2026-01-01T04:00:00Z", 239],
        ["2026-01-01T04:00:30Z", 240],
        ["2026-01-01T08:20:00Z", 499],
        ["2027-01-01T00:00:00Z", 500]
      ] as const)
        expect(yield* begun({ time: time(at) }), at).toBe(expected)
      expect(
        yield* Effect.flip(store.create({ settings: hook, start: { cursor: 501 } }))
      ).toMatchObject({ _tag: "EndpointRefused", message: /^cursor: / })

      // Events that were held back have times before those with lower ids; purged ones leave holes.
      const sql = yield* SqlClient.SqlClient
      yield* sql`update events set received_at = received_at + interval '12 minutes' where id = 231`
      yield* sql`delete from events where id between 100 and 220`
      expect(yield* begun({ time: time("2026-01-01T04:00:00Z") })).toBe(230)
      expect(yield* begun({ time: time("2026-01-01T02:00:00Z") })).toBe(220)
    })
  )

  test(
    "pause, resume, and are disabled once",
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { store } = yield* started()
      const { endpoint } = yield* store.create({ settings: hook })
      const { id } = endpoint
      expect((yield* store.pause(id)).state).toBe("paused")
      yield* store.disable(id, "gone")
      expect((yield* store.get(id)).state).toBe("paused")
      expect((yield* store.resume(id)).state).toBe("active")
      yield* store.disable(id, "It answered 410")
      yield* store.disable(id, "another reason")
      expect(yield* store.get(id)).toMatchObject({ state: "disabled", reason: "It answered 410" })
      expect((yield* store.pause(id)).state).toBe("disabled")
      yield* sql`
        insert into endpoint_lanes (feed, endpoint, server, lane, generation, cursor, held, attempts, retry_at)
        values (${id}, ${id}, 'default', 'a', 0, 1, true, 3, '2027-01-01')`
      expect(yield* store.resume(id)).toMatchObject({
        state: "active",
        reason: null,
        generation: 0
      })
      expect(yield* sql`select lane, attempts, retry_at from endpoint_lanes`).toEqual([
        { lane: "a", attempts: 3, retry_at: null }
      ])
      yield* store.disable(nobody, "nothing")
      for (const call of [store.pause(nobody), store.resume(nobody), store.resume(nobody, "now")])
        expect(yield* Effect.flip(call)).toMatchObject({ _tag: "EndpointNotFound" })
    })
  )

  test(
    "begin now behind all events that were, also where retention has purged them",
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { store } = yield* started()
      yield* sql`insert into purges (instance, until) values ('shop', 7)`
      const { id } = (yield* store.create({ settings: hook })).endpoint
      expect(yield* store.startsAfter(id)).toBe(7)
      yield* sql`delete from purges`
    })
  )

  test(
    "go on elsewhere in another generation, and forget how far they had come",
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { store } = yield* started()
      yield* events(10)
      const { id } = (yield* store.create({ settings: hook, start: "beginning" })).endpoint
      const replay = nobody
      for (const feed of [id, replay]) {
        yield* sql`
          insert into endpoint_cursors (feed, endpoint, server, generation, cursor, at)
          values (${feed}, ${id}, 'default', 0, 5, now())`
        yield* sql`
          insert into endpoint_lanes (feed, endpoint, server, lane, generation, cursor)
          values (${feed}, ${id}, 'default', 'shop', 0, 5)`
      }
      const feeds = Effect.map(
        sql<{ feed: string; generation: number }>`
          select feed, generation from endpoint_cursors union all select feed, generation from endpoint_lanes`,
        (rows) => rows.map(({ feed, generation }) => [feed, generation])
      )
      yield* store.pause(id)
      expect(yield* store.resume(id, "cursor")).toMatchObject({ generation: 0 })
      expect(yield* feeds).toHaveLength(4)
      expect(yield* store.resume(id, "now")).toMatchObject({ state: "active", generation: 1 })
      expect(yield* store.startsAfter(id)).toBe(10)
      expect(yield* feeds).toEqual([
        [replay, 1],
        [replay, 1]
      ])
      const from = DateTime.unsafeMake("2026-01-01T00:04:00Z")
      expect(yield* store.resume(id, from)).toMatchObject({ generation: 2 })
      expect(yield* store.startsAfter(id)).toBe(3)
    })
  )

  test(
    "go on from the oldest event that waits when their order changes",
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { store } = yield* started()
      const { id } = (yield* store.create({ settings: hook })).endpoint
      for (const [server, cursor] of [
        ["default", 50],
        ["other", 40]
      ] as const)
        yield* sql`
          insert into endpoint_cursors (feed, endpoint, server, generation, cursor, at)
          values (${id}, ${id}, ${server}, 0, ${cursor}, now())`
      yield* sql`
        insert into endpoint_lanes (feed, endpoint, server, lane, generation, cursor, held)
        values (${id}, ${id}, 'default', 'a', 0, 20, true), (${id}, ${id}, 'default', 'b', 0, 30, true),
          (${id}, ${id}, 'default', 'c', 0, 10, false), (${id}, ${id}, 'other', 'a', 0, 5, false)`
      const places = sql`
        select server, generation, cursor::integer as cursor from endpoint_cursors order by server`
      expect(yield* store.update(id, { order: "instance", name: "b" })).toMatchObject({
        generation: 0
      })
      expect(yield* sql`select from endpoint_lanes`).toHaveLength(4)
      expect(yield* store.update(id, { order: "none" })).toMatchObject({ generation: 1 })
      expect(yield* sql`select from endpoint_lanes`).toEqual([])
      expect(yield* places).toEqual([
        { server: "default", generation: 1, cursor: 20 },
        { server: "other", generation: 1, cursor: 40 }
      ])
    })
  )

  test(
    "forget lanes of instances that are no more, but for those that wait",
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { store } = yield* started()
      const { id } = (yield* store.create({ settings: hook })).endpoint
      yield* sql`insert into instances (server, name, desired, desired_at) values ('default', 'here', 'listening', now())`
      yield* sql`
        insert into endpoint_lanes (feed, endpoint, server, lane, generation, cursor, held)
        values (${id}, ${id}, 'default', 'here', 0, 1, false), (${id}, ${id}, 'default', 'gone', 0, 1, false),
          (${id}, ${id}, 'default', 'late', 0, 1, true)`
      yield* Attempts.prune
      expect(yield* sql`select lane from endpoint_lanes order by lane`).toEqual([
        { lane: "here" },
        { lane: "late" }
      ])
    })
  )

  test(
    "are removed with all that is theirs",
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { store } = yield* started()
      const { id } = (yield* store.create({ settings: hook })).endpoint
      yield* sql`
        insert into endpoint_cursors (feed, endpoint, server, generation, cursor, at)
        values (${id}, ${id}, 'default', 0, 5, now())`
      yield* store.remove(id)
      expect(yield* store.all).toEqual([])
      expect(yield* sql`select * from endpoint_cursors`).toEqual([])
      expect(yield* Effect.flip(store.remove(id))).toMatchObject({ _tag: "EndpointNotFound" })
      expect(yield* Effect.flip(store.credentials(id))).toMatchObject({ kind: "ours" })
    })
  )

  test(
    "tell a follower at once, and of every change",
    Effect.gen(function* () {
      const { store } = yield* started()
      const names = Effect.map(store.all, (all) => all.map(({ settings }) => settings.name))
      const news = yield* Stream.toPull(store.changes)
      const next = Effect.zipRight(news, names)
      expect(yield* next).toEqual([])
      const { endpoint } = yield* store.create({ settings: hook })
      expect(yield* next).toEqual(["n8n"])
      yield* store.update(endpoint.id, { name: "flow" })
      expect(yield* next).toEqual(["flow"])
      yield* store.remove(endpoint.id)
      expect(yield* next).toEqual([])
    })
  )
})
