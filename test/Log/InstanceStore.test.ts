import { randomUUID } from "node:crypto"
import { SqlClient } from "@effect/sql"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@effect/vitest"
import {
  Context,
  DateTime,
  Effect,
  Exit,
  Layer,
  Logger,
  ManagedRuntime,
  Scope,
  TestClock
} from "effect"
import { InstanceName, nothingObserved, type Observed } from "../../src/Domain/Instance.ts"
import type { Change } from "../../src/Domain/Projection.ts"
import { EventStore } from "../../src/Log/EventStore.ts"
import { InstanceStore } from "../../src/Log/InstanceStore.ts"
import { databases } from "../support/databases.ts"
import { event, nothing } from "./EventStore/batch.ts"
import { eventually } from "./InstanceStore/Eventually.ts"

const shop = InstanceName.make("shop")
const bar = InstanceName.make("bar")

/** The virtual clock starts at 1970, so a code received at `at` expires 45 s later. */
const at = DateTime.unsafeMake(0)

const observed: Observed = {
  ...nothingObserved,
  evolution: { id: "0a5f343e", integration: "EVOLUTION", createdAt: at },
  connectingSince: at,
  whatsapp: { state: "connecting", reason: null, origin: "live", at },
  profile: { phone: "5511999990001", name: "Loja", pictureUrl: null },
  qr: {
    code: "2@secret",
    base64: null,
    pairingCode: "ABCD1234",
    sequence: 1,
    receivedAt: at,
    expiresAt: DateTime.add(at, { seconds: 45 })
  },
  qrSequence: 1
}

const change = (name: InstanceName): Change => ({
  name,
  observed,
  qrChanged: true,
  evolutionChanged: true
})

