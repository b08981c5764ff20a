import { SqlClient } from "@effect/sql"
import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import { Effect, ManagedRuntime } from "effect"
import * as Columns from "../../../src/Log/EventStore/Columns.ts"
import { databases } from "../../support/databases.ts"

describe.each(databases)("Columns on %s", (_name, database) => {
  const runtime = ManagedRuntime.make(database)
  beforeAll(() => runtime.runPromise(Effect.void), 30_000)
  afterAll(() => runtime.dispose(), 30_000)

  const test = (
    title: string,
    body: (sql: SqlClient.SqlClient) => Effect.Effect<unknown, unknown>
  ) => it.effect(title, () => Effect.provide(Effect.flatMap(SqlClient.SqlClient, body), runtime))

  test("carry texts of any content unchanged", (sql) =>
    Effect.gen(function* () {
      const texts = ["a", "", null, '{"}, \\ NULL', "Olá 世界 👩‍👧", "\n\t", "x".repeat(100_000)]
      const [row] = yield* sql<{ found: unknown }>`
        select to_jsonb(${Columns.texts(texts)}::text[]) as found`
      expect(row?.found).toEqual(texts)
    }))

  test("carry JSON unchanged through a cast", (sql) =>
    Effect.gen(function* () {
      const values = [{ a: ['\n"\\', 1.5] }, [], null, "é", 0, false]
      const texts = [...values.map((value) => JSON.stringify(value)), null]
      const [row] = yield* sql<{ found: unknown; nulls: number }>`
        select to_jsonb(${Columns.texts(texts)}::text[]::jsonb[]) as found,
          (select count(*)::int from unnest(${Columns.texts(texts)}::text[]::jsonb[]) as one
           where one is null) as nulls`
      expect(row).toEqual({ found: [...values, null], nulls: 1 })
    }))

  test("carry times to the millisecond, before and after 2000", (sql) =>
    Effect.gen(function* () {
      const times = [0, 1, 946_684_799_999, 946_684_800_000, 1_795_452_079_123, -62_000_000_000]
      const rows = yield* sql<{ at: Date }>`
        select at from unnest(${Columns.times(times)}::timestamptz[]) as at`
      expect(rows.map(({ at }) => at.getTime())).toEqual(times)
    }))

  test("become an empty list without rows", (sql) =>
    Effect.gen(function* () {
      expect(
        yield* sql`
        select cardinality(${Columns.texts([])}::text[]) as t,
          cardinality(${Columns.times([])}::timestamptz[]) as at`
      ).toEqual([{ t: 0, at: 0 }])
    }))
})
