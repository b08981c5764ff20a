/** A database of the version before several servers, and a process of it that goes on. */
import { readFileSync } from "node:fs"
import { SqlClient } from "@effect/sql"
import * as Migrator from "@effect/sql/Migrator"
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, identity, Layer, Predicate, Redacted } from "effect"
import { admit } from "../../../src/Log/Admission.ts"
import * as Embedded from "../../../src/Storage/Embedded.ts"
import { history, latest, migrate, table } from "../../../src/Storage/migrations.ts"
import * as Postgres from "../../../src/Storage/Postgres.ts"
import { freshSchemaUrl } from "../../support/databases.ts"

const rowsBefore = readFileSync(
  new URL("../../fixtures/migrations/rows_of_12.sql", import.meta.url),
  "utf8"
)

const before = Migrator.fromRecord(Object.fromEntries(Object.entries(history).slice(0, 12)))

/** A database as version 12 left it. */
const old = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* Migrator.make({})({ loader: before, table })
  yield* sql.unsafe(rowsBefore)
})

const migrated = Effect.zipRight(old, migrate(identity))

const tables = [
  "events",
  "quarantine",
  "gaps",
  "instances",
  "purges",
  "kept_defaults",
  "writer",
  "keys",
  "audit"
]

type Rows = ReadonlyArray<Readonly<Record<string, unknown>>>

