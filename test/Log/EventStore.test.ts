import { SqlClient } from "@effect/sql"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, Layer, ManagedRuntime } from "effect"
import { InstanceName, nothingObserved, type Observed } from "../../src/Domain/Instance.ts"
import { EventStore } from "../../src/Log/EventStore.ts"
import { classify } from "../../src/Storage/Failure.ts"
import { databases } from "../support/databases.ts"
import { jsonText } from "../support/jsonText.ts"
import { event, nothing, quarantined, receivedAt } from "./EventStore/batch.ts"

describe.each(databases)("EventStore on %s", (_name, database) => {
  const runtime = ManagedRuntime.make(Layer.provideMerge(EventStore.layer, database))
  beforeAll(() => runtime.runPromise(Effect.void), 30_000)
  beforeEach(() =>
    runtime.runPromise(
      Effect.flatMap(
        SqlClient.SqlClient,
        (sql) => sql`truncate events, quarantine, instances, gaps restart identity`
      )
    )
  )
  afterAll(() => runtime.dispose(), 30_000)

  const test = (
    title: string,
    body: (store: EventStore["Type"], sql: SqlClient.SqlClient) => Effect.Effect<unknown, unknown>
  ) =>
    it.effect(title, () =>
      Effect.provide(
        Effect.flatMap(Effect.all([EventStore, SqlClient.SqlClient]), ([store, sql]) =>
          body(store, sql)
        ),
        runtime
      )
    )

  test("returns ids in the order of the events, batch after batch", (store) =>
    Effect.gen(function* () {
      expect(yield* store.lastId).toBe(0)
      expect(yield* store.append(nothing)).toEqual([])
      const first = yield* store.append({ ...nothing, events: [event('"a"'), event('"b"')] })
      const second = yield* store.append({ ...nothing, events: [event('"c"')] })
      const ids = [...first, ...second]
      expect(ids).toHaveLength(3)
      expect(ids).toEqual([...ids].sort((left, right) => left - right))
      const read = yield* store.read({ limit: 10 })
      expect(read.map(({ data, id }) => [id, data])).toEqual([
        [ids[0], "a"],
        [ids[1], "b"],
        [ids[2], "c"]
      ])
      expect(yield* store.lastId).toBe(ids[2])
    }))

  test("returns the ids of the table's rows when a trigger takes numbers, too", (store, sql) =>
    Effect.gen(function* () {
      yield* sql.unsafe(`
        create function take_number() returns trigger language plpgsql as $$
          begin perform nextval(pg_get_serial_sequence('events', 'id')); return new; end $$;
        create trigger another before insert on events
          for each row execute function take_number()`)
      const given = yield* store.append({
        ...nothing,
        events: [event('"a"'), event('"b"'), event('"c"')]
      })
      const rows = yield* sql<{ id: string }>`select id from events order by id`
      expect(given).toEqual(rows.map(({ id }) => Number(id)))
      expect(given).toHaveLength(3)
    }).pipe(
      Effect.ensuring(
        Effect.orDie(
          sql.unsafe(
            "drop trigger if exists another on events; drop function if exists take_number()"
          )
        )
      )
    ))

  test("returns any JSON data unchanged", (store) =>
    Effect.gen(function* () {
      const values = [
        { key: { id: "A1" }, list: [1, 2.5, -3e-7], yes: true, no: null },
        [{ id: 1 }, [], {}, "x"],
        null,
        "text",
        0,
        false,
        { "'; drop table events; --": "$1 ? \\ \" '", "\n": "\t" },
        "Olá, 世界 👩‍👩‍👧 \u202E \u{10FFFF}",
        "a".repeat(1024 * 1024)
      ]
      yield* store.append({ ...nothing, events: values.map((one) => event(JSON.stringify(one))) })
      expect((yield* store.read({ limit: 100 })).map(({ data }) => data)).toEqual(values)
    }))

  test("keeps every field of an event, and Evolution's time as text", (store) =>
    Effect.gen(function* () {
      const upstreamTime = "2026-02-31T25:61:00.000Z" // no time at all, and not ours to judge
      const full = event("{}", {
        event: "messages.set",
        extra: jsonText('{"isLatest":true,"progress":[100]}'),
        upstreamTime,
        origin: "snapshot"
      })
      const [id] = yield* store.append({ ...nothing, events: [full] })
      expect(yield* store.read({ limit: 1 })).toEqual([
        {
          id,
          server: "default",
          instance: "shop",
          event: "messages.set",
          data: {},
          extra: { isLatest: true, progress: [100] },
          upstreamTime,
          upstreamAt: null,
          receivedAt: DateTime.unsafeMake(receivedAt),
          origin: "snapshot"
        }
      ])
      const local = new Date(receivedAt - 3 * 3_600_000 - 80).toISOString()
      yield* store.append({ ...nothing, events: [event("{}", { upstreamTime: local })] })
      expect((yield* store.read({ limit: 1, after: id ?? 0 }))[0]).toMatchObject({
        upstreamTime: local,
        upstreamAt: DateTime.unsafeMake(receivedAt - 80)
      })
      yield* store.append({ ...nothing, events: [event("{}")] })
      const [bare] = yield* store.read({ limit: 1, after: (id ?? 0) + 1 })
      expect(bare).toMatchObject({ extra: null, upstreamTime: null, origin: "live" })
    }))

  test("writes quarantined events beside the log and not into it", (store, sql) =>
    Effect.gen(function* () {
      const ids = yield* store.append({
        ...nothing,
        events: [event("1")],
        quarantined: [
          quarantined(),
          quarantined({ instance: null, reason: 'quote " and \\', json: jsonText("{}") }),
          quarantined({ json: jsonText("null") })
        ]
      })
      expect(ids).toHaveLength(1)
      const at = new Date(receivedAt)
      expect(yield* sql`select * from quarantine order by id`).toMatchObject([
        { instance: "shop", event: "call", reason: "data: is missing", received_at: at },
        { instance: null, reason: 'quote " and \\', payload: {} },
        { payload: null }
      ])
      expect(yield* sql`select payload from quarantine where id = 1`).toEqual([
        { payload: { event: "call" } }
      ])
    }))

  test("commits a batch as a whole or not at all", (store, sql) =>
    Effect.gen(function* () {
      const poison = ['{"text":"\\u0000"}', '"\\ud800"', "{", "1e99999999"]
      for (const json of poison) {
        const error = yield* Effect.flip(
          store.append({
            ...nothing,
            events: [event("1"), event(json), event("2")],
            quarantined: [quarantined()]
          })
        )
        expect(classify(error), json).toBe("data")
      }
      expect(yield* store.read({ limit: 10 })).toEqual([])
      expect(yield* sql`select * from quarantine`).toEqual([])
      expect(yield* store.append({ ...nothing, events: [event("3")] })).toHaveLength(1)
      // As texts, all of them are taken.
      const asTexts = poison.map((json) => quarantined({ json: jsonText(JSON.stringify(json)) }))
      yield* store.append({ ...nothing, quarantined: asTexts })
      const kept = yield* sql<{ payload: unknown }>`select payload from quarantine order by id`
      expect(kept.map(({ payload }) => payload)).toEqual(poison)
    }))

  test("reads events by instance, name, cursor and limit, oldest first", (store) =>
    Effect.gen(function* () {
      const names = ["messages.upsert", "call", "messages.upsert"]
      const events = ["shop", "bar"].flatMap((instance) =>
        names.map((name, index) => event(`${index}`, { instance, event: name }))
      )
      const ids = yield* store.append({ ...nothing, events })
      const idsOf = (query: Omit<Parameters<typeof store.read>[0], "limit">, limit = 10) =>
        Effect.map(store.read({ ...query, limit }), (found) => found.map(({ id }) => id))
      expect(yield* idsOf({})).toEqual(ids)
      expect(yield* idsOf({ instance: "bar" })).toEqual(ids.slice(3))
      expect(yield* idsOf({ events: ["call"] })).toEqual([ids[1], ids[4]])
      expect(
        yield* idsOf({ instance: "shop", events: ["messages.upsert"], after: ids[0] })
      ).toEqual([ids[2]])
      expect(yield* idsOf({ after: ids[1] }, 2)).toEqual([ids[2], ids[3]])
      expect(yield* idsOf({ after: ids[5] })).toEqual([])
      expect(yield* idsOf({ instance: "sho%" })).toEqual([])
      expect(yield* idsOf({ instance: "shop' or true --" })).toEqual([])
    }))

  test("keeps the order of two thousand events in one batch", (store) =>
    Effect.gen(function* () {
      const events = Array.from({ length: 2000 }, (_, index) => event(`${index}`))
      const ids = yield* store.append({ ...nothing, events })
      const read = yield* store.read({ limit: 3000 })
      expect(read.map(({ data }) => data)).toEqual(events.map((_, index) => index))
      expect(read.map(({ id }) => id)).toEqual(ids)
    }))

  test("updates existing instances only, and a QR code only when it changed", (store, sql) =>
    Effect.gen(function* () {
      const name = InstanceName.make("shop")
      yield* sql`
        insert into instances (name, desired, desired_at)
        values ('shop', 'listening', now()), ('other', 'stopped', now())`
      const at = DateTime.unsafeMake(receivedAt)
      const seen: Observed = {
        ...nothingObserved,
        evolution: { id: "0a5f343e", integration: "EVOLUTION", createdAt: at },
        connectingSince: at,
        whatsapp: { state: "connecting", reason: 515, origin: "live", at },
        profile: { phone: "5511999990001", name: 'Loja "1"', pictureUrl: "https://pps/1" },
        qr: {
          code: "2@a",
          base64: "data:,",
          pairingCode: "ABCD1234",
          sequence: 1,
          receivedAt: at,
          expiresAt: at
        },
        qrSequence: 1
      }
      const append = (observed: Observed, qrChanged: boolean, to = name) =>
        store.append({
          ...nothing,
          changes: [{ name: to, observed, qrChanged, evolutionChanged: qrChanged }]
        })
      const row = Effect.map(sql`select * from instances where name = 'shop'`, ([one]) => one)

      yield* append(seen, true)
      expect(yield* row).toMatchObject({
        desired: "listening",
        whatsapp_state: "connecting",
        whatsapp_reason: 515,
        whatsapp_origin: "live",
        whatsapp_at: new Date(receivedAt),
        phone: "5511999990001",
        profile_name: 'Loja "1"',
        picture_url: "https://pps/1",
        evolution_id: "0a5f343e",
        integration: "EVOLUTION",
        created_at: new Date(receivedAt),
        connecting_since: new Date(receivedAt),
        qr_code: "2@a",
        qr_base64: "data:,",
        qr_pairing_code: "ABCD1234",
        qr_expires_at: new Date(receivedAt)
      })
      yield* append({ ...nothingObserved, qr: null }, false)
      expect(yield* row).toMatchObject({
        whatsapp_state: null,
        connecting_since: null,
        evolution_id: "0a5f343e",
        qr_code: "2@a",
        qr_base64: "data:,"
      })
      yield* append(nothingObserved, true)
      const cleared = {
        evolution_id: null,
        qr_code: null,
        qr_base64: null,
        qr_pairing_code: null,
        qr_expires_at: null
      }
      expect(yield* row).toMatchObject(cleared)
      yield* append(seen, true, InstanceName.make("nobody"))
      expect(yield* sql`select name, phone from instances order by name`).toEqual([
        { name: "other", phone: null },
        { name: "shop", phone: null }
      ])
    }))
})
