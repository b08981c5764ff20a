import { readFileSync } from "node:fs"
import { SqlClient } from "@effect/sql"
import * as Migrator from "@effect/sql/Migrator"
import { describe, expect, it } from "@effect/vitest"
import { Effect, identity, Redacted } from "effect"
import { EventStore } from "../../src/Log/EventStore.ts"
import * as Embedded from "../../src/Storage/Embedded.ts"
import init from "../../src/Storage/migrations/0001_init.ts"
import gaps from "../../src/Storage/migrations/0002_gaps.ts"
import turns from "../../src/Storage/migrations/0003_turns.ts"
import keys from "../../src/Storage/migrations/0004_keys.ts"
import purges from "../../src/Storage/migrations/0005_purges.ts"
import append from "../../src/Storage/migrations/0009_append.ts"
import { latest, migrate, table } from "../../src/Storage/migrations.ts"
import * as Postgres from "../../src/Storage/Postgres.ts"
import { event, nothing, quarantined } from "../Log/EventStore/batch.ts"
import { freshSchemaUrl } from "../support/databases.ts"

/** A statement that an earlier version applied. */
const applied = (name: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.unsafe(readFileSync(new URL(`../fixtures/migrations/${name}.sql`, import.meta.url), "utf8"))
  )

/** The schema's history as version 9 had it; 6 to 8 as they were applied. */
const history = {
  "0001_init": init,
  "0002_gaps": gaps,
  "0003_turns": turns,
  "0004_keys": keys,
  "0005_purges": purges,
  "0006_append": applied("0006_append"),
  "0007_append_columns": applied("0007_append_columns"),
  "0008_append_call": applied("0008_append_call"),
  "0009_append": append
}

const loader = (upTo: number) =>
  Migrator.fromRecord(Object.fromEntries(Object.entries(history).slice(0, upTo)))

/** How a process of an earlier version writes an event. */
const writtenBy = (version: number, id: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => {
    const columns = `array['shop'], array['call'], array['{"by": ${version}}']`
    const rest = "array[null]::text[], array[now()], array['live'], null, null, null"
    if (version >= 8)
      return sql.unsafe(
        `call append_events('${id}', ${columns}, array[null]::text[], ${rest}, null, null)`
      )
    return sql.unsafe(
      version >= 6
        ? `select * from append_batch('${id}', ${columns}::jsonb[], array[null]::jsonb[], ${rest})`
        : `insert into events (instance, event, data, received_at, origin)
           values ('shop', 'call', '{"by": ${version}}', now(), 'live')`
    )
  })

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`

/** Migrates an empty schema to a version, then to the latest one, while a process of that version writes. */
const migrates = (version: number) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* Migrator.make({})({ loader: loader(version), table })
    if (version > 0) yield* writtenBy(version, uuid(1))
    yield* migrate(identity)
    const [last] = yield* sql<{ last: number }>`
      select max(migration_id)::int as last from ${sql(table)}`
    expect(last).toEqual({ last: latest })

    // A database in use keeps what the version before did; an empty one has this version's defaults.
    expect(yield* sql`select setting, value from kept_defaults`).toEqual(
      version === 0 ? [] : [{ setting: "AUTO_START", value: "created" }]
    )

    const { append, condition } = yield* Effect.provide(EventStore, EventStore.layer)
    expect(yield* condition).toEqual({ isReadOnly: false, schema: "current" })
    const batch = { ...nothing, events: [event('{"by":9}')], quarantined: [quarantined()] }
    yield* append(batch)
    yield* append(batch)
    if (version > 0) yield* writtenBy(version, uuid(2))
    const rows = yield* sql<{ data: unknown }>`select data from events order by id`
    const expected = version === 0 ? [9] : [version, 9, version]
    expect(rows).toEqual(expected.map((by) => ({ data: { by } })))
    expect(yield* sql`select event from quarantine`).toEqual([{ event: "call" }])
  })

const versions = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

describe("migrate", () => {
  it.effect("names the reasons of verdicts that earlier versions wrote as words", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql.unsafe("create schema words; set search_path to words")
      yield* Migrator.make({})({ loader: loader(9), table })
      const notes = [
        "There are more than 10000 messages (BACKFILL_LIMIT); the rest stays at Evolution",
        "BACKFILL_LIMIT is 0",
        "Evolution did not store messages heard just before or after (DATABASE_SAVE_DATA_NEW_MESSAGE)",
        "The instance was deleted",
        "It is gone"
      ]
      for (const note of notes)
        yield* sql`
          insert into gaps (id, instance, "from", "to", cause, recovered, fetched, note)
          values (gen_random_uuid(), 'shop', now(), now(), 'not_reached', false, 0, ${note})`
      yield* migrate(identity)
      const rows = yield* sql<{
        note: string
        reason: string | null
      }>`select note, reason from gaps`
      const reasons = new Map(rows.map(({ note, reason }) => [note, reason]))
      expect(notes.map((note) => reasons.get(note))).toEqual([
        "limit",
        "limit",
        "not_stored",
        "deleted",
        null
      ])
    }).pipe(Effect.provide(Embedded.layerMemory))
  )

  it.effect(
    "brings an embedded database of every version to the latest while that version writes",
    () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        for (const version of versions) {
          // PGlite is one session.
          yield* sql.unsafe(`create schema v${version}; set search_path to v${version}`)
          yield* migrates(version)
        }
      }).pipe(Effect.provide(Embedded.layerMemory)),
    60_000
  )

  const testDatabaseUrl = process.env.TEST_DATABASE_URL
  for (const version of versions)
    it.scoped.skipIf(testDatabaseUrl === undefined)(
      `brings Postgres of version ${version} to the latest while that version writes`,
      () =>
        Effect.gen(function* () {
          const url = yield* freshSchemaUrl(testDatabaseUrl ?? "")
          yield* Effect.provide(migrates(version), Postgres.layer(Redacted.make(url)))
        }),
      30_000
    )
})
