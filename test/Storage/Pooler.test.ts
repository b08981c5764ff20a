import { spawn } from "node:child_process"
import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import pg from "pg"
import { latest } from "../../src/Storage/migrations.ts"
import * as Sql from "../../src/Storage/Sql.ts"
import { bundle } from "../support/bundle.ts"
import { freshDatabaseUrl } from "../support/databases.ts"
import { hasPooler, pooled } from "../support/Pooler.ts"
import { freePort, runToEnd, startService } from "../support/ServiceProcess.ts"

const testDatabaseUrl = process.env.TEST_DATABASE_URL ?? ""

const fresh = Effect.map(
  Effect.suspend(() => freshDatabaseUrl(testDatabaseUrl)),
  ({ href }) => href
)

/** Another program's connection, which is closed with the scope. */
const client = (connectionString: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const one = new pg.Client({ connectionString })
      one.on("error", () => undefined) // the pooler ends first
      await one.connect()
      return one
    }),
    (one) => Effect.promise(() => one.end().catch(() => undefined))
  )

const service = { EVOLUTION_API_URL: "http://127.0.0.1:9", EVOLUTION_API_KEY: "any" }

const migrations = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql<{ count: number }>`select count(*)::int as count from evolution_listener_migrations`
)

/** Seconds of real time that an effect took, and what it gave. */
const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const begin = performance.now()
    return Effect.map(effect, (result) => ({
      result,
      seconds: (performance.now() - begin) / 1000
    }))
  })

describe.skipIf(testDatabaseUrl === "" || !hasPooler)(
  "Behind PgBouncer",
  { timeout: 120_000 },
  () => {
    // goauthentik/authentik#23876, maximhq/bifrost#3308, ariga/atlas#2447, flyway/flyway#2895, golang-migrate/migrate#908:
    // a lock of the session stays on a connection of the pool.
    it.scopedLive("in transaction mode, it starts and stops as often as one likes", () =>
      Effect.gen(function* () {
        const direct = yield* fresh
        const url = yield* pooled(direct, { pool_mode: "transaction", default_pool_size: 2 })
        // Other clients take and give back the same connections.
        const others = yield* Effect.all([client(url), client(url), client(url)])
        const talk = setInterval(() => {
          for (const other of others)
            void other.query("select pg_sleep(0.01)").catch(() => undefined)
        }, 20)
        yield* Effect.addFinalizer(() => Effect.sync(() => clearInterval(talk)))
        for (let start = 0; start < 4; start++) {
          const { result, seconds } = yield* timed(startService({ ...service, DATABASE_URL: url }))
          expect(seconds).toBeLessThan(20)
          yield* result.until("/health/ready", ({ status }) => String(status) === "ok")
          expect(yield* result.stop("SIGTERM")).toMatchObject({ code: 0 })
        }
        const [locks] = yield* Effect.promise(async () => {
          const one = new pg.Client({ connectionString: direct })
          await one.connect()
          const { rows } = await one.query(
            `select count(*)::int as count from pg_locks where locktype = 'advisory'
              and database = (select oid from pg_database where datname = current_database())`
          )
          await one.end()
          return rows
        })
        expect(locks).toEqual({ count: 0 })
      })
    )

    it.scopedLive("it needs no more than one connection to Postgres", () =>
      Effect.gen(function* () {
        const direct = yield* fresh
        for (const [pool_mode, query] of [
          ["transaction", ""],
          ["session", "?connection_limit=1"]
        ] as const) {
          const url = yield* pooled(direct, { pool_mode, default_pool_size: 1 })
          const rows = Effect.provide(migrations, Sql.layerPostgres(Redacted.make(url + query)))
          expect(yield* rows, pool_mode).toEqual([{ count: latest }])
        }
      })
    )

    it.scopedLive("that has no connection free, it refuses within 30 s", () =>
      Effect.gen(function* () {
        const url = yield* pooled(yield* fresh, { pool_mode: "transaction", default_pool_size: 1 })
        const other = yield* client(url)
        yield* Effect.promise(() => other.query("begin"))
        for (const args of [[], ["--check"]]) {
          const { result, seconds } = yield* timed(
            runToEnd({ ...service, DATABASE_URL: url }, args)
          )
          expect(result.code).toBe(1)
          expect(seconds).toBeLessThan(30)
          expect(result.lines.join("\n")).toMatch(
            /takes connections and gives no answer within 12s: a pooler has no connection to Postgres free/
          )
        }
      })
    )

    it.scopedLive("in statement mode, it refuses by a start and by a check", () =>
      Effect.gen(function* () {
        const url = yield* pooled(yield* fresh, { pool_mode: "statement" })
        for (const args of [[], ["--check"]]) {
          const { code, lines } = yield* runToEnd({ ...service, DATABASE_URL: url }, args)
          expect(code).toBe(1)
          expect(lines.join("\n")).toMatch(/is in statement mode, which has no transactions: use/)
        }
      })
    )

    // prisma/orm#23438, neondatabase/neon#6291, pgbouncer/pgbouncer#89, #496, #674, #875, #1176, goauthentik/authentik#19939
    it.scopedLive("that drops or refuses the schema, it names the remedy", () =>
      Effect.gen(function* () {
        const direct = yield* fresh
        for (const [settings, words] of [
          [{}, /does not take the schema .*: alter role "postgres" set search_path = "mine"/],
          [
            { ignore_startup_parameters: "options" },
            /the schema "mine" in DATABASE_URL is not the one in use/
          ]
        ] as const) {
          const url = yield* pooled(direct, { pool_mode: "transaction", ...settings })
          const layer = Sql.layerPostgres(Redacted.make(`${url}?schema=mine`))
          const error = yield* Effect.flip(Effect.provide(migrations, layer))
          expect(error.message).toMatch(words)
        }
      })
    )
  }
)

