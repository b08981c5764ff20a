import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Check from "../../src/Command/Check/Database.ts"
import { names, statements, version } from "../../src/Storage/Views.ts"
import { temporaryDirectory } from "../support/ServiceProcess.ts"
import { settings } from "../support/settings.ts"
import { execute, fresh, refusal, role, run, start, testDatabaseUrl } from "./Views/world.ts"

const script = join(import.meta.dirname, "../../ops/sql/reader.sql")

/** False: the client programs of Postgres are not installed. */
const hasClient = ["psql", "pg_dump"].every((name) => spawnSync(name, ["--version"]).status === 0)

const schemas = `
  select nspname as schema from pg_namespace where nspname like '%listener' order by 1`

const message = (schema = "public") => `
  insert into ${schema}.events (instance, event, data, received_at, origin) values ('shop', 'messages.upsert',
    '{"key":{"id":"M1","remoteJid":"5511999990001@s.whatsapp.net"},"message":{"conversation":"oi"}}', now(), 'live')`

const checked = (url: URL) =>
  Check.database.pipe(
    Effect.map((found) =>
      found.flatMap(({ about, message: words, verdict }) =>
        about === "views" ? [`${verdict}: ${words}`] : []
      )
    ),
    Effect.provide(settings({ DATABASE_URL: url.href }))
  )

describe("the views", () => {
  it("have a higher version when their text changes: raise it, and pin the new text", () => {
    const text = statements("listener").join().replace(/\s+/g, " ")
    expect([version, createHash("sha256").update(text).digest("hex").slice(0, 16)]).toEqual([
      2,
      "b84576cfbec1805f"
    ])
  })
})

describe.skipIf(testDatabaseUrl === "")("the views of a database", { timeout: 60_000 }, () => {
  it.scopedLive("are in a schema of their own beside each service's tables", () =>
    Effect.gen(function* () {
      const url = yield* fresh
      const mine = new URL("?schema=My%20Shop", url)
      expect([yield* start(url), yield* start(mine)]).toEqual([[], []])
      expect(yield* run(url, schemas)).toEqual([
        { schema: "My Shop_listener" },
        { schema: "listener" }
      ])
      yield* run(url, message('"My Shop"'))
      expect(yield* run(url, 'select text from "My Shop_listener".messages')).toEqual([
        { text: "oi" }
      ])
      expect(yield* run(url, "select text from listener.messages")).toEqual([])
      expect(yield* run(url, "select listener.version()")).toEqual([{ version }])
      expect(yield* checked(url)).toEqual(["ok: all in the schema listener"])
    })
  )

  it.scopedLive("are absent for a user who may not make their schema, until an admin has", () =>
    Effect.gen(function* () {
      const url = yield* fresh
      const { name, url: restricted } = yield* role(url)
      yield* run(url, `create schema mine authorization ${name}`)
      restricted.searchParams.set("schema", "mine")
      const command = `create schema mine_listener authorization ${name}`
      const [line, ...more] = yield* start(restricted)
      expect(line).toContain(`There are no views for SQL, or not all of them: `)
      expect(line).toContain(command)
      expect(more).toEqual([])
      const [warning] = yield* checked(restricted)
      expect(warning).toContain("warning: none for SQL")
      expect(warning).toContain(command)

      yield* run(url, command)
      expect(yield* start(restricted)).toEqual([])
      expect(yield* checked(restricted)).toEqual(["ok: all in the schema mine_listener"])
      yield* run(restricted, message("mine"))
      expect(yield* run(restricted, "select text from mine_listener.messages")).toEqual([
        { text: "oi" }
      ])
    })
  )

  it.scopedLive("leave a schema alone that another program has, and the service starts", () =>
    Effect.gen(function* () {
      const url = yield* fresh
      yield* run(url, "create schema listener; create table listener.rooms (name text)")
      const [line] = yield* start(url)
      expect(line).toContain("the schema listener is another program's")
      expect(
        yield* run(
          url,
          "select relname from pg_class where relnamespace = 'listener'::regnamespace"
        )
      ).toEqual([{ relname: "rooms" }])
      yield* run(url, message())
    })
  )

  it.scopedLive("are replaced when they are behind, with their grants, and left when ahead", () =>
    Effect.gen(function* () {
      const url = yield* fresh
      const reader = yield* role(url)
      yield* start(url)
      yield* run(
        url,
        `grant usage on schema listener to ${reader.name}; grant select on listener.messages to ${reader.name}`
      )
      const made = (number: number) =>
        run(
          url,
          `create or replace function listener.version() returns integer language sql as 'select ${number}'`
        )
      yield* made(0)
      yield* run(
        url,
        'create or replace view listener.gaps as select id, instance, "from" as began_at, "to" as ended_at, cause, recovered, fetched, reason, \'before\'::text as note, fetched_until, retry_at, server from gaps'
      )
      expect(yield* start(url)).toEqual([])
      const [gaps] = yield* run(url, "select pg_get_viewdef('listener.gaps'::regclass) as sql")
      expect(gaps?.sql).not.toContain("before")
      expect(
        yield* run(reader.url, "select count(*)::int as count from listener.messages")
      ).toEqual([{ count: 0 }])

      yield* made(version + 1)
      yield* run(url, "drop view listener.gaps")
      expect(yield* start(url)).toEqual([])
      expect(yield* refusal(url, "select from listener.gaps")).toContain("does not exist")
    })
  )

  it.scopedLive.skipIf(!hasClient)("survive a dump and a restore", () =>
    Effect.gen(function* () {
      const url = yield* fresh
      yield* start(url)
      yield* run(url, message())
      const file = join(yield* temporaryDirectory, "dump.sql")
      const { stdout } = yield* execute("pg_dump", url)
      writeFileSync(file, stdout)
      const other = yield* fresh
      yield* execute("psql", other, "-q", "-v", "ON_ERROR_STOP=1", "-f", file)
      expect(yield* run(other, "select text from listener.messages")).toEqual([{ text: "oi" }])
      expect(yield* start(other)).toEqual([])
      expect(yield* run(other, "select listener.version()")).toEqual([{ version }])
    })
  )
})

