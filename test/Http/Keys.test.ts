import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import { Context, Effect, Layer, ManagedRuntime, Schema } from "effect"
import * as EvolutionListener from "../../src/EvolutionListener.ts"
import { NewKey } from "../../src/Http/Api/Keys.ts"
import { EvolutionSimulator } from "../../src/Testing/mod.ts"
import { storage } from "../support/databases.ts"
import { key, serve } from "./Service.ts"

const start = Effect.gen(function* () {
  const simulator = yield* EvolutionSimulator
  const service = yield* serve(EvolutionListener.layer, {
    EVOLUTION_API_URL: simulator.url,
    EVOLUTION_API_KEY: simulator.apiKey,
    API_KEY: key,
    ...(yield* storage)
  })
  const make = (wanted: object) =>
    Effect.map(service.post("/keys", JSON.stringify(wanted)), ({ json }) =>
      Schema.decodeUnknownSync(NewKey)(json)
    )
  const as = (given: string, method: string, path: string, body?: object) =>
    service.call(method, path, {
      headers: { apikey: given, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
  return { ...service, as, make, simulator }
})

class Service extends Context.Tag("test/Service")<Service, Effect.Effect.Success<typeof start>>() {}

describe("keys", () => {
  const runtime = ManagedRuntime.make(
    Layer.provide(Layer.scoped(Service, start), EvolutionSimulator.layer())
  )
  beforeAll(() => runtime.runPromise(Effect.void), 30_000)
  afterAll(() => runtime.dispose(), 30_000)

  const test = <E>(title: string, body: (service: Service["Type"]) => Effect.Effect<unknown, E>) =>
    it.live(title, () => Effect.provide(Effect.flatMap(Service, body), runtime), 30_000)

  test("are created, shown once, listed without their secret, and revoked", ({ as, call, make }) =>
    Effect.gen(function* () {
      const made = yield* make({ name: "till", scope: "read", instances: ["shop-*"] })
      const self = yield* as(made.key, "GET", "/keys/self")
      expect(self.json).toEqual({
        name: "till",
        scope: "read",
        instances: ["shop-*"],
        servers: null
      })
      const listed = yield* call("GET", "/keys")
      expect(listed.json).toMatchObject([{ id: made.id, name: "till", revokedAt: null }])
      expect(listed.text).not.toContain(made.key)
      const revoked = yield* call("DELETE", `/keys/${made.id}`)
      expect(revoked.json).toMatchObject({ id: made.id, revokedAt: expect.any(String) })
      expect((yield* as(made.key, "GET", "/keys/self")).status).toBe(401)
      const unknown = yield* call("DELETE", "/keys/8b1ea8e2-0b4f-4d7e-9d3c-1a6f4a8f2a11")
      expect([unknown.status, unknown.json]).toMatchObject([404, { _tag: "KeyNotFound" }])
    }))

  test("are not created from malformed bodies", ({ call, post }) =>
    Effect.gen(function* () {
      const before = (yield* call("GET", "/keys")).text
      for (const wrong of [
        {},
        { name: "x" },
        { name: "", scope: "read" },
        { name: "x", scope: "root" },
        { name: "x", scope: "read", instances: [] },
        { name: "x", scope: "read", instances: ["a\\b"] },
        { name: "x", scope: "read", instances: "shop-*" },
        { name: "x", scope: "read", expiresAt: "soon" },
        { name: "x", scope: "read", key: "my own" }
      ])
        expect((yield* post("/keys", JSON.stringify(wrong))).status, JSON.stringify(wrong)).toBe(
          400
        )
      expect((yield* call("GET", "/keys")).text).toBe(before)
    }))

  test("permit what their scope says", ({ as, make, post, simulator }) =>
    Effect.gen(function* () {
      const [read, operate, admin] = yield* Effect.forEach(
        ["read", "operate", "admin"] as const,
        (scope) => Effect.map(make({ name: scope, scope }), (made) => made.key)
      )
      yield* post("/instances", '{"name":"scoped"}')
      const statuses = (method: string, path: string, body?: object) =>
        Effect.forEach([read, operate, admin], (given) =>
          Effect.map(as(given ?? "", method, path, body), ({ status }) => status)
        )
      expect(yield* statuses("GET", "/instances/scoped")).toEqual([200, 200, 200])
      expect(yield* statuses("GET", "/events")).toEqual([200, 200, 200])
      expect(yield* statuses("GET", "/instances/scoped/qrcode")).toEqual([403, 200, 200])
      expect(yield* statuses("POST", "/instances/scoped/restart")).toEqual([403, 202, 202])
      expect(yield* statuses("POST", "/instances/scoped/pairing-links", {})).toEqual([
        403, 201, 201
      ])
      expect(yield* statuses("GET", "/keys")).toEqual([403, 403, 200])
      expect(yield* statuses("GET", "/audit")).toEqual([403, 403, 200])
      expect(yield* statuses("POST", "/keys", { name: "x", scope: "read" })).toEqual([
        403, 403, 201
      ])
      const refused = yield* as(read ?? "", "DELETE", "/instances/scoped")
      expect(refused.json).toEqual({
        _tag: "Forbidden",
        message: 'This key may "read", this needs "operate"'
      })
      expect(simulator.instance("scoped").name).toBe("scoped")
    }))

  test("keep a bound admin from creating keys", ({ as, make }) =>
    Effect.gen(function* () {
      const bound = yield* make({ name: "bound", scope: "admin", instances: ["shop-*"] })
      for (const [method, path, body] of [
        ["GET", "/keys"],
        ["GET", "/audit"],
        ["POST", "/keys", { name: "free", scope: "admin" }],
        ["DELETE", `/keys/${bound.id}`]
      ] as const)
        expect((yield* as(bound.key, method, path, body)).status, path).toBe(403)
      const created = yield* as(bound.key, "POST", "/instances", { name: "other-9" })
      expect(created.json).toEqual({ _tag: "Forbidden", message: 'This key is bound to "shop-*"' })
      expect((yield* as(bound.key, "POST", "/instances", { name: "shop-9" })).status).toBe(201)
    }))

  test("leave an audit row for every command: who, what, when, and the outcome", (service) =>
    Effect.gen(function* () {
      const { as, call, make } = service
      const till = yield* make({ name: "till", scope: "operate", instances: ["audited*"] })
      yield* as(till.key, "POST", "/instances", { name: "audited" })
      yield* as(till.key, "POST", "/instances/audited/stop")
      yield* as(till.key, "POST", "/instances/elsewhere/stop")
      yield* as(till.key, "GET", "/instances/audited")
      yield* call("DELETE", "/instances/audited")
      const { json, text } = yield* call("GET", "/audit?limit=5")
      const mine = {
        keyId: till.id,
        keyName: "till",
        id: expect.any(Number),
        at: expect.any(String)
      }
      expect(json).toEqual({
        rows: [
          {
            ...mine,
            keyId: null,
            keyName: "API_KEY",
            action: "remove",
            instance: "audited",
            server: "default",
            outcome: "done"
          },
          {
            ...mine,
            action: "stop",
            instance: "elsewhere",
            server: null,
            outcome: "InstanceNotFound"
          },
          { ...mine, action: "stop", instance: "audited", server: "default", outcome: "done" },
          { ...mine, action: "create", instance: "audited", server: "default", outcome: "done" },
          {
            ...mine,
            keyId: null,
            keyName: "API_KEY",
            action: "make_key",
            instance: null,
            server: null,
            outcome: "done"
          }
        ]
      })
      expect(text).not.toContain(till.key)
      const rows = Schema.decodeUnknownSync(
        Schema.Struct({ rows: Schema.Array(Schema.Struct({ id: Schema.Int })) })
      )
      const [newest, next] = rows(json).rows
      const older = yield* call("GET", `/audit?limit=1&before=${newest?.id}`)
      expect(rows(older.json).rows).toMatchObject([{ id: next?.id }])
    }))
})