/** Each row as its own JSON, without these columns. */
const rowsOf = (name: string, without: ReadonlyArray<string>) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) =>
      sql<{ row: Readonly<Record<string, unknown>> }>`
      select to_jsonb(t) - ${sql.literal(`array[${without.map((one) => `'${one}'`).join()}]::text[]`)} as row
      from ${sql(name)} t order by to_jsonb(t)::text`
  ).pipe(Effect.map((found): Rows => found.map(({ row }) => row)))

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`

/** The statements of a process of version 12. */
const oldProcess = Effect.map(SqlClient.SqlClient, (sql) => ({
  append: (n: number) =>
    sql.unsafe<{ first: string | null; last: string | null }>(
      `call append_events('${uuid(n)}', array['shop', 'shop'], array['call', 'call'], array['{"n": ${n}}', '{}'],
        array[null, null]::text[], array[null, null]::text[], array[now(), now()], array['live', 'live'],
        '[{"instance": "shop", "event": "call", "reason": "n${n}", "payload": null, "received_at": "2026-11-02T00:00:00Z"}]',
        '[{"id": "${uuid(n)}", "instance": "shop", "from": "2026-11-02T00:00:00Z", "cause": "not_reached", "fetched": 0}]',
        '[{"name": "shop", "whatsapp_state": "close", "qr_sequence": ${n}}]', null, null)`
    ),
  desire: (name: string, desired: string) => sql`
    insert into instances (name, desired, desired_at, known_since)
    values (${name}, ${desired}, now(), now())
    on conflict (name) do update set desired = excluded.desired, desired_at = excluded.desired_at`,
  purge: (instance: string, until: number) => sql`
    insert into purges (instance, until) values (${instance}, ${until})
    on conflict (instance) do update set until = greatest(purges.until, excluded.until)`,
  beat: sql`update writer set heard_at = now(), stopped = false`
}))

/** The SQLSTATE of a failure, at whatever depth. */
const sqlState = (error: unknown): unknown =>
  Predicate.hasProperty(error, "code")
    ? error.code
    : Predicate.hasProperty(error, "cause")
      ? sqlState(error.cause)
      : undefined

const testDatabaseUrl = process.env.TEST_DATABASE_URL

/** Another database each time. */
const databases = [
  ["PGlite", Layer.suspend(() => Layer.fresh(Embedded.layerMemory))] as const,
  ...(testDatabaseUrl === undefined
    ? []
    : [
        [
          "Postgres",
          Layer.unwrapScoped(
            Effect.map(freshSchemaUrl(testDatabaseUrl), (url) => Postgres.layer(Redacted.make(url)))
          )
        ] as const
      ])
]

describe.skipIf(testDatabaseUrl === undefined)("a migration on Postgres", () => {
  it.scopedLive(
    "gives up after 5 s while another one reads the log, lets writers go on, and is made later",
    () =>
      Effect.gen(function* () {
        const url = Redacted.make(yield* freshSchemaUrl(testDatabaseUrl ?? ""))
        const [ours, others] = yield* Effect.all([
          Layer.build(Layer.fresh(Postgres.layer(url))),
          Layer.build(Layer.fresh(Postgres.layer(url)))
        ])
        yield* Effect.provide(old, ours)
        const [held, release] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const reading = Effect.flatMap(SqlClient.SqlClient, (sql) =>
          sql.withTransaction(
            sql`select count(*) from events`.pipe(
              Effect.zipRight(Deferred.succeed(held, undefined)),
              Effect.zipRight(Deferred.await(release))
            )
          )
        )
        const reader = yield* Effect.fork(Effect.provide(reading, others))
        yield* Deferred.await(held)
        const error = yield* Effect.provide(Effect.flip(migrate(identity)), ours)
        yield* Deferred.succeed(release, undefined)
        yield* Fiber.join(reader)
        expect(error.message).toMatch(/^Cannot migrate the database: .*lock timeout/)
        yield* Effect.provide(
          Effect.flatMap(oldProcess, ({ append }) => append(1)),
          others
        )
        yield* Effect.provide(migrate(identity), ours)
        expect(yield* Effect.provide(rowsOf("servers", []), ours)).toHaveLength(1)
      }),
    60_000
  )
})

describe.each(databases)("a database of version 12 on %s", (name, database) => {
  // An embedded database begins with tables. It is one session.
  const emptySchema = Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.unsafe(name === "PGlite" ? "create schema old; set search_path to old" : "")
  )
  const run = <A, E>(effect: Effect.Effect<A, E, SqlClient.SqlClient>) =>
    Effect.provide(Effect.zipRight(emptySchema, effect), database)

  it.scopedLive("keeps every row, and has new columns alone", () =>
    Effect.gen(function* () {
      yield* old
      const kept = yield* Effect.forEach(tables, (one) => rowsOf(one, []))
      expect(kept.flat().filter((row) => "server" in row)).toEqual([])
      expect(kept.map((rows) => rows.length)).toEqual([3, 2, 2, 3, 2, 1, 1, 3, 2])
      yield* migrate(identity)
      const now = yield* Effect.forEach(tables, (one) =>
        rowsOf(one, ["server", "servers", "change"])
      )
      expect(now).toEqual(kept)

      const sql = yield* SqlClient.SqlClient
      for (const one of ["events", "quarantine", "gaps", "instances", "purges"])
        expect(yield* sql`select distinct server from ${sql(one)}`, one).toEqual([
          { server: "default" }
        ])
      expect(yield* sql`select instance, server from audit order by id`).toEqual([
        { instance: "shop", server: "default" },
        { instance: null, server: null }
      ])
      expect(yield* sql`select name, servers from keys order by name`).toEqual([
        { name: "bound", servers: ["default"] },
        { name: "revoked", servers: ["default"] },
        { name: "unbound", servers: null }
      ])
      expect(
        yield* sql`
          select s.id, s.epoch::int as epoch, s.batch = w.batch and s.at = w.at
            and s.heard_at = w.heard_at and s.stopped = w.stopped as same
          from servers s, writer w`
      ).toEqual([{ id: "default", epoch: 0, same: true }])
      const [last] = yield* sql`select max(migration_id)::int as last from ${sql(table)}`
      expect(last).toEqual({ last: latest })
    }).pipe(run)
  )

  it.scopedLive("is written to by a process of that version, until a newer one takes it over", () =>
    Effect.gen(function* () {
      yield* migrated
      yield* admit(["default"])
      const sql = yield* SqlClient.SqlClient
      const { append, beat, desire, purge } = yield* oldProcess
      const [ids] = yield* append(101)
      expect(Number(ids?.last) - Number(ids?.first)).toBe(1)
      // The same batch again.
      expect(yield* append(101)).toEqual([{ first: null, last: null }])
      yield* desire("shop", "stopped")
      yield* desire("new", "listening")
      yield* purge("shop", 5)
      yield* purge("new", 6)
      yield* beat
      expect(
        yield* sql`select server, data from events where id >= ${Number(ids?.first)} order by id`
      ).toEqual([
        { server: "default", data: { n: 101 } },
        { server: "default", data: {} }
      ])
      expect(yield* sql`select server from quarantine where reason = 'n101'`).toEqual([
        { server: "default" }
      ])
      expect(yield* sql`select server from gaps where id = ${uuid(101)}`).toEqual([
        { server: "default" }
      ])
      expect(
        yield* sql`
          select server, name, desired, qr_sequence, whatsapp_state from instances
          where name in ('shop', 'new') order by name`
      ).toEqual([
        {
          server: "default",
          name: "new",
          desired: "listening",
          qr_sequence: 0,
          whatsapp_state: null
        },
        {
          server: "default",
          name: "shop",
          desired: "stopped",
          qr_sequence: 101,
          whatsapp_state: "close"
        }
      ])
      expect(
        yield* sql`select server, instance, until::int as until from purges where instance <> '' order by 2`
      ).toEqual([
        { server: "default", instance: "new", until: 6 },
        { server: "default", instance: "shop", until: 5 }
      ])

      yield* sql`update servers set epoch = epoch + 1 where id = 'default'`
      const count = yield* sql`select count(*)::int as count from events`
      const refused = yield* Effect.flip(append(102))
      expect(sqlState(refused)).toBe("TAKEN")
      expect(yield* sql`select count(*)::int as count from events`).toEqual(count)
      expect(yield* sql`select from quarantine where reason = 'n102'`).toEqual([])
    }).pipe(run)
  )

  it.scopedLive("gives up the old keys of its tables with a second server", () =>
    Effect.gen(function* () {
      yield* migrated
      const sql = yield* SqlClient.SqlClient
      const { desire, purge } = yield* oldProcess
      const keys = sql`
        select conrelid::regclass::text as name from pg_constraint
        where contype = 'p' and conrelid in ('instances'::regclass, 'purges'::regclass) order by 1`
      yield* admit(["default"])
      expect(yield* keys).toEqual([{ name: "instances" }, { name: "purges" }])
      yield* admit(["default", "br"])
      yield* admit(["br", "default"])
      expect(yield* keys).toEqual([])
      expect(yield* sql`select id from servers order by id`).toEqual([
        { id: "br" },
        { id: "default" }
      ])
      yield* sql`
        insert into instances (server, name, desired, desired_at) values ('br', 'shop', 'unset', now())`
      yield* sql`insert into purges (server, instance, until) values ('br', 'shop', 9)`
      // There is no such key, and so the older process says it, and writes no wrong row.
      expect(sqlState(yield* Effect.flip(desire("shop", "stopped")))).toBe("42P10")
      expect(sqlState(yield* Effect.flip(purge("shop", 9)))).toBe("42P10")
    }).pipe(run)
  )
})
