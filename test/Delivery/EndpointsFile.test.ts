import { SqlClient } from "@effect/sql"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@effect/vitest"
import { Effect, Layer, ManagedRuntime, Redacted, type Scope } from "effect"
import { absentReason } from "../../src/Delivery/Endpoints/FromFile/Plan.ts"
import type { Endpoints } from "../../src/Delivery/Endpoints.ts"
import { databases } from "../support/databases.ts"
import { started, variables } from "./Endpoints/House.ts"
import { previewOf, startedWith } from "./EndpointsFile/House.ts"

const secret = (fill: number) => `whsec_${Buffer.alloc(32, fill).toString("base64")}`

const hook = (name: string, more: object = {}) => ({
  name,
  target: { type: "webhook", url: `https://${name}.example.com/` },
  ...more
})

const file = (...endpoints: ReadonlyArray<object>) => JSON.stringify({ endpoints })

const shown = (store: Endpoints["Type"]) =>
  Effect.map(store.all, (all) =>
    Object.fromEntries(
      all.map(({ settings: { name }, source, state }) => [name, `${state} by ${source}`])
    )
  )

const named = (store: Endpoints["Type"], name: string) =>
  Effect.map(store.all, (all) => {
    const found = all.find(({ settings }) => settings.name === name)
    if (found === undefined) throw new Error(`There is no endpoint "${name}"`)
    return found
  })

const signing = (store: Endpoints["Type"], name: string) =>
  Effect.flatMap(named(store, name), ({ id }) =>
    Effect.map(store.credentials(id), ({ signing }) => signing.map((one) => Redacted.value(one)))
  )