describe.skipIf(testDatabaseUrl === "")(
  "the role of ops/sql/reader.sql",
  { timeout: 60_000 },
  () => {
    it.scopedLive.skipIf(!hasClient)(
      "reads the views, later ones too, and nothing else of the service",
      () =>
        Effect.gen(function* () {
          const url = yield* fresh
          const owner = yield* role(url, "login createrole")
          yield* run(
            url,
            `grant create on schema public to ${owner.name}; grant create on database ${url.pathname.slice(1)} to ${owner.name}`
          )
          yield* start(owner.url)
          yield* run(url, message())
          const reader = yield* role(url)
          for (let times = 0; times < 2; times++)
            yield* execute("psql", url, "-q", "-v", `reader=${reader.name}`, "-f", script)

          for (const name of names)
            expect(
              yield* run(reader.url, `select count(*)::int >= 0 as works from ${name}`)
            ).toEqual([{ works: true }])
          expect(yield* run(reader.url, "select text, listener.version() from messages")).toEqual([
            { text: "oi", version }
          ])
          expect(yield* run(reader.url, "show jit")).toEqual([{ jit: "off" }])
          // A later version's view.
          yield* run(owner.url, "create view listener.later as select 1 as one")
          expect(yield* run(reader.url, "select one from later")).toEqual([{ one: 1 }])

          const tables = yield* run(
            url,
            "select tablename from pg_tables where schemaname = 'public'"
          )
          expect(tables.length).toBeGreaterThan(8)
          for (const { tablename } of tables)
            expect(yield* refusal(reader.url, `select * from public.${tablename}`)).toContain(
              `permission denied for table ${tablename}`
            )
          // Also where the role undoes its own settings.
          for (const write of [
            "insert into listener.gaps (instance) values ('x')",
            "delete from listener.messages",
            "create table listener.mine (a int)",
            "create function listener.mine() returns int language sql as 'select 1'",
            "set local search_path = public; call append_state(null, '[]', null)"
          ])
            expect(yield* refusal(reader.url, `begin read write; ${write}`)).toMatch(
              /permission denied|cannot (?:delete|insert)/
            )
        })
    )
  }
)
