import { SqlClient } from "@effect/sql"
import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import { Context, Effect, Layer, ManagedRuntime, Schema } from "effect"
import * as EvolutionListener from "../../src/EvolutionListener.ts"
import { EndpointView, EndpointWithSecret } from "../../src/Http/Api/Endpoints/Bodies.ts"
import { NewKey } from "../../src/Http/Api/Keys.ts"
import { EvolutionSimulator } from "../../src/Testing/mod.ts"
import { receiver } from "../Delivery/Sink/receiver.ts"
import { storage } from "../support/databases.ts"
import { key, serve } from "./Service.ts"

const secretOf = Schema.decodeUnknownSync(EndpointWithSecret)
const viewOf = Schema.decodeUnknownSync(EndpointView)

const start = Effect.gen(function* () {
  const simulator = yield* EvolutionSimulator
  let answer = { status: 200, words: "" }
  const { calls, port } = yield* receiver((response) =>
    response.writeHead(answer.status).end(answer.words)
  )
  const sink = {
    url: `http://127.0.0.1:${port}/hook`,
    received: calls,
    answer: (status: number, words: string) => {
      answer = { status, words }
    }
  }
  const service = yield* serve(EvolutionListener.layer, {
    EVOLUTION_API_URL: simulator.url,
    EVOLUTION_API_KEY: simulator.apiKey,
    API_KEY: key,
    DELIVERY_ALLOW: "127.0.0.1",
    DELIVERY_FLOW: "the-value-of-the-variable",
    ...(yield* storage)
  })
  const as = (given: string, method: string, path: string, body?: object) =>
    service.call(method, path, {
      headers: { apikey: given, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
  const keyOf = (scope: string, bounds: object = {}) =>
    Effect.map(as(key, "POST", "/keys", { name: "x", scope, ...bounds }), ({ json }) =>
      Schema.decodeUnknownSync(NewKey)(json)
    ).pipe(Effect.map((made) => made.key))
  let count = 0
  const wanted = (more: object = {}) => ({
    name: `endpoint ${++count}`,
    target: { type: "webhook", url: sink.url },
    ...more
  })
  const make = (more: object = {}, given = key) =>
    Effect.map(as(given, "POST", "/endpoints", wanted(more)), ({ json }) => secretOf(json))
  const sql = Context.get(
    service.context as Context.Context<SqlClient.SqlClient>,
    SqlClient.SqlClient
  )
  return { ...service, as, keyOf, make, simulator, sink, sql, wanted }
})

class Service extends Context.Tag("test/Endpoints")<
  Service,
  Effect.Effect.Success<typeof start>
>() {}

const nobody = "8b1ea8e2-0b4f-4d7e-9d3c-1a6f4a8f2a11"

describe("endpoints", () => {
  const runtime = ManagedRuntime.make(
    Layer.provide(Layer.scoped(Service, start), EvolutionSimulator.layer())
  )
  beforeAll(() => runtime.runPromise(Effect.void), 30_000)
  afterAll(() => runtime.dispose(), 30_000)

  const test = <E>(title: string, body: (service: Service["Type"]) => Effect.Effect<unknown, E>) =>
    it.live(title, () => Effect.provide(Effect.flatMap(Service, body), runtime), 30_000)

  test("are created, shown, changed, paused, resumed and deleted", ({ as, make }) =>
    Effect.gen(function* () {
      const { secret, ...made } = yield* make({ events: ["MESSAGES_UPSERT"] })
      expect(secret).toMatch(/^whsec_/)
      expect(made).toMatchObject({
        events: ["messages.upsert"],
        state: "active",
        source: "api",
        trouble: null,
        status: { lag: { events: 0, seconds: 0 }, breaker: "closed" }
      })
      const path = `/endpoints/${made.id}`
      const shown = yield* as(key, "GET", path)
      expect(viewOf(shown.json)).toEqual(made)
      expect(shown.text).not.toContain("whsec_")
      const list = yield* as(key, "GET", "/endpoints")
      expect(Schema.decodeUnknownSync(Schema.Array(EndpointView))(list.json)).toContainEqual(made)
      const changed = yield* as(key, "PATCH", path, { events: null, concurrency: 2 })
      expect(changed.status).toBe(200)
      expect(changed.json).toMatchObject({ concurrency: 2 })
      expect(changed.json).not.toHaveProperty("events")
      for (const [command, body, state] of [
        ["pause", undefined, "paused"],
        ["resume", {}, "active"],
        ["resume", { from: "now" }, "active"],
        ["resume", { from: "2026-01-01T00:00:00Z" }, "active"]
      ] as const)
        expect(yield* as(key, "POST", `${path}/${command}`, body)).toMatchObject({
          status: 200,
          json: { state }
        })
      const rotated = yield* as(key, "POST", `${path}/rotate`, {})
      expect(secretOf(rotated.json).secret).not.toBe(secret)
      expect(yield* as(key, "DELETE", path)).toMatchObject({ status: 204, text: "" })
      for (const [method, rest, body] of [
        ["GET", ""],
        ["PATCH", "", {}],
        ["DELETE", ""],
        ["POST", "/pause"],
        ["POST", "/resume", {}],
        ["POST", "/rotate", {}],
        ["POST", "/test"],
        ["POST", "/deliver", { eventId: 1 }],
        ["GET", "/lanes"],
        ["GET", "/attempts"],
        ["GET", "/undelivered"],
        ["POST", "/undelivered/retry", {}],
        ["DELETE", "/undelivered"],
        ["DELETE", "/undelivered/1"],
        ["POST", "/replay", { from: { cursor: 0 } }],
        ["GET", "/replays"],
        ["DELETE", `/replays/${nobody}`]
      ] as const)
        expect(yield* as(key, method, path + rest, body), method + rest).toMatchObject({
          status: 404,
          json: { _tag: "EndpointNotFound" }
        })
    }))

  test("are not made of malformed bodies, which name what is wrong", ({ as, wanted }) =>
    Effect.gen(function* () {
      const before = (yield* as(key, "GET", "/endpoints")).text
      const url = "https://example.com/"
      for (const [wrong, path] of [
        [{ colour: "red" }, "colour"],
        [{ target: { type: "webhook", url, colour: "red" } }, "colour"],
        [{ target: { type: "webhook", url: "example.com" } }, "url"],
        [{ target: { type: "webhook", url: "https://a:b@example.com" } }, "url"],
        [{ target: { type: "webhook", url: "http://169.254.169.254/latest" } }, "target: url"],
        [{ target: { type: "webhook", url, headers: { "webhook-id": "x" } } }, "webhook-id"],
        [{ target: { type: "webhook", url, headers: { a: { env: "API_KEY" } } } }, "a"],
        [{ target: { type: "webhook", url, headers: { a: { stored: true } } } }, "headers: a"],
        [{ target: { type: "nats", url: "nats://example.com" } }, "url"],
        [{ secret: "whsec_short" }, "secret"],
        [{ secret: `whsec_${"A".repeat(20)}` }, "secret"],
        [{ start: { cursor: 1_000_000 } }, "cursor"],
        [{ start: "yesterday" }, "start"],
        [{ start: { cursor: 1, time: "2026-01-01T00:00:00Z" } }, "start"],
        [{ retryDelays: [] }, "retryDelays"],
        [{ instances: ["a\\b"] }, "instances: 0"],
        [{ name: "" }, "name"],
        [{ byEvents: true }, "byEvents"]
      ] as const) {
        const answer = yield* as(key, "POST", "/endpoints", { ...wanted(), ...wrong })
        expect(answer.status, JSON.stringify(wrong)).toBe(400)
        expect(answer.text, JSON.stringify(wrong)).toContain(path)
      }
      const unknown = yield* as(key, "POST", "/endpoints", wanted({ servers: ["mars"] }))
      expect(unknown).toMatchObject({ status: 404, json: { _tag: "ServerNotFound" } })
      expect((yield* as(key, "GET", "/endpoints")).text).toBe(before)
    }))

  test("take what their scope says", ({ as, keyOf, make, wanted }) =>
    Effect.gen(function* () {
      const keys = yield* Effect.forEach(["read", "operate", "admin"], (scope) => keyOf(scope))
      const { id } = yield* make()
      const flow = { authorization: { env: "DELIVERY_FLOW" } }
      const url = "https://example.com/"
      const referring = yield* make({ target: { type: "webhook", url, headers: flow } })
      const statuses = (method: string, path: string, body?: () => object) =>
        Effect.forEach(keys, (given) =>
          Effect.map(as(given, method, path, body?.()), ({ status }) => status)
        )
      expect(yield* statuses("GET", "/endpoints")).toEqual([200, 200, 200])
      expect(yield* statuses("GET", `/endpoints/${id}/attempts`)).toEqual([200, 200, 200])
      expect(yield* statuses("POST", "/endpoints", wanted)).toEqual([403, 201, 201])
      expect(yield* statuses("PATCH", `/endpoints/${id}`, () => ({}))).toEqual([403, 200, 200])
      expect(yield* statuses("POST", `/endpoints/${id}/pause`)).toEqual([403, 200, 200])
      // The service's own variables go to nobody who may not make keys.
      expect(
        yield* statuses("POST", "/endpoints", () =>
          wanted({ target: { type: "webhook", url, headers: flow } })
        )
      ).toEqual([403, 403, 201])
      expect(
        yield* statuses("POST", "/endpoints", () =>
          wanted({ target: { type: "nats", url: { env: "DELIVERY_NATS" } } })
        )
      ).toEqual([403, 403, 201])
      const own = `/endpoints/${referring.id}`
      const elsewhere = () => ({ target: { url: "https://evil.example.com/" } })
      expect(yield* statuses("PATCH", own, elsewhere)).toEqual([403, 403, 200])
      expect(
        yield* statuses("PATCH", `/endpoints/${id}`, () => ({ target: { headers: flow } }))
      ).toEqual([403, 403, 200])
      expect(yield* statuses("POST", `${own}/pause`)).toEqual([403, 200, 200])
      expect(yield* statuses("DELETE", own)).toEqual([403, 403, 204])
    }))

  test("within other bounds do not exist for a bound key", ({ as, keyOf, make, wanted }) =>
    Effect.gen(function* () {
      const bound = yield* keyOf("admin", { instances: ["shop-*"] })
      const outside = [
        yield* make(),
        yield* make({ instances: ["shop-*", "other"] }),
        yield* make({ instances: ["*"] })
      ]
      const inside = yield* make({ instances: ["shop-1"] })
      const mine = yield* make({}, bound)
      expect(mine.bounds).toEqual({ instances: ["shop-*"], servers: null })
      const listed = yield* as(bound, "GET", "/endpoints")
      const ids = Schema.decodeUnknownSync(Schema.Array(EndpointView))(listed.json)
      expect(ids.map(({ id }) => id)).toEqual([inside.id, mine.id])
      for (const { id } of outside)
        for (const [method, rest, body] of [
          ["GET", ""],
          ["PATCH", "", { name: "taken over" }],
          ["DELETE", ""],
          ["POST", "/pause"],
          ["POST", "/test"],
          ["POST", "/rotate", {}],
          ["GET", "/replays"]
        ] as const) {
          const about = yield* as(bound, method, `/endpoints/${id}${rest}`, body)
          const nothing = yield* as(bound, method, `/endpoints/${nobody}${rest}`, body)
          expect([about.status, about.text.replaceAll(id, nobody)]).toEqual([404, nothing.text])
        }
      // A name that is taken out of sight is free.
      const twin = yield* as(bound, "POST", "/endpoints", wanted({ name: outside[0]?.name }))
      expect(twin.status).toBe(201)
      const again = yield* as(bound, "POST", "/endpoints", wanted({ name: outside[0]?.name }))
      expect(again).toMatchObject({ status: 409, json: { _tag: "EndpointNameTaken" } })
      // It does not leave the bounds by a patch.
      for (const instances of [null, ["other"], ["*"]])
        expect(yield* as(bound, "PATCH", `/endpoints/${inside.id}`, { instances })).toMatchObject({
          status: 403,
          json: { _tag: "Forbidden" }
        })
      expect(yield* as(bound, "PATCH", `/endpoints/${mine.id}`, { instances: null })).toMatchObject(
        { status: 200 }
      )
    }))

  test("are tested in the way of all deliveries", ({ as, keyOf, make, sink }) =>
    Effect.gen(function* () {
      const { id } = yield* make()
      const delivered = yield* as(key, "POST", `/endpoints/${id}/test`)
      expect(delivered).toMatchObject({
        status: 200,
        json: { outcome: "delivered", status: 200, message: null }
      })
      const last = sink.received.at(-1)
      expect(last?.headers["webhook-id"]).toMatch(/^test_/)
      expect(last?.headers["webhook-signature"]).toMatch(/^v1,/)
      sink.answer(500, "a word of the receiver")
      const told = (given: string) =>
        Effect.map(as(given, "POST", `/endpoints/${id}/test`), ({ json }) => json)
      expect(yield* told(key)).toMatchObject({
        outcome: "answered",
        status: 500,
        excerpt: "a word of the receiver",
        address: "127.0.0.1"
      })
      expect(yield* told(yield* keyOf("operate"))).toMatchObject({
        outcome: "answered",
        excerpt: null,
        address: null
      })
      sink.answer(200, "")
      const guarded = yield* make({ target: { type: "webhook", url: "http://localhost.:1/" } })
      expect((yield* as(key, "POST", `/endpoints/${guarded.id}/test`)).json).not.toMatchObject({
        outcome: "delivered"
      })
    }))

  test("get one event by hand, within their bounds alone", ({ as, keyOf, make, sink, sql }) =>
    Effect.gen(function* () {
      const put = (instance: string) =>
        Effect.map(
          sql<{ id: string }>`
            insert into events (server, instance, event, data, received_at, origin)
            values ('default', ${instance}, 'call', '{"a":1}', now(), 'live') returning id`,
          ([row]) => Number(row?.id)
        )
      const [shop, other] = [yield* put("shop-1"), yield* put("other")]
      const bound = yield* keyOf("operate", { instances: ["shop-*"] })
      const { id } = yield* make({}, bound)
      const deliver = (given: string, eventId: number) =>
        as(given, "POST", `/endpoints/${id}/deliver`, { eventId })
      expect(yield* deliver(bound, shop)).toMatchObject({ json: { outcome: "delivered" } })
      const last = sink.received.at(-1)
      expect(last?.headers["webhook-id"]).toMatch(new RegExp(`^evt_\\w+_${shop}$`))
      expect(String(last?.body)).toContain('"instance":"shop-1"')
      const nothing = yield* deliver(bound, 999_999)
      for (const given of [bound, key]) {
        const foreign = yield* deliver(given, other)
        expect([foreign.status, foreign.text.replaceAll(String(other), "999999")]).toEqual([
          404,
          nothing.text
        ])
      }
    }))

  test("tell their lanes, attempts and undelivered events", ({ as, keyOf, make, sql }) =>
    Effect.gen(function* () {
      const { id } = yield* make()
      // Nothing is tried meanwhile.
      yield* as(key, "POST", `/endpoints/${id}/pause`)
      yield* sql`
        insert into endpoint_lanes (feed, endpoint, server, lane, generation, cursor, held, attempts, head,
          retry_at, failing_since, reason)
        values (${id}, ${id}, 'default', 'quiet', 0, 9, false, 0, null, null, null, null),
          (${id}, ${id}, 'default', 'behind', 0, 5, true, 0, null, null, null, null),
          (${id}, ${id}, 'default', 'failing', 0, 7, true, 2, 8, '2026-11-30', '2026-11-29', 'It answered 500')`
      yield* sql`
        insert into endpoint_cursors (feed, endpoint, server, generation, cursor, behind, oldest_at, delivered, at)
        values (${id}, ${id}, 'default', 0, 9, 4, now() - interval '90 seconds', 100, now())`
      yield* sql`
        insert into endpoint_health (endpoint, server, breaker, since, next_probe_at, failing_since, reason)
        values (${id}, 'default', 'open', now(), '2026-12-01', '2026-11-29', 'It answered 500')`
      const path = `/endpoints/${id}`
      expect((yield* as(key, "GET", `${path}/lanes`)).json).toMatchObject({
        lanes: [
          { instance: "failing", attempts: 2, head: 8, reason: "It answered 500" },
          { instance: "behind", isBehind: true },
          { instance: "quiet", isBehind: false }
        ]
      })
      const { status } = viewOf((yield* as(key, "GET", path)).json)
      expect(status).toMatchObject({
        lag: { events: 4 },
        delivered: 100,
        lanes: { behind: 2, failing: 1 },
        breaker: "open",
        reason: "It answered 500"
      })
      expect(status.lag.seconds).toBeGreaterThanOrEqual(90)
      expect(status.lag.seconds).toBeLessThan(120)

      for (let attempt = 1; attempt <= 3; attempt++)
        yield* sql`
          insert into endpoint_attempts (endpoint, feed, server, instance, event_id, event, attempt, at, took_ms,
            outcome, status, message, excerpt, address)
          values (${id}, ${id}, 'default', 'failing', 8, 'call', ${attempt}, now(), 12, 'answered', 500,
            'It answered 500', 'internal words', '10.0.0.7')`
      const attempts = (given: string, query = "") =>
        Effect.map(as(given, "GET", `${path}/attempts${query}`), ({ json, text }) => ({
          text,
          rows: Schema.decodeUnknownSync(
            Schema.Struct({
              attempts: Schema.Array(Schema.Struct({ id: Schema.Int, attempt: Schema.Int }))
            })
          )(json).attempts
        }))
      const first = yield* attempts(key, "?limit=2")
      expect(first.rows.map(({ attempt }) => attempt)).toEqual([3, 2])
      const rest = yield* attempts(key, `?limit=2&before=${first.rows[1]?.id}`)
      expect(rest.rows.map(({ attempt }) => attempt)).toEqual([1])
      expect(first.text).toContain("internal words")
      for (const scope of ["read", "operate"]) {
        const { text } = yield* attempts(yield* keyOf(scope))
        expect(text).not.toContain("internal words")
        expect(text).not.toContain("10.0.0.7")
      }

      const aside = (...ids: ReadonlyArray<number>) =>
        Effect.forEach(
          ids,
          (eventId) => sql`
            insert into endpoint_undelivered (feed, endpoint, server, instance, event_id, event, attempts, reason, at)
            values (${id}, ${id}, 'default', 'failing', ${eventId}, 'call', 3, 'It answered 422', now())
            on conflict do nothing`
        )
      yield* aside(11, 12, 13, 14)
      const undelivered = Effect.map(as(key, "GET", `${path}/undelivered`), ({ json }) =>
        Schema.decodeUnknownSync(
          Schema.Struct({
            undelivered: Schema.Array(
              Schema.Struct({ eventId: Schema.Int, retryAt: Schema.NullOr(Schema.String) })
            )
          })
        )(json).undelivered.map(({ eventId, retryAt }) => [eventId, retryAt !== null])
      )
      expect(yield* undelivered).toEqual([
        [14, false],
        [13, false],
        [12, false],
        [11, false]
      ])
      const retry = (body: object) => as(key, "POST", `${path}/undelivered/retry`, body)
      expect(yield* retry({ eventId: 12 })).toMatchObject({ status: 202, json: { count: 1 } })
      expect((yield* as(key, "DELETE", `${path}/undelivered/13`)).json).toEqual({ count: 1 })
      expect((yield* as(key, "DELETE", `${path}/undelivered/13`)).json).toEqual({ count: 0 })
      expect(yield* undelivered).toEqual([
        [14, false],
        [12, true],
        [11, false]
      ])
      expect((yield* retry({})).json).toEqual({ count: 2 })
      yield* aside(15)
      // What is under way is not forgotten.
      expect((yield* as(key, "DELETE", `${path}/undelivered`)).json).toEqual({ count: 1 })
      expect(yield* undelivered).toHaveLength(3)
    }))

  test("replay a stretch of the log", ({ as, make, sql }) =>
    Effect.gen(function* () {
      const { id } = yield* make()
      const path = `/endpoints/${id}`
      // A replay waits, too.
      yield* as(key, "POST", `${path}/pause`)
      const [newest] = yield* sql<{ id: string }>`select max(id) as id from events`
      const last = Number(newest?.id)
      const replay = (body: object) => as(key, "POST", `${path}/replay`, body)
      const made = yield* replay({ from: { cursor: 0 }, events: ["call"], instances: ["shop-*"] })
      expect(made).toMatchObject({
        status: 201,
        json: { after: 0, until: last, state: "running", finishedAt: null }
      })
      expect(made.json).toMatchObject({ filter: { events: ["call"], instances: ["shop-*"] } })
      expect(
        yield* replay({ from: { time: "2020-01-01T00:00:00Z" }, to: { cursor: 1 } })
      ).toMatchObject({ json: { after: 0, until: 1 } })
      for (const body of [
        { from: { cursor: last } },
        { from: { cursor: 5 }, to: { cursor: 5 } },
        { from: { time: "2100-01-01T00:00:00Z" } }
      ])
        expect(yield* replay(body)).toMatchObject({
          status: 400,
          json: { _tag: "EndpointRefused" }
        })
      expect((yield* replay({ from: { cursor: 0 }, colour: "red" })).text).toContain("colour")
      const { id: replayId } = Schema.decodeUnknownSync(Schema.Struct({ id: Schema.UUID }))(
        made.json
      )
      const cancel = as(key, "DELETE", `${path}/replays/${replayId}`)
      const cancelled = yield* cancel
      expect(cancelled).toMatchObject({ status: 200, json: { state: "cancelled" } })
      expect((yield* cancel).json).toEqual(cancelled.json)
      expect((yield* as(key, "GET", `${path}/replays`)).json).toMatchObject([
        { until: 1, state: "running" },
        { id: replayId, state: "cancelled" }
      ])
      const other = yield* make()
      for (const foreign of [
        `/endpoints/${other.id}/replays/${replayId}`,
        `${path}/replays/${nobody}`
      ])
        expect(yield* as(key, "DELETE", foreign)).toMatchObject({
          status: 404,
          json: { _tag: "ReplayNotFound" }
        })
      for (let more = 1; more < 10; more++) yield* replay({ from: { cursor: 0 } })
      expect(yield* replay({ from: { cursor: 0 } })).toMatchObject({ status: 400 })
    }))

  test("leave a row in the audit for each command, and no secret anywhere", (service) =>
    Effect.gen(function* () {
      const { as, keyOf, make, said } = service
      const own = `whsec_${Buffer.alloc(32, 9).toString("base64")}`
      const { id, name, secret } = yield* make({
        secret: own,
        target: { type: "webhook", url: "https://example.com/", headers: { a: "value-of-header" } }
      })
      expect(secret).toBe(own)
      yield* as(yield* keyOf("read"), "POST", `/endpoints/${id}/pause`)
      yield* as(key, "PATCH", `/endpoints/${id}`, { byEvents: true })
      yield* as(key, "DELETE", `/endpoints/${id}`)
      const { json } = yield* as(key, "GET", "/audit?limit=5")
      expect(json).toMatchObject({
        rows: [
          { action: `remove_endpoint ${id}`, outcome: "done", instance: null },
          { action: `update_endpoint ${id}`, outcome: "EndpointRefused" },
          { action: `pause_endpoint ${id}`, outcome: "Forbidden" },
          { action: "make_key" },
          { action: `create_endpoint ${name}`, outcome: "done" }
        ]
      })
      const words = said.join("\n")
      expect(words.split(own)).toHaveLength(2)
      for (const one of ["value-of-header", "the-value-of-the-variable"])
        expect(words).not.toContain(one)
    }))
})
