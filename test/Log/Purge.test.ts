import { randomUUID } from "node:crypto"
import { describe, expect } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import * as Gap from "../../src/Domain/Gap.ts"
import { InstanceName } from "../../src/Domain/Instance.ts"
import { event, nothing } from "./EventStore/batch.ts"
import { ago, type Heard, onEach, purgedOf } from "./Purge/World.ts"

const hook = randomUUID()

const all = { covers: () => true, names: ["shop", "bar", "baz"] }

/** Of each day, from so many days ago on, one of each of three instances. */
const daily = (from: number): ReadonlyArray<Heard> =>
  Array.from({ length: from }, (_, index) => from - index).flatMap((days) =>
    ["shop", "bar", "baz"].map((name): Heard => [days, name])
  )

describe("Purge", () => {
  onEach((test, name) => {
    test("deletes the rows of all instances that are older than a time, and no others", ({
      hear,
      left,
      purge
    }) =>
      Effect.gen(function* () {
        yield* hear(...daily(6))
        const purged = yield* purge.old(all, ago(2.5))
        expect(purged).toMatchObject({ events: 12, quarantine: 12, gaps: 0 })
        expect(yield* left("events")).toEqual(daily(2))
        expect(yield* left("quarantine")).toEqual(daily(2))
        expect(yield* purge.old(all, ago(2.5))).toMatchObject({ events: 0, quarantine: 0 })
        expect(yield* purge.old(all, ago(0))).toMatchObject({ events: 6, quarantine: 6 })
        expect(yield* left("events")).toEqual([])
        expect(yield* purge.old(all, ago(0))).toMatchObject({ events: 0, quarantine: 0 })
      }))

    test("deletes only rows of the instances that the rule covers", ({ hear, left, purge }) =>
      Effect.gen(function* () {
        yield* hear(...daily(4))
        const others = { covers: (one: string) => one !== "shop", names: all.names }
        expect(yield* purge.old(others, ago(1.5))).toMatchObject({ events: 6, quarantine: 6 })
        const kept: ReadonlyArray<Heard> = [[4, "shop"], [3, "shop"], [2, "shop"], ...daily(1)]
        expect(yield* left("events")).toEqual(kept)
        expect(yield* left("quarantine")).toEqual(kept)
        expect(yield* purge.old({ instance: "shop" }, ago(3.5))).toMatchObject({ events: 1 })
        expect(yield* left("events")).toEqual(kept.slice(1))
      }))

    test("deletes a row that an earlier purge skipped as too young", ({ hear, left, purge }) =>
      Effect.gen(function* () {
        // Their clock was wrong for a while: in the midst of the old ones, from the future.
        yield* hear(...daily(5), [-300, "shop"], [-300, "bar"], ...daily(3))
        yield* purge.old(all, ago(0))
        expect(yield* left("events")).toEqual([
          [-300, "shop"],
          [-300, "bar"]
        ])
        yield* purge.old(all, ago(-301))
        expect(yield* left("events")).toEqual([])
      }))

    test("ends when rows have a time that was set back", ({ hear, left, purge }) =>
      Effect.gen(function* () {
        yield* hear(...daily(3), [9000, "shop"], [9000, "bar"], ...daily(2))
        yield* purge.old(all, ago(2.5))
        const rest = yield* left("events")
        // Old is what its time says is old; where it is looked for depends on its neighbours.
        expect(rest.filter(([days]) => days === 3)).toEqual([])
        expect(rest.filter(([days]) => Number(days) < 2.5)).toHaveLength(12)
      }))

    test("deletes rows without an instance under a rule for all instances", ({
      left,
      purge,
      sql,
      store
    }) =>
      Effect.gen(function* () {
        yield* sql`
          insert into quarantine (event, reason, received_at)
          values ('call', 'instance: is missing', ${DateTime.toDate(ago(3))})`
        yield* purge.old({ instance: "shop" }, ago(1))
        expect(yield* left("quarantine")).toEqual([[3, null]])
        yield* purge.old({ covers: (one) => one === "", names: [] }, ago(1))
        expect(yield* left("quarantine")).toEqual([])
        expect(yield* store.lastId).toBe(0)
      }))

    test("erases all rows of one instance and none of another", ({ hear, left, purge, sql }) =>
      Effect.gen(function* () {
        yield* hear(...daily(4))
        yield* sql`
          insert into endpoints (id, name, settings, state, source, starts_after, created_at, updated_at)
          values (${hook}, 'crm', '{}', 'active', 'api', 0, now(), now())`
        yield* sql`
          insert into endpoint_attempts (endpoint, feed, server, instance, event, attempt, at, took_ms, outcome)
          select ${hook}::uuid, ${hook}::uuid, 'default', i, 'call', 1, now(), 1, 'answered'
          from unnest(array['bar', 'shop']) i`
        yield* sql`
          insert into endpoint_undelivered (feed, endpoint, server, instance, event_id, event, attempts, reason, at)
          select ${hook}::uuid, ${hook}::uuid, 'default', i, length(i), 'call', 1, 'no', now()
          from unnest(array['bar', 'shop']) i`
        expect(yield* purge.instance("bar")).toMatchObject({ events: 4, quarantine: 4 })
        const others = daily(4).filter(([, one]) => one !== "bar")
        expect(yield* left("events")).toEqual(others)
        expect(yield* left("quarantine")).toEqual(others)
        expect(yield* purge.instance("ba_")).toMatchObject({ events: 0, quarantine: 0, gaps: 0 })
        expect(yield* sql`select instance, until from purges`).toEqual([
          { instance: "bar", until: "11" }
        ])
        expect(
          yield* sql`
            select instance from endpoint_attempts union all select instance from endpoint_undelivered`
        ).toEqual([{ instance: "shop" }, { instance: "shop" }])
      }))

    test("keeps gaps that are open or due for another attempt", ({ purge, sql, store }) =>
      Effect.gen(function* () {
        const shop = InstanceName.make("shop")
        const open = Gap.opened({
          id: randomUUID(),
          instance: shop,
          from: ago(9),
          cause: "not_reached"
        })
        const closed = (to: number) => Gap.closed({ ...open, id: randomUUID() }, ago(to))
        const given = {
          open,
          pending: closed(8),
          retried: Gap.retrying(closed(8), "later", ago(-1)),
          lost: Gap.lost(closed(8), "not_stored", "too many"),
          recovered: Gap.recovered(closed(8)),
          lately: Gap.recovered(closed(1))
        }
        yield* sql`
          insert into instances (name, desired, desired_at, known_since)
          values ('shop', 'listening', now(), ${DateTime.toDate(ago(10))})`
        yield* store.append({
          ...nothing,
          events: Object.values(given).map((gap) => event("{}", { event: "gap.updated", gap }))
        })
        const { gaps, lost } = yield* purge.old(all, ago(2))
        expect([gaps, [...lost]]).toEqual([2, [["shop", 1]]])
        const ids = yield* sql<{ id: string }>`select id from gaps`
        const kept = [given.open, given.pending, given.retried, given.lately].map(({ id }) => id)
        expect(ids.map(({ id }) => id).sort()).toEqual(kept.sort())
        expect(yield* purge.instance("shop")).toMatchObject({ gaps: 4 })
      }))

    test("deletes old rows of the audit, with or without an instance", ({ purge, sql }) =>
      Effect.gen(function* () {
        for (const days of [5, 4, 3, 2, 1])
          yield* sql`
            insert into audit (at, key_name, action, instance, outcome)
            values (${DateTime.toDate(ago(days))}, 'me', 'stop', ${days % 2 ? "shop" : null}, 'done')`
        expect(yield* purge.audit(ago(1.5))).toBe(4)
        expect(yield* sql`select instance from audit`).toEqual([{ instance: "shop" }])
      }))

    test("lists the instances that have rows", ({ hear, purge, sql }) =>
      Effect.gen(function* () {
        expect(yield* purge.names).toEqual([])
        yield* hear([1, "shop"], [1, "bar"], [1, "shop"], [1, "a"])
        yield* sql`insert into gaps (id, instance, "from", cause, fetched) values (${randomUUID()}, 'gone', now(), 'not_reached', 0)`
        expect([...(yield* purge.names)].sort()).toEqual(["a", "bar", "gone", "shop"])
      }))

    test("tells the bus the last purged id of each instance, also after a restart", ({
      bus,
      hear,
      purge,
      started
    }) =>
      Effect.gen(function* () {
        yield* hear(...daily(4))
        yield* purge.old({ instance: "bar" }, ago(2.5))
        yield* purge.old({ instance: "shop" }, ago(3.5))
        for (const one of [bus, (yield* started).bus]) {
          expect(purgedOf(one)).toEqual([
            ["bar", 5],
            ["shop", 1]
          ])
          expect(one.purgedUntil((instance) => instance === "shop")).toBe(1)
          expect(one.purgedUntil(() => true)).toBe(5)
          expect(one.purgedUntil((instance) => instance === "baz")).toBe(0)
        }
      }))

    test("tells the bus before it deletes, so that no reader meets an unreported hole", ({
      bus,
      hear,
      purge,
      sql
    }) =>
      Effect.gen(function* () {
        yield* hear(...daily(2))
        yield* sql.unsafe(`
          create function refuse() returns trigger language plpgsql as $$
            begin raise exception 'no'; end $$;
          create trigger refusing before delete on events
            for each statement execute function refuse()`)
        yield* Effect.flip(purge.old(all, ago(1.5))).pipe(
          Effect.ensuring(
            Effect.orDie(sql.unsafe("drop trigger refusing on events; drop function refuse()"))
          )
        )
        expect(purgedOf(bus)).toEqual([
          ["bar", 2],
          ["baz", 3],
          ["shop", 1]
        ])
      }))

    test("keeps one last purged id for all deleted instances", ({
      bus,
      hear,
      purge,
      sql,
      started
    }) =>
      Effect.gen(function* () {
        yield* hear(...daily(2))
        yield* sql`insert into instances (name, desired, desired_at) values ('baz', 'stopped', now())`
        yield* purge.instance("bar")
        yield* purge.tidy
        // An older event is there: a reader that has not come to it need not know of the other.
        expect(purgedOf(bus).map(([name]) => name)).toEqual(["bar"])
        yield* purge.old(all, ago(0))
        yield* hear([0, "shop"])
        yield* purge.tidy
        for (const one of [bus, (yield* started).bus])
          expect(purgedOf(one)).toEqual([
            ["", 5],
            ["baz", 6]
          ])
      }))

    if (name === "Postgres")
      test("reads every page through an index of a large log", ({ sql }) =>
        Effect.gen(function* () {
          yield* sql`
            insert into events (instance, event, data, received_at, origin)
            select 'shop-' || g % 50, 'call', '{}', now(), 'live' from generate_series(1, 20000) g`
          yield* sql`analyze events`
          const planOf = (whose: string) =>
            Effect.map(
              sql.unsafe<{ "QUERY PLAN": string }>(
                `explain select id from events where id > 10 and id < 19000 and ${whose} order by id limit 1000`
              ),
              (rows) => rows.map((row) => row["QUERY PLAN"]).join("\n")
            )
          expect(yield* planOf("true")).toMatch(/Index (Only )?Scan using events_pkey/)
          expect(yield* planOf("instance = 'shop-7'")).toMatch(/Index .*events_by_instance/)
        }))
  })
})