describe.each(databases)("InstanceStore on %s", (_name, database) => {
  const runtime = ManagedRuntime.make(Layer.provideMerge(EventStore.layer, database))
  beforeAll(() => runtime.runPromise(Effect.void), 30_000)
  beforeEach(() =>
    runtime.runPromise(
      Effect.flatMap(SqlClient.SqlClient, (sql) => sql`truncate events, quarantine, instances`)
    )
  )
  afterAll(() => runtime.dispose(), 30_000)

  /** A store of its own on the shared database, as a process that has just started has it. */
  const open = Effect.map(Layer.build(Layer.fresh(InstanceStore.layer)), Context.get(InstanceStore))

  /** Commits changes as `Ingest` does: to the table, then to the copy. */
  const commit = (store: InstanceStore["Type"], changes: ReadonlyArray<Change>) =>
    Effect.flatMap(EventStore, (events) =>
      Effect.map(events.append({ key: randomUUID(), events: [], quarantined: [], changes }), () =>
        store.applyCommitted(changes, [])
      )
    )

  const codes = Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql`select name, qr_code, qr_pairing_code from instances order by name`
  )

  const test = <E>(
    title: string,
    body: () => Effect.Effect<unknown, E, SqlClient.SqlClient | EventStore | Scope.Scope>
  ) => it.scoped(title, () => Effect.provide(body(), runtime))

  test("adds an instance with its desired state", () =>
    Effect.gen(function* () {
      const store = yield* open
      expect(store.get("shop")).toBeUndefined()
      yield* TestClock.adjust("1 minute")
      const record = yield* store.desire(shop, "listening")
      expect(record).toEqual({
        ...nothingObserved,
        name: "shop",
        desired: "listening",
        desiredAt: DateTime.unsafeMake(60_000)
      })
      expect(store.get("shop")).toEqual(record)
    }))

  test("changes the desired state and keeps the observed one", () =>
    Effect.gen(function* () {
      const store = yield* open
      yield* store.desire(shop, "listening")
      yield* commit(store, [change(shop)])
      yield* TestClock.adjust("1 second")
      const record = yield* store.desire(shop, "stopped")
      expect(record).toEqual({
        ...observed,
        name: "shop",
        desired: "stopped",
        desiredAt: DateTime.unsafeMake(1000)
      })
      expect(yield* codes).toEqual([
        { name: "shop", qr_code: "2@secret", qr_pairing_code: "ABCD1234" }
      ])
    }))

  test("lists the same instances after a restart, ordered by name", () =>
    Effect.gen(function* () {
      const store = yield* open
      yield* store.desire(shop, "listening")
      yield* store.desire(bar, "stopped")
      yield* commit(store, [change(shop)])
      const before = yield* store.all
      expect(before.map(({ name }) => name)).toEqual(["bar", "shop"])
      expect(yield* (yield* open).all).toEqual(before)
    }))

  test("ignores changes of unknown instances", () =>
    Effect.gen(function* () {
      const store = yield* open
      yield* commit(store, [change(shop)])
      expect(store.get("shop")).toBeUndefined()
      expect(yield* store.all).toEqual([])
      expect(yield* (yield* open).all).toEqual([])
    }))

  test("forgets known and unknown instances", () =>
    Effect.gen(function* () {
      const store = yield* open
      yield* store.desire(shop, "listening")
      yield* store.forget(shop)
      yield* store.forget(bar)
      expect(store.get("shop")).toBeUndefined()
      expect(yield* (yield* open).all).toEqual([])
      yield* store.desire(shop, "listening")
      expect(store.get("shop")?.whatsapp).toBeNull()
    }))

  test("clears an expired QR code in memory and in the table, and keeps the others", () =>
    Effect.gen(function* () {
      const store = yield* open
      yield* store.desire(shop, "listening")
      yield* store.desire(bar, "listening")
      const later = DateTime.add(at, { minutes: 5 })
      const lasting = observed.qr && { ...observed.qr, expiresAt: later }
      yield* commit(store, [
        change(shop),
        { ...change(bar), observed: { ...observed, qr: lasting } }
      ])
      yield* TestClock.adjust("44 seconds")
      expect(store.get("shop")?.qr).not.toBeNull()
      yield* TestClock.adjust("6 seconds")
      yield* swept(store)
      expect(store.get("shop")).toMatchObject({ qr: null, profile: observed.profile })
      expect(store.get("bar")?.qr).toEqual(lasting)
      expect(yield* codes).toEqual([
        { name: "bar", qr_code: "2@secret", qr_pairing_code: "ABCD1234" },
        { name: "shop", qr_code: null, qr_pairing_code: null }
      ])
    }))

  test("writes the last live event of each instance a little later", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const store = yield* open
      yield* store.desire(shop, "listening")
      expect(store.lastEvent("shop")).toBeNull()
      store.applyCommitted([], [event("{}", { event: "call", receivedAt: 1000 })])
      store.applyCommitted(
        [],
        [
          event("{}", { receivedAt: 2000 }),
          event("{}", { event: "call", receivedAt: 3000, origin: "snapshot" }),
          event("{}", { event: "call", receivedAt: 4000, origin: "backfill" }),
          event("{}", { event: "call", receivedAt: 5000, instance: "bar" })
        ]
      )
      const message = { event: "messages.upsert", at: DateTime.unsafeMake(2000) }
      expect(store.lastEvent("shop")).toEqual(message)
      expect(store.lastEvent("bar")).toBeNull()
      const last = sql<{ last_event: string | null }>`select last_event from instances`
      expect(yield* last).toEqual([{ last_event: null }])
      yield* TestClock.adjust("5 seconds")
      yield* eventually(last, ([row]) => row?.last_event === "messages.upsert")
      yield* sql`truncate events`
      expect((yield* open).lastEvent("shop")).toEqual(message)
    }))

  test("writes the last events of many instances in turns", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`
        insert into instances (name, desired, desired_at, known_since)
        select 'shop-' || n, 'listening', to_timestamp(0), to_timestamp(0)
        from generate_series(0, 2000) n`
      const store = yield* open
      const names = Array.from({ length: 2001 }, (_, index) => `shop-${index}`)
      const all = () => names.map((instance) => event("{}", { event: "call", instance }))
      const left = Effect.map(
        sql<{ count: number }>`
          select count(*)::int as count from instances where last_event is null`,
        ([row]) => row?.count
      )
      const leaves = (count: number) => eventually(left, (found) => found === count)
      store.applyCommitted([], all())
      yield* TestClock.adjust("5 seconds")
      yield* leaves(1)
      // The one that is left comes before those that were there.
      store.applyCommitted([], all())
      yield* TestClock.adjust("5 seconds")
      yield* leaves(0)
    }))

  test("writes a last event at the next turn when the table was missing", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const isTold = yield* Effect.makeLatch()
      const told = Logger.make(() => isTold.unsafeOpen())
      const store = yield* Effect.provide(open, Logger.replace(Logger.defaultLogger, told))
      yield* store.desire(shop, "listening")
      store.applyCommitted([], [event("{}", { event: "call" })])
      const last = sql<{ last_event: string | null }>`select last_event from instances`
      yield* sql`alter table instances rename to away`
      yield* Effect.zipRight(TestClock.adjust("5 seconds"), isTold.await).pipe(
        Effect.ensuring(Effect.orDie(sql`alter table away rename to instances`))
      )
      expect(yield* last).toEqual([{ last_event: null }])
      yield* TestClock.adjust("5 seconds")
      yield* eventually(last, ([row]) => row?.last_event === "call")
    }))

  test("reads the last event from the log when the table is behind", () =>
    Effect.gen(function* () {
      const events = yield* EventStore
      yield* (yield* open).desire(shop, "listening")
      const at = (millis: number) => ({ receivedAt: millis })
      yield* events.append({
        ...nothing,
        events: [
          event("{}", { event: "call", ...at(1000) }),
          event("{}", at(2000)),
          event("{}", { event: "connection.update", origin: "snapshot", ...at(3000) })
        ]
      })
      expect((yield* open).lastEvent("shop")).toEqual({
        event: "messages.upsert",
        at: DateTime.unsafeMake(2000)
      })
    }))

  test("clears codes that expired during a downtime before the first read", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const first = yield* Scope.extend(open, scope)
      yield* first.desire(shop, "listening")
      yield* commit(first, [change(shop)])
      yield* Scope.close(scope, Exit.void)
      yield* TestClock.adjust("1 hour")
      expect((yield* codes)[0]).toMatchObject({ qr_code: "2@secret" })
      expect((yield* open).get("shop")?.qr).toBeNull()
      expect((yield* codes)[0]).toMatchObject({ qr_code: null })
    }))
})

/** The sweep is a query of its own, so it is done some turns of the loop after its time came. */
const swept = (store: InstanceStore["Type"]) =>
  eventually(
    Effect.sync(() => store.get("shop")?.qr),
    (qr) => qr === null
  )
