import { readFileSync } from "node:fs"
import { join } from "node:path"
import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Views from "../../../src/Storage/Views.ts"
import { databases } from "../../support/databases.ts"
import { ask, known, tell } from "./known.ts"

const jid = "5511999990001@s.whatsapp.net"
const at = "2026-11-30T10:00:00Z"

const first = readFileSync(join(import.meta.dirname, "../../fixtures/views/1.sql"), "utf8")

const columnsOf = (name: string) =>
  Effect.map(
    ask(`
      select attname::text || ' ' || format_type(atttypid, atttypmod) as column from pg_attribute
      where attrelid = 'listener.${name}'::regclass and attnum > 0 order by attnum`),
    (rows) => rows.map(({ column }) => column)
  )

describe.each(databases)("the views of several servers on %s", (_, database) => {
  it.live(
    "keep instances of one name apart: each server has the rows that it has alone",
    () =>
      Effect.gen(function* () {
        yield* known("br")
        const alone = new Map<string, unknown>()
        // Ids in the log, and of gaps, are not those of another server.
        const rowsOf = (name: string, server: string) =>
          ask(`
            select to_jsonb(one) - 'event_id' - 'server'
              - case '${name}' when 'gaps' then 'id' else '' end as row
            from listener.${name} as one where server = '${server}'
            order by 1`)
        for (const name of Views.names) alone.set(name, yield* rowsOf(name, "br"))
        yield* known("eu")
        for (const name of Views.names) {
          expect(alone.get(name), name).not.toEqual([])
          expect([name, yield* rowsOf(name, "br")]).toEqual([name, alone.get(name)])
          expect([name, yield* rowsOf(name, "eu")]).toEqual([name, alone.get(name)])
        }
      }).pipe(Effect.provide(database)),
    60_000
  )

  it.live("take a message with the id of another server's for no copy of it", () =>
    Effect.gen(function* () {
      const message = { at, event: "messages.upsert", data: { key: { id: "M", remoteJid: jid } } }
      for (const server of ["br", "eu", "br"]) yield* tell([message], server)
      expect(
        yield* ask("select server, id, instance from listener.messages order by server")
      ).toEqual([
        { server: "br", id: "M", instance: "loja-1" },
        { server: "eu", id: "M", instance: "loja-1" }
      ])
    }).pipe(Effect.provide(database))
  )

  it.live("replace those of version 1, whose columns stay where they were", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { schema } = yield* Views.standing
      yield* sql.unsafe(`drop schema ${schema} cascade; create schema ${schema}`)
      yield* ask(first)
      const before = yield* Effect.forEach(Views.names, columnsOf)
      expect(yield* Views.standing).toMatchObject({ state: "behind", obstacle: null })
      // A view of people's own, which reads ours.
      yield* ask("create view mine as select * from listener.chats")

      yield* Views.ensure
      expect(yield* Views.standing).toMatchObject({ state: "current" })
      expect(yield* ask("select listener.version()")).toEqual([{ version: 2 }])
      const after = yield* Effect.forEach(Views.names, columnsOf)
      expect(after).toEqual(before.map((columns) => [...columns, "server text"]))
      yield* known("eu")
      expect(yield* ask("select count(*)::int as count from mine")).toEqual([{ count: 5 }])
    }).pipe(Effect.provide(database))
  )
})