describe.skipIf(testDatabaseUrl === "")(
  "A lock that another process holds",
  { timeout: 60_000 },
  () => {
    const locked = Effect.gen(function* () {
      const url = yield* fresh
      const holder = yield* client(`${url}?application_name=an-old-one`)
      // As earlier versions took it: for the session.
      const { rows } = yield* Effect.promise(() =>
        holder.query("select pg_advisory_lock(7309453175), pg_backend_pid() as pid")
      )
      return { url, pid: Number(rows[0]?.pid) }
    })

    // prisma/orm#8038, dbos-inc/dbos-transact-py#636, ThomWright/postgres-migrations#23
    it.scopedLive(
      "is waited for, told, and refused within 30 s with the process that holds it",
      () =>
        Effect.gen(function* () {
          const { pid, url } = yield* locked
          const { result, seconds } = yield* timed(runToEnd({ ...service, DATABASE_URL: url }))
          expect(result.code).toBe(1)
          expect(seconds).toBeLessThan(30)
          const told = result.lines.filter((line) =>
            line.includes(
              `Waiting for another process that migrates the database: process ${pid} (an-old-one, idle`
            )
          )
          expect(told.length).toBeGreaterThanOrEqual(3)
          expect(result.lines.at(-1)).toMatch(
            new RegExp(
              `^evolution-listener: Cannot migrate the database: process ${pid} \\(an-old-one, idle, for \\d+ s\\) has its lock`
            )
          )
        })
    )

    it.scopedLive("does not hold up the end of the process", () =>
      Effect.gen(function* () {
        const { url } = yield* locked
        const PORT = String(yield* freePort)
        const { code, millis } = yield* Effect.async<{ code: number | null; millis: number }>(
          (resume) => {
            const child = spawn(process.execPath, [bundle()], {
              env: {
                PATH: process.env.PATH,
                API_KEY: "any",
                PORT,
                ...service,
                DATABASE_URL: url
              }
            })
            let begin = 0
            child.stdout.on("data", (part: Buffer) => {
              if (begin > 0 || !part.includes("Waiting for another process")) return
              begin = performance.now()
              child.kill("SIGTERM")
            })
            child.once("exit", (exit) =>
              resume(Effect.succeed({ code: exit, millis: performance.now() - begin }))
            )
          }
        )
        expect(code).not.toBeNull()
        expect(millis).toBeLessThan(2000)
      })
    )
  }
)
