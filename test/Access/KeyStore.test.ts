import { SqlClient } from "@effect/sql"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, Layer, ManagedRuntime, Option, Redacted, TestClock } from "effect"
import { hashOf, KeyStore } from "../../src/Access/KeyStore.ts"
import { ServerId } from "../../src/Domain/Server.ts"
import { databases } from "../support/databases.ts"

describe("a key", () => {
  it("is stored as its SHA-256 in hexadecimal", () => {
    expect(hashOf(Redacted.make("abc"))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
  })
})

const everything = {
  name: "of the till",
  scope: "read",
  instances: null,
  servers: null,
  expiresAt: null
} as const

describe.each(databases)("the key store on %s", (_name, database) => {
  const runtime = ManagedRuntime.make(Layer.orDie(database))
  beforeAll(() => runtime.runPromise(Effect.void), 30_000)
  beforeEach(() =>
    runtime.runPromise(Effect.flatMap(SqlClient.SqlClient, (sql) => sql`truncate keys`))
  )
  afterAll(() => runtime.dispose(), 30_000)

  /** A service that begins with what the database has. */
  const started = Effect.map(Layer.build(KeyStore.layer), (context) =>
    Effect.runSync(Effect.provide(KeyStore, context))
  )
  const test = (title: string, body: Effect.Effect<unknown, unknown, SqlClient.SqlClient>) =>
    it.effect(title, () => Effect.provide(body, runtime))

  const found = (store: KeyStore["Type"], key: Redacted.Redacted) =>
    Effect.map(store.find(key), Option.getOrUndefined)

  test(
    "knows the key that it made, also after a restart, and keeps nothing of it but a hash",
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const [made, key] = yield* (yield* started).create({
        ...everything,
        instances: ["shop-*", "bar"],
        servers: [ServerId.make("eu")]
      })
      expect(Redacted.value(key)).toMatch(/^el_[\w-]{43}$/)
      const again = yield* started
      expect(yield* found(again, key)).toEqual(made)
      expect(yield* found(again, Redacted.make(`${Redacted.value(key)}x`))).toBeUndefined()
      expect(yield* found(again, Redacted.make(""))).toBeUndefined()
      const rows = yield* sql<{ text: string }>`select keys::text as text from keys`
      expect(rows).toHaveLength(1)
      expect(rows[0]?.text).toContain(hashOf(key))
      expect(rows[0]?.text).not.toContain(Redacted.value(key))
    }).pipe(Effect.scoped)
  )

  test(
    "opens nothing with a revoked key, and cannot revoke what there is not",
    Effect.gen(function* () {
      const store = yield* started
      const [{ id }, key] = yield* store.create(everything)
      expect(yield* store.revoke("00000000-0000-4000-8000-000000000000")).toEqual(Option.none())
      const revoked = Option.getOrThrow(yield* store.revoke(id))
      expect(revoked.revokedAt).not.toBeNull()
      expect(Option.getOrThrow(yield* store.revoke(id))).toEqual(revoked)
      for (const one of [store, yield* started]) {
        expect(yield* found(one, key)).toBeUndefined()
        expect(yield* one.all).toEqual([revoked])
      }
    }).pipe(Effect.scoped)
  )

  test(
    "opens nothing with a key from the moment it expires",
    Effect.gen(function* () {
      const store = yield* started
      const expiresAt = DateTime.add(yield* DateTime.now, { hours: 1 })
      const [, key] = yield* store.create({ ...everything, expiresAt })
      yield* TestClock.adjust("59 minutes")
      expect(yield* found(store, key)).toMatchObject({ expiresAt })
      yield* TestClock.adjust("1 minutes")
      expect(yield* found(store, key)).toBeUndefined()
    }).pipe(Effect.scoped)
  )

  test(
    "tells when a key was used last, to within a minute, and writes no more often",
    Effect.gen(function* () {
      const store = yield* started
      const [, key] = yield* store.create(everything)
      const lastUsed = Effect.map(store.all, ([one]) => one?.lastUsedAt?.epochMillis)
      expect(yield* lastUsed).toBeUndefined()
      const first = (yield* DateTime.now).epochMillis
      yield* store.find(key)
      yield* TestClock.adjust("59 seconds")
      yield* store.find(key)
      expect(yield* lastUsed).toBe(first)
      yield* TestClock.adjust("1 seconds")
      yield* store.find(key)
      expect(yield* lastUsed).toBe(first + 60_000)
    }).pipe(Effect.scoped)
  )
})
