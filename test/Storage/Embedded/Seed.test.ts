import { appendFileSync, copyFileSync, existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { SqlClient } from "@effect/sql"
import * as Migrator from "@effect/sql/Migrator"
import { describe, expect, it } from "@effect/vitest"
import { PGlite } from "@electric-sql/pglite"
import { Effect, identity, Layer } from "effect"
import * as Archive from "../../../src/Storage/Embedded/Archive.ts"
import * as Seed from "../../../src/Storage/Embedded/Seed.ts"
import { isCurrent, stamp } from "../../../src/Storage/Embedded/Stamp.ts"
import * as Embedded from "../../../src/Storage/Embedded.ts"
import { history, migrate, table } from "../../../src/Storage/migrations.ts"
import * as Sql from "../../../src/Storage/Sql.ts"
import { archive } from "../../support/pgdata.ts"
import { temporaryDirectory } from "../../support/ServiceProcess.ts"

/** All that migrations and views have made, and the rows of every table. */
const everything = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const own = sql.unsafe("select oid from pg_namespace where nspname in ('public', 'listener')")
  const ask = (statement: string) =>
    sql.unsafe(
      statement.replaceAll(
        "OWN",
        "(select oid from pg_namespace where nspname in ('public', 'listener'))"
      )
    )
  expect(yield* own).toHaveLength(2)
  const tables = yield* sql<{ name: string }>`
    select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`
  const rows = yield* Effect.forEach(tables, ({ name }) =>
    Effect.map(
      // Migrations were applied at another time.
      sql`select to_jsonb(one) - 'created_at' as row from ${sql(name)} as one order by one::text`,
      (list) => [name, list] as const
    )
  )
  return {
    rows: Object.fromEntries(rows),
    schemas: yield* ask(
      "select nspname, pg_get_userbyid(nspowner), nspacl::text from pg_namespace where oid in OWN order by 1"
    ),
    relations: yield* ask(`
      select relname, relkind, relpersistence, relpages, reltuples, relhasindex, reloptions, relacl::text,
        pg_get_userbyid(relowner), relnamespace::regnamespace::text, case relkind when 'v' then pg_get_viewdef(oid) end
      from pg_class where relnamespace in OWN order by relnamespace::regnamespace::text, relname`),
    columns: yield* ask(`
      select attrelid::regclass::text, attnum, attname, format_type(atttypid, atttypmod), attnotnull, attidentity,
        attstorage, attcompression, attstattarget, pg_get_expr(adbin, adrelid), attmissingval::text
      from pg_attribute join pg_class on pg_class.oid = attrelid
        left join pg_attrdef on adrelid = attrelid and adnum = attnum
      where relnamespace in OWN order by attrelid::regclass::text, attnum`),
    constraints: yield* ask(`
      select conrelid::regclass::text, conname, pg_get_constraintdef(oid)
      from pg_constraint where connamespace in OWN order by 1, 2`),
    indexes: yield* ask(`
      select pg_get_indexdef(indexrelid), indisvalid, indisready from pg_index
        join pg_class on pg_class.oid = indexrelid where relnamespace in OWN order by 1`),
    sequences: yield* ask(
      "select * from pg_sequences where schemaname in ('public', 'listener') order by 1, 2"
    ),
    procedures: yield* ask(`
      select pg_get_functiondef(oid), pg_get_userbyid(proowner), proacl::text
      from pg_proc where pronamespace in OWN order by 1`),
    statistics: yield* ask(
      "select pg_get_statisticsobjdef(oid) from pg_statistic_ext where stxnamespace in OWN order by 1"
    ),
    others: yield* ask(`
      select (select count(*) from pg_trigger where not tgisinternal)::int as triggers,
        (select count(*) from pg_policy)::int as policies, (select count(*) from pg_db_role_setting)::int as settings,
        (select count(*) from pg_type where typnamespace in OWN)::int as types,
        (select string_agg(extname, ' ') from pg_extension) as extensions,
        (select string_agg(nspname, ' ' order by nspname) from pg_namespace where nspname !~ '^pg_') as schemas,
        (select string_agg(rolname, ' ' order by rolname) from pg_roles) as roles`)
  }
})

describe("The archive of a new embedded database", { timeout: 60_000 }, () => {
  it.scopedLive("has what initdb and the migrations make, one by one", () =>
    Effect.gen(function* () {
      const begun = yield* Effect.provide(everything, Layer.fresh(Sql.layerMemory))
      expect(begun.procedures.length).toBeGreaterThan(2)
      expect(begun.rows).toMatchObject({ writer: [{ row: { stopped: false } }], events: [] })

      // Not out of the archive.
      const database = yield* Effect.acquireRelease(
        Effect.promise(() => PGlite.create()),
        (open) => Effect.promise(() => open.close())
      )
      const over = Layer.fresh(Embedded.layerOver(database))
      const older = Object.fromEntries(Object.entries(history).slice(0, 4))
      yield* Effect.provide(Migrator.make({})({ loader: Migrator.fromRecord(older), table }), over)
      const olderArchive = join(yield* temporaryDirectory, "older.br")
      writeFileSync(olderArchive, yield* Effect.promise(() => Seed.pack(database, 1)))
      expect(yield* Effect.provide(Effect.zipRight(migrate(identity), everything), over)).toEqual(
        begun
      )

      // What an earlier version of this program made at its build.
      const home = yield* temporaryDirectory
      yield* Effect.promise(() => Archive.unpack(olderArchive, join(home, "pgdata")))
      const goneOn = yield* Effect.provide(everything, Layer.fresh(Sql.layerEmbedded(home)))
      expect(goneOn).toEqual(begun)
    })
  )

  it.scopedLive("is made again when it is not this source's, or has other bytes", () =>
    Effect.gen(function* () {
      expect(existsSync(archive)).toBe(true)
      expect(yield* Effect.promise(() => isCurrent(archive))).toBe(true)
      const copy = join(yield* temporaryDirectory, "copy.br")
      expect(yield* Effect.promise(() => isCurrent(copy))).toBe(false)
      copyFileSync(archive, copy)
      expect(yield* Effect.promise(() => isCurrent(copy))).toBe(false)
      yield* Effect.promise(() => stamp(copy))
      expect(yield* Effect.promise(() => isCurrent(copy))).toBe(true)
      appendFileSync(copy, "\0")
      expect(yield* Effect.promise(() => isCurrent(copy))).toBe(false)
    })
  )
})
