import { SqlClient } from "@effect/sql"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@effect/vitest"
import {
  Context,
  DateTime,
  Effect,
  Either,
  Fiber,
  Layer,
  ManagedRuntime,
  TestClock,
  TestServices
} from "effect"
import { decode } from "../../../src/Domain/Event.ts"
import { InstanceName, nothingObserved, type Observed } from "../../../src/Domain/Instance.ts"
import { type Change, project } from "../../../src/Domain/Projection.ts"
import { unconfigured } from "../../../src/Domain/Scrub.ts"
import { EventStore } from "../../../src/Log/EventStore.ts"
import { InstanceStore } from "../../../src/Log/InstanceStore.ts"
import { databases } from "../../support/databases.ts"
import { event, nothing } from "../EventStore/batch.ts"
import { eventually } from "./Eventually.ts"

const [shop, bar] = [InstanceName.make("shop"), InstanceName.make("bar")]

/** A code, received so many seconds after 1970, which expires 45 s later. */
const observed = (code: string, seconds: number): Observed => {
  const receivedAt = DateTime.unsafeMake(seconds * 1000)
  const expiresAt = DateTime.add(receivedAt, { seconds: 45 })
  const qr = { code, base64: null, pairingCode: null, sequence: 1, receivedAt, expiresAt }
  return { ...nothingObserved, qr, qrSequence: 1 }
}

const change = (code: string, seconds: number): Change => ({
  name: shop,
  observed: observed(code, seconds),
  qrChanged: true,
  evolutionChanged: true
})

describe.each(databases)("InstanceStore on %s", (name, database) => {
  const runtime = ManagedRuntime.make(Layer.provideMerge(EventStore.layer, database))
  beforeAll(() => runtime.runPromise(Effect.void), 60_000)
  beforeEach(() =>
    runtime.runPromise(Effect.flatMap(SqlClient.SqlClient, (sql) => sql`truncate instances`))
  )
  afterAll(() => runtime.dispose(), 30_000)

  const test = (
    title: string,
    body: (
      store: InstanceStore["Type"],
      sql: SqlClient.SqlClient,
      append: EventStore["Type"]["append"]
    ) => Effect.Effect<unknown, unknown>
  ) =>
    it.scoped(title, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const { append } = yield* EventStore
        const context = yield* Layer.build(Layer.fresh(InstanceStore.layer))
        yield* body(Context.get(context, InstanceStore), sql, append)
      }).pipe(Effect.provide(runtime))
    )

  test("keeps a wish that a command changes while a batch is written", (store, _, append) =>
    Effect.gen(function* () {
      yield* store.desire(shop, "listening")
      const payload = { event: "connection.update", instance: shop, data: { state: "open" } }
      const update = decode({ name: payload.event, payload, receivedAt: 1 }, "live", unconfigured)
      const changes = project(store.get, [Either.getOrThrow(update)])
      yield* append({ ...nothing, changes })
      yield* store.desire(shop, "stopped")
      store.applyCommitted(changes, [])
      expect(store.get(shop)).toMatchObject({ desired: "stopped", whatsapp: { state: "open" } })
    }))

  test("keeps a code that is committed during the sweep of expired codes", (store, sql, append) =>
    Effect.gen(function* () {
      yield* store.desire(shop, "listening")
      const first = [change("2@first", 0)]
      yield* append({ ...nothing, changes: first })
      store.applyCommitted(first, [])
      yield* TestClock.adjust("44 seconds")
      // The sweep's update waits for the row, or for the one connection.
      yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* sql`select name from instances for update`
          yield* TestClock.adjust("6 seconds")
          store.applyCommitted([change("2@second", 50)], [])
        })
      )
      yield* eventually(
        sql<{ qr_code: string | null }>`select qr_code from instances`,
        ([row]) => row?.qr_code === null
      )
      yield* TestServices.provideLive(Effect.sleep("20 millis"))
      expect(store.get("shop")?.qr?.code).toBe("2@second")
    }))

  test("keeps `known_since` when the desired state changes", (store, sql) =>
    Effect.gen(function* () {
      const knownSince = Effect.map(
        sql<{ known_since: Date }>`select known_since from instances`,
        ([row]) => row?.known_since.getTime()
      )
      yield* TestClock.adjust("1 second")
      yield* store.desire(shop, "listening")
      expect(yield* knownSince).toBe(1000)
      yield* TestClock.adjust("1 minute")
      yield* store.desire(shop, "stopped")
      yield* TestClock.adjust("1 minute")
      yield* store.desire(shop, "listening")
      expect(yield* knownSince).toBe(1000)
    }))

  if (name === "Postgres")
    test("writes the last events of other rows while one row is locked", (store, sql) =>
      Effect.gen(function* () {
        for (const each of [shop, bar]) yield* store.desire(each, "listening")
        const written = Effect.map(
          sql<{ name: string }>`select name from instances where last_event is not null`,
          (rows) => rows.map((row) => row.name)
        )
        const isLocked = yield* Effect.makeLatch()
        const isDone = yield* Effect.makeLatch()
        const locking = yield* Effect.fork(
          sql.withTransaction(
            Effect.gen(function* () {
              yield* sql`select name from instances where name = ${shop} for update`
              yield* isLocked.open
              yield* isDone.await
            })
          )
        )
        yield* isLocked.await
        store.applyCommitted([], [event("{}"), event("{}", { instance: "bar" })])
        yield* TestClock.adjust("5 seconds")
        expect(yield* eventually(written, (names) => names.length > 0)).toEqual(["bar"])
        yield* isDone.open
        yield* Fiber.join(locking)
        yield* TestClock.adjust("5 seconds")
        yield* eventually(written, (names) => names.length === 2)
      }))
})
