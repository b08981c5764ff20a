/** Time is real here: counts go by a real Postgres. */
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { WrongKeys } from "../../src/Access/WrongKeys.ts"
import { settings } from "../support/settings.ts"
import { replica, schema, testDatabaseUrl, type Way, ways, withinOneSecond } from "./Replicas.ts"

const apiKey = "key-of-the-test"
const address = "198.51.100.7"

const start = (url: string, way: Way) =>
  Effect.map(
    replica(url, way, Layer.provide(WrongKeys.layer, settings({ API_KEY: apiKey }))),
    ({ services, ...rest }) => {
      const { count } = Context.get(services, WrongKeys)
      return { ...rest, count, counted: Effect.map(count(address, 0), (all) => all.count) }
    }
  )

const pair = (way: Way) =>
  Effect.flatMap(schema, (url) => Effect.all([start(url, way), start(url, way)]))

describe.skipIf(testDatabaseUrl === "").each(ways)(
  "Wrong keys at two processes, by %s",
  { timeout: 60_000 },
  (way) => {
    it.scopedLive("are counted together within a second, in one window", () =>
      Effect.gen(function* () {
        const [one, other] = yield* pair(way)
        for (let nth = 0; nth < 5; nth++) {
          yield* one.count(address, 1)
          yield* other.count(address, 1)
        }
        yield* one.count("198.51.100.8", 3)
        for (const { counted } of [one, other])
          yield* withinOneSecond(counted, (count) => count === 10)
        yield* other.count(address, 1)
        yield* withinOneSecond(one.counted, (count) => count === 11)
        const [here, there] = [yield* one.count(address, 0), yield* other.count(address, 0)]
        expect(here.count).toBe(11)
        expect(Math.abs(here.left - there.left)).toBeLessThan(1000)
        expect(here.left).toBeLessThan(60_000)
      })
    )
  }
)

describe.skipIf(testDatabaseUrl === "")("Wrong keys at two processes", { timeout: 60_000 }, () => {
  const count = (sql: Effect.Effect.Success<ReturnType<typeof start>>["sql"]) =>
    Effect.map(
      sql<{ count: number }>`select count(*)::int as count from wrong_keys`,
      ([row]) => row?.count
    )

  it.scopedLive("are in the database without address and key, and go after a minute", () =>
    Effect.gen(function* () {
      const [one, other] = yield* pair("looks")
      yield* one.count(address, 1)
      yield* withinOneSecond(other.counted, (counted) => counted === 1)
      const [row] = yield* one.sql<{ text: string }>`
          select to_jsonb(wrong_keys)::text as text from wrong_keys`
      expect(row?.text).not.toContain(address)
      expect(row?.text).not.toContain(apiKey)
      yield* one.sql`update wrong_keys set expires_at = now()`
      yield* withinOneSecond(count(other.sql), (left) => left === 0)
    })
  )

  it.scopedLive("begin a new window in the database when the last one has ended", () =>
    Effect.gen(function* () {
      const [one] = yield* pair("looks")
      yield* one.sql`
        create function keep() returns trigger language plpgsql as 'begin return null; end';
        create trigger keep before delete on wrong_keys for each row execute function keep()`
      yield* one.count(address, 12)
      const rows = one.sql<{ count: number; left: number }>`
        select count, extract(epoch from expires_at - now())::int as "left" from wrong_keys`
      yield* withinOneSecond(rows, ([row]) => row?.count === 12)
      yield* one.sql`update wrong_keys set expires_at = now()`
      yield* one.count(address, 1)
      const [row] = yield* withinOneSecond(rows, ([found]) => found?.count === 1)
      expect(row?.left).toBeGreaterThan(50)
    })
  )

  it.scopedLive("make few statements, however many there are, and ten thousand rows at most", () =>
    Effect.gen(function* () {
      const [one] = yield* pair("looks")
      yield* one.sql`
          create table statements (at timestamptz);
          create function note() returns trigger language plpgsql as $$
            begin insert into statements values (now()); return null; end $$;
          create trigger note after insert on wrong_keys for each statement execute function note()`
      yield* one.sql`
          insert into wrong_keys (address, count, changed_at, expires_at)
          select 'earlier ' || n, 1, now(), now() + interval '1 second' * (30 + n / 1000.0)
          from generate_series(1, 10000) n`
      const begun = performance.now()
      for (let nth = 0; nth < 2000; nth++) yield* one.count(`203.0.113.${nth}`, 1)
      for (let nth = 0; nth < 2000; nth++) yield* one.count(address, 1)
      yield* Effect.repeat(
        one.sql<{ total: number }>`
            select coalesce(sum(count), 0)::int as total from wrong_keys
            where address not like 'earlier %'`,
        { until: ([row]) => row?.total === 4000 }
      )
      const [made] = yield* one.sql<{ count: number }>`
          select count(*)::int as count from statements`
      expect(made?.count).toBeLessThanOrEqual(2 + (performance.now() - begun) / 250)
      yield* withinOneSecond(count(one.sql), (left) => left === 10_000)
    })
  )

  it.scopedLive("are counted on while the database is away, and told when it is back", () =>
    Effect.gen(function* () {
      const [one, other] = yield* pair("notices")
      yield* one.count(address, 4)
      yield* withinOneSecond(other.counted, (counted) => counted === 4)
      yield* other.cut
      yield* other.count(address, 4)
      yield* one.count(address, 4)
      expect(yield* other.counted).toBe(8)
      yield* other.mend
      for (const { counted } of [one, other])
        yield* withinOneSecond(counted, (all) => all === 12).pipe(Effect.retry({ times: 2 }))
    })
  )
})
