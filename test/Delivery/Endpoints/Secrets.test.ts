import { SqlClient } from "@effect/sql"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@effect/vitest"
import {
  Duration,
  Effect,
  Layer,
  ManagedRuntime,
  Option,
  Redacted,
  type Scope,
  TestClock
} from "effect"
import type { Endpoints } from "../../../src/Delivery/Endpoints.ts"
import { databases } from "../../support/databases.ts"
import { encryptionKey, hook, shown, started, to, variables } from "./House.ts"

const [, database] = databases.at(-1) ?? []

describe("the secrets of endpoints", () => {
  const runtime = ManagedRuntime.make(Layer.orDie(database ?? Layer.die("no database")))
  beforeAll(() => runtime.runPromise(Effect.void), 30_000)
  beforeEach(() =>
    runtime.runPromise(
      Effect.flatMap(SqlClient.SqlClient, (sql) => sql`truncate endpoints cascade`)
    )
  )
  afterAll(() => runtime.dispose(), 30_000)

  const test = (
    title: string,
    body: Effect.Effect<unknown, unknown, SqlClient.SqlClient | Scope.Scope>
  ) => it.scoped(title, () => Effect.provide(body, runtime))

  const signing = ({ credentials }: Endpoints["Type"], id: string) =>
    Effect.map(credentials(id), (found) => found.signing.map((one) => Redacted.value(one)))

  const made = (store: Endpoints["Type"]) =>
    Effect.map(store.create({ settings: to({ headers: { a: "of the flow" } }) }), (one) => ({
      id: one.endpoint.id,
      secret: shown(Option.getOrUndefined(one.secret)) ?? ""
    }))

  test(
    "rotate: the old ones stay good for 24 hours each, and three are at most",
    Effect.gen(function* () {
      const { store } = yield* started()
      const { id, secret: first } = yield* made(store)
      const rotate = Effect.map(store.rotate(id), ({ secret }) => Redacted.value(secret))
      const second = yield* rotate
      expect(yield* signing(store, id)).toEqual([second, first])
      yield* TestClock.adjust("23 hours")
      // The end of the second is not that of the first.
      const third = yield* rotate
      expect(yield* signing(store, id)).toEqual([third, second, first])
      yield* TestClock.adjust("1 hours")
      expect(yield* signing(store, id)).toEqual([third, second])
      yield* TestClock.adjust("22 hours")
      expect(yield* signing(store, id)).toEqual([third, second])
      const [fourth, fifth] = [yield* rotate, yield* rotate]
      expect(yield* signing(store, id)).toEqual([fifth, fourth, third])
      yield* TestClock.adjust("24 hours")
      for (const again of [store, (yield* started()).store])
        expect(yield* signing(again, id)).toEqual([fifth])
    })
  )

  test(
    "end at once where the overlap is none, as of a secret that leaked",
    Effect.gen(function* () {
      const { store } = yield* started()
      const { id } = yield* made(store)
      const own = Redacted.make(`whsec_${Buffer.alloc(32, 1).toString("base64")}`)
      yield* store.rotate(id, { secret: own, overlap: Duration.zero })
      expect(yield* signing(store, id)).toEqual([Redacted.value(own)])
      // The same again is one.
      yield* store.rotate(id, { secret: own })
      expect(yield* signing(store, id)).toEqual([Redacted.value(own)])
    })
  )

  test(
    "that another key encrypted cannot be read: the error says what to set, all else goes on",
    Effect.gen(function* () {
      const { id, secret } = yield* made((yield* started()).store)
      const { store } = yield* started({ ...variables, ENCRYPTION_KEY: "another-key".repeat(4) })
      const error = yield* Effect.flip(store.credentials(id))
      expect(error).toMatchObject({ _tag: "DeliveryFailed", kind: "ours" })
      expect(error.message).toMatch(
        /^Cannot read secrets of "n8n": signing .*ENCRYPTION_KEY.*rotate/
      )
      expect(yield* store.trouble(id)).toEqual(Option.some(error.message))
      expect(yield* store.all).toHaveLength(1)
      yield* store.update(id, { name: "flow" })
      const rotated = yield* store.rotate(id)
      expect((yield* Effect.flip(store.credentials(id))).message).toContain("header a")
      yield* store.update(id, { target: { headers: { a: "anew" } } })
      expect(yield* signing(store, id)).toEqual([Redacted.value(rotated.secret)])
      expect(yield* signing(store, id)).not.toContain(secret)
      yield* store.remove(id)
    })
  )

  test(
    "are encrypted anew at the start after a new key came before the old one",
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { id, secret } = yield* made((yield* started()).store)
      const both = { ...variables, ENCRYPTION_KEY: `${"another-key".repeat(4)},${encryptionKey}` }
      const text = Effect.map(sql<{ secrets: object }>`select secrets from endpoints`, ([row]) =>
        JSON.stringify(row?.secrets)
      )
      const before = yield* text
      expect(yield* signing((yield* started(both)).store, id)).toEqual([secret])
      const after = yield* text
      expect(after).not.toBe(before)
      yield* started(both)
      expect(yield* text).toBe(after)
      const { store } = yield* started({ ...variables, ENCRYPTION_KEY: "another-key".repeat(4) })
      expect(yield* signing(store, id)).toEqual([secret])
    })
  )

  test(
    "stay readable when an ENCRYPTION_KEY is set after API_KEY had encrypted them",
    Effect.gen(function* () {
      const { id, secret } = yield* made((yield* started({ API_KEY: variables.API_KEY })).store)
      expect(yield* signing((yield* started()).store, id)).toEqual([secret])
      const { store } = yield* started({ API_KEY: "another", ENCRYPTION_KEY: encryptionKey })
      expect(yield* signing(store, id)).toEqual([secret])
    })
  )

  test(
    "are not read in the row of another endpoint, nor for another use",
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { store } = yield* started()
      const { id } = yield* made(store)
      const other = yield* store.create({ settings: { ...hook, name: "other" } })
      yield* sql`
        update endpoints set secrets = (select secrets from endpoints where id = ${id})
        where id = ${other.endpoint.id}`
      yield* sql`
        update endpoints set secrets = jsonb_set(secrets, '{headers,a}', (secrets #> '{signing,0}') - 'until')
        where id = ${id}`
      const again = (yield* started()).store
      for (const one of [id, other.endpoint.id])
        expect(yield* Effect.flip(again.credentials(one)), one).toMatchObject({ kind: "ours" })
    })
  )

  test(
    "may be variables, which are read as they are used",
    Effect.gen(function* () {
      const given: Record<string, string> = {
        ...variables,
        DELIVERY_FLOW: "Bearer of-the-flow-0123"
      }
      const { secrets, store } = yield* started(given)
      const headers = { authorization: { env: "DELIVERY_FLOW" }, "x-b": { env: "DELIVERY_B" } }
      const { endpoint } = yield* store.create({ settings: to({ headers }) })
      expect(endpoint.settings.target).toMatchObject({ headers })
      expect((yield* Effect.flip(store.credentials(endpoint.id))).message).toBe(
        'Cannot send to "n8n": set DELIVERY_B, which its header "x-b" refers to'
      )
      yield* store.update(endpoint.id, { target: { headers: { "x-b": null } } })
      const found = yield* store.credentials(endpoint.id)
      expect(Object.values(found.headers).map(Redacted.value)).toEqual(["Bearer of-the-flow-0123"])
      expect(secrets.scrub.blot("it is Bearer of-the-flow-0123")).not.toContain("of-the-flow")

      const broker = yield* store.create({
        settings: {
          name: "broker",
          target: { type: "nats", url: { env: "DELIVERY_NATS" } }
        }
      })
      expect(broker.secret).toEqual(Option.none())
      expect((yield* Effect.flip(store.credentials(broker.endpoint.id))).message).toBe(
        'Cannot send to "broker": set DELIVERY_NATS, which its url refers to'
      )
      const known = yield* started({ ...given, DELIVERY_NATS: "nats://u:pass-of-nats-0123@h:4222" })
      const { signing: none, url } = yield* known.store.credentials(broker.endpoint.id)
      expect([none, Option.map(url, Redacted.value)]).toEqual([
        [],
        Option.some("nats://u:pass-of-nats-0123@h:4222")
      ])
      expect(known.secrets.scrub.blot("pass-of-nats-0123")).not.toContain("nats-0123")
      expect(yield* Effect.flip(known.store.rotate(broker.endpoint.id))).toMatchObject({
        _tag: "EndpointRefused"
      })
    })
  )
})