describe.each(databases)("the file of endpoints on %s", (_name, database) => {
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

  const outcomes = (text: string, more: Readonly<Record<string, string>> = {}) =>
    Effect.map(previewOf(text, more), ({ outcomes }) =>
      Object.fromEntries(outcomes.map(({ name, outcome }) => [name, outcome]))
    )

  /** Has all that is away be so for longer. */
  const aged = (time: string) =>
    Effect.flatMap(
      SqlClient.SqlClient,
      (sql) => sql`update endpoint_absences set since = since - ${time}::interval`
    )

  const lastChange = Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql`select * from endpoint_changes`
  )

  test(
    "makes endpoints that begin where it says; the same file again writes nothing",
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`
        insert into events (id, server, instance, event, data, received_at, origin)
        overriding system value values (7, 'default', 'shop', 'call', '{}', now(), 'live')`
      const text = file(
        hook("now", { secret: { env: "DELIVERY_S" } }),
        hook("all", {
          start: "beginning",
          target: {
            type: "webhook",
            url: "https://all.example.com",
            headers: { "X-Own": "value", "X-Env": { env: "DELIVERY_T" } }
          }
        }),
        { name: "broker", target: { type: "nats", url: { env: "DELIVERY_N" } } }
      )
      const given = { DELIVERY_S: secret(1), DELIVERY_T: "token", DELIVERY_N: "nats://127.0.0.1" }
      const all = { now: "created", all: "created", broker: "created" }
      expect(yield* outcomes(text, given)).toEqual(all)
      const store = yield* startedWith(text, given)
      expect(yield* shown(store)).toEqual({
        now: "active by file",
        all: "active by file",
        broker: "active by file"
      })
      expect(yield* signing(store, "now")).toEqual([secret(1)])
      expect(yield* signing(store, "all")).toEqual([expect.stringMatching(/^whsec_/)])
      const { id } = yield* named(store, "all")
      const { headers } = yield* store.credentials(id)
      expect(Object.entries(headers).map(([name, one]) => [name, Redacted.value(one)])).toEqual([
        ["x-own", "value"],
        ["x-env", "token"]
      ])
      expect(yield* store.startsAfter(id)).toBe(0)
      expect(yield* store.startsAfter((yield* named(store, "now")).id)).toBe(7)

      const before = yield* Effect.all([store.all, lastChange])
      expect(yield* outcomes(text, given)).toEqual({
        now: "unchanged",
        all: "unchanged",
        broker: "unchanged"
      })
      const again = yield* startedWith(text, given)
      expect(yield* Effect.all([again.all, lastChange])).toEqual(before)
    })
  )

  test(
    "changes what differs, in place; another value of the secret is a rotation",
    Effect.gen(function* () {
      const text = file(hook("n8n", { secret: { env: "DELIVERY_S" } }), hook("other"))
      const store = yield* startedWith(text, { DELIVERY_S: secret(1) })
      const before = yield* named(store, "n8n")
      const other = yield* named(store, "other")

      const next = file(
        hook("n8n", { secret: { env: "DELIVERY_S" }, events: ["call"] }),
        hook("other")
      )
      const changed = yield* startedWith(next, { DELIVERY_S: secret(1) })
      const after = yield* named(changed, "n8n")
      expect(after).toMatchObject({
        id: before.id,
        generation: 0,
        settings: { events: ["call"] }
      })
      expect(yield* named(changed, "other")).toEqual(other)
      expect(yield* signing(changed, "n8n")).toEqual([secret(1)])

      expect(yield* outcomes(next, { DELIVERY_S: secret(2) })).toEqual({
        n8n: "changed",
        other: "unchanged"
      })
      const rotated = yield* startedWith(next, { DELIVERY_S: secret(2) })
      expect(yield* signing(rotated, "n8n")).toEqual([secret(2), secret(1)])
    })
  )

  test(
    "gives a webhook that was a broker a secret, and a broker none",
    Effect.gen(function* () {
      const broker = file({ name: "n8n", target: { type: "nats", url: { env: "DELIVERY_N" } } })
      const given = { DELIVERY_N: "nats://127.0.0.1" }
      yield* startedWith(broker, given)
      const store = yield* startedWith(file(hook("n8n")))
      expect(yield* signing(store, "n8n")).toHaveLength(1)
      expect(yield* outcomes(file(hook("n8n")))).toEqual({ n8n: "unchanged" })
      expect(yield* signing(yield* startedWith(broker, given), "n8n")).toEqual([])
      expect(yield* outcomes(broker, given)).toEqual({ n8n: "unchanged" })
    })
  )

  test(
    "disables at once what it does not have any more, and deletes it at a start a day later",
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const both = file(hook("kept"), hook("gone"))
      const one = file(hook("kept"))
      const { id } = yield* named(yield* startedWith(both), "gone")
      yield* sql`
        insert into endpoint_cursors (feed, endpoint, server, generation, cursor, at)
        values (${id}, ${id}, 'default', 0, 5, now())`
      expect(yield* outcomes(one)).toEqual({ kept: "unchanged", gone: "disabled" })
      const store = yield* startedWith(one)
      expect(yield* named(store, "gone")).toMatchObject({
        id,
        state: "disabled",
        reason: absentReason
      })
      yield* aged("23 hours")
      expect(yield* outcomes(one)).toEqual({ kept: "unchanged", gone: "absent" })
      expect(yield* shown(yield* startedWith(one))).toEqual({
        kept: "active by file",
        gone: "disabled by file"
      })

      // Back before, it goes on where it was.
      expect(yield* outcomes(both)).toEqual({ kept: "unchanged", gone: "back" })
      expect(yield* named(yield* startedWith(both), "gone")).toMatchObject({
        id,
        state: "active",
        reason: null,
        generation: 0
      })
      expect(yield* sql`select cursor::integer from endpoint_cursors`).toEqual([{ cursor: 5 }])
      expect(yield* sql`select * from endpoint_absences`).toEqual([])

      yield* startedWith(one)
      yield* aged("1 day")
      expect(yield* outcomes(one)).toEqual({ kept: "unchanged", gone: "deleted" })
      expect(yield* shown(yield* startedWith(one))).toEqual({ kept: "active by file" })
      expect(yield* sql`select * from endpoint_cursors`).toEqual([])
    })
  )

  test(
    "gives back the state that an endpoint had before: an old replica's restart resumes nothing",
    Effect.gen(function* () {
      const all = file(hook("paused"), hook("refused"), hook("active"))
      const store = yield* startedWith(all)
      yield* store.pause((yield* named(store, "paused")).id)
      yield* store.disable((yield* named(store, "refused")).id, "It answered 410")
      yield* startedWith(file())
      const back = yield* startedWith(all)
      expect(yield* shown(back)).toEqual({
        paused: "paused by file",
        refused: "disabled by file",
        active: "active by file"
      })
      expect((yield* named(back, "refused")).reason).toBe("It answered 410")
    })
  )

  test(
    "deletes nothing that somebody resumed meanwhile, and a call may delete what is away",
    Effect.gen(function* () {
      const store = yield* startedWith(file(hook("resumed"), hook("deleted")))
      const [resumed, deleted] = [yield* named(store, "resumed"), yield* named(store, "deleted")]
      expect(yield* Effect.flip(store.remove(deleted.id))).toMatchObject({ _tag: "EndpointInFile" })
      const away = yield* startedWith(file())
      yield* away.resume(resumed.id)
      yield* away.remove(deleted.id)
      yield* aged("2 days")
      expect(yield* outcomes(file())).toEqual({ resumed: "disabled" })
      expect(yield* shown(yield* startedWith(file()))).toEqual({ resumed: "disabled by file" })
      yield* aged("23 hours")
      expect(yield* outcomes(file())).toEqual({ resumed: "absent" })
    })
  )

  test(
    "takes over what the API made without bounds, and leaves that of bound keys alone",
    Effect.gen(function* () {
      const { store } = yield* started()
      const bounds = { instances: ["shop"], servers: null }
      const settings = {
        name: "n8n",
        target: { type: "webhook", url: "https://old.example.com/" }
      } as const
      const { endpoint: free } = yield* store.create({ settings, start: "beginning" })
      const { endpoint: bound } = yield* store.create({ settings, bounds })
      const { endpoint: other } = yield* store.create({ settings: { ...settings, name: "other" } })
      const { signing: secrets } = yield* store.credentials(free.id)
      expect(yield* outcomes(file(hook("n8n")))).toEqual({ n8n: "adopted" })
      const next = yield* startedWith(file(hook("n8n")))
      expect(yield* next.get(free.id)).toMatchObject({
        source: "file",
        generation: 0,
        settings: { target: { url: "https://n8n.example.com/" } }
      })
      expect((yield* next.credentials(free.id)).signing).toEqual(secrets)
      expect(yield* next.get(bound.id)).toEqual(bound)
      expect(yield* next.get(other.id)).toEqual(other)
      expect(yield* Effect.flip(next.update(free.id, { name: "flow" }))).toMatchObject({
        _tag: "EndpointInFile"
      })
    })
  )

  test(
    "applies all or nothing",
    Effect.gen(function* () {
      const store = yield* startedWith(file(hook("kept")))
      const before = yield* Effect.all([store.all, lastChange])
      const failure = yield* Effect.flip(
        startedWith(file(hook("new"), hook("late", { start: { cursor: 99 } })))
      )
      expect(failure).toMatchObject({ _tag: "EndpointRefused" })
      const again = (yield* started()).store
      expect(yield* Effect.all([again.all, lastChange])).toEqual(before)
    })
  )

  test(
    "leaves what a later version wrote",
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* startedWith(file(hook("n8n")))
      yield* sql`update endpoints set settings = '{"target":{"type":"later"}}'`
      expect(yield* outcomes(file(hook("n8n")))).toEqual({ n8n: "unread" })
      yield* startedWith(file(hook("n8n")))
      yield* startedWith(file())
      expect(yield* sql`select settings, state from endpoints`).toEqual([
        { settings: { target: { type: "later" } }, state: "active" }
      ])
    })
  )

  test(
    "tells what is missing for endpoints that it does not have",
    Effect.gen(function* () {
      const { store } = yield* started()
      yield* store.create({
        settings: { name: "crm", target: { type: "nats", url: { env: "DELIVERY_CRM" } } }
      })
      yield* store.create({
        settings: { name: "n8n", target: { type: "webhook", url: "https://a.b" } }
      })
      const other = { ...variables, ENCRYPTION_KEY: "another-encryption-key-of-32-chars" }
      expect((yield* previewOf(file(), other)).troubles).toEqual([
        'Cannot send to "crm": set DELIVERY_CRM, which its url refers to',
        expect.stringMatching(/^Cannot read secrets of "n8n": signing/)
      ])
    })
  )
})
