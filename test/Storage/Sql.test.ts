import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SqlClient, SqlError } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, identity, Layer, Redacted } from "effect"
import { detailOf } from "../../src/Domain/ErrorDetail.ts"
import { classify } from "../../src/Storage/Failure.ts"
import { latest, migrate } from "../../src/Storage/migrations.ts"
import * as Sql from "../../src/Storage/Sql.ts"
import { databases, freshSchemaUrl } from "../support/databases.ts"
import { settings } from "../support/settings.ts"

const temporaryDirectory = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "sql-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

const tables = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(
    sql<{ name: string }>`
      select table_name as name from information_schema.tables
      where table_schema = current_schema() order by table_name`,
    (rows) => rows.map(({ name }) => name)
  )
)
const ours = [
  "audit",
  "endpoint_absences",
  "endpoint_attempts",
  "endpoint_changes",
  "endpoint_cursors",
  "endpoint_health",
  "endpoint_lanes",
  "endpoint_replays",
  "endpoint_undelivered",
  "endpoints",
  "events",
  "evolution_listener_migrations",
  "gaps",
  "handler_cursors",
  "instances",
  "kept_defaults",
  "key_changes",
  "keys",
  "log_identity",
  "placements",
  "purges",
  "quarantine",
  "replicas",
  "servers",
  "tickets",
  "writer",
  "wrong_keys"
]

const applied = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(
    sql<{ count: number }>`select count(*)::int as count from evolution_listener_migrations`,
    ([row]) => row?.count
  )
)

/** Why a layer cannot be built. */
const refusalOf = <A, E, R>(layer: Layer.Layer<A, E, R>) =>
  Effect.flip(Effect.scoped(Layer.build(layer)))

describe.each(databases)("Sql on %s", (_name, database) => {
  it.effect(
    "creates the tables once, and a second migration changes nothing",
    () =>
      Effect.gen(function* () {
        expect(yield* tables).toEqual(ours)
        const before = yield* applied
        yield* migrate(identity)
        yield* migrate(identity)
        expect(yield* tables).toEqual(ours)
        expect(yield* applied).toBe(before)
      }).pipe(Effect.provide(database)),
    30_000
  )

  it.effect(
    "continues after a failed statement",
    () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const error = yield* Effect.flip(sql`select * from nowhere`)
        expect(detailOf(error)).toBe('relation "nowhere" does not exist')
        expect(classify(error)).toBe("other")
        expect(classify(yield* Effect.flip(sql`select '"\\u0000"'::jsonb`))).toBe("data")
        expect(yield* sql`select 1 as one`).toEqual([{ one: 1 }])
      }).pipe(Effect.provide(database)),
    30_000
  )
})

describe("Sql.layerEmbedded", () => {
  it.scoped(
    "keeps the rows when its directory is opened again",
    () =>
      Effect.gen(function* () {
        const layer = Sql.layerEmbedded(join(yield* temporaryDirectory, "deep", "er"))
        const insert = Effect.flatMap(
          SqlClient.SqlClient,
          (sql) =>
            sql`insert into instances (name, desired, desired_at) values ('shop', 'stopped', now())`
        )
        yield* Effect.provide(insert, Layer.fresh(layer))
        const names = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`select name from instances`)
        expect(yield* Effect.provide(names, Layer.fresh(layer))).toEqual([{ name: "shop" }])
      }),
    30_000
  )

  it.scoped(
    "opens DATA_DIR for one process at a time",
    () =>
      Effect.gen(function* () {
        const DATA_DIR = yield* temporaryDirectory
        const layer = Layer.provide(Sql.layer, settings({ DATA_DIR }))
        yield* Layer.build(layer)
        expect((yield* refusalOf(Layer.fresh(layer)))._tag).toBe("DataDirInUse")
      }),
    30_000
  )

  it.scoped(
    "reports an unusable directory in one line",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const file = join(directory, "file")
        yield* Effect.promise(() => writeFile(file, "not a directory"))
        const error = yield* refusalOf(Sql.layerEmbedded(join(file, "data")))
        expect(error._tag).toBe("DatabaseUnavailable")
        expect(error.message).toMatch(/^Cannot open the embedded database in "[^\n]+": [^\n]+$/)
      }),
    30_000
  )

  it.scoped(
    "reports unusable files in one line",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        yield* Effect.promise(() => writeFile(join(directory, "pgdata"), "not a directory"))
        const error = yield* refusalOf(Sql.layerEmbedded(directory))
        expect(error._tag).toBe("DatabaseUnavailable")
        expect(error.message).toMatch(/^Cannot open the embedded database in "[^\n]+": [^\n]+$/)
      }),
    30_000
  )
})

/** A port that nobody listens at: it was ours a moment ago. */
const deadPort = Effect.async<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

describe("Sql.layerPostgres", () => {
  it.effect("reports an unavailable server in one line, without the password", () =>
    Effect.gen(function* () {
      const url = `postgres://keeper:sesame@127.0.0.1:${yield* deadPort}/app`
      const layer = Layer.provide(Sql.layer, settings({ DATABASE_URL: url }))
      const error = yield* refusalOf(layer)
      expect(error._tag).toBe("DatabaseUnavailable")
      expect(error.message).toMatch(
        /^Cannot open the database at DATABASE_URL: nothing listens at 127\.0\.0\.1:\d+: [^\n]*$/
      )
      expect(error.message).not.toContain("sesame")
    })
  )

  it.effect("reports an invalid address in one line", () =>
    Effect.gen(function* () {
      for (const url of ["sesame", "postgres://keeper:sesame@db:port/app", "mysql://:sesame@[x/"]) {
        const exit = yield* Effect.exit(refusalOf(Sql.layerPostgres(Redacted.make(url))))
        const error = Exit.match(exit, { onFailure: Cause.squash, onSuccess: (refusal) => refusal })
        expect(error, url).toMatchObject({ _tag: "DatabaseUnavailable" })
        expect(String(error), url).not.toContain("sesame")
      }
    })
  )

  const testDatabaseUrl = process.env.TEST_DATABASE_URL
  it.scopedLive.skipIf(testDatabaseUrl === undefined)(
    "migrates once when three processes start together",
    () =>
      Effect.gen(function* () {
        for (let round = 0; round < 3; round++) {
          const url = yield* freshSchemaUrl(testDatabaseUrl ?? "")
          const one = Effect.scoped(
            Effect.provide(applied, Layer.fresh(Sql.layerPostgres(Redacted.make(url))))
          )
          expect(yield* Effect.all([one, one, one], { concurrency: 3 })).toEqual([
            latest,
            latest,
            latest
          ])
        }
      }),
    30_000
  )
})

describe("Failure.classify", () => {
  const coded = (code: string) => Object.assign(new Error("words"), { code })
  const failed = (cause: unknown) => new SqlError.SqlError({ cause, message: "Failed" })

  it("classifies an error by its SQLSTATE or by Node's code", () => {
    const table = {
      data: ["22P05", "22021", "22001", "22003", "23505", "23502", "54000", "54001"],
      unavailable: ["08006", "08P01", "53300", "53100", "57P01", "57P03", "25006"],
      other: ["42P01", "42601", "57014", "40001", "40P01", "XX000", "0A000"]
    }
    for (const [verdict, codes] of Object.entries(table))
      for (const code of codes) expect(classify(failed(coded(code))), code).toBe(verdict)
    for (const code of ["ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENOTFOUND", "EPIPE"])
      expect(classify(failed(coded(code))), code).toBe("unavailable")
  })

  it("classifies an error without a code as unavailable, as a broken connection has none", () => {
    expect(classify(failed(new Error("Connection terminated unexpectedly")))).toBe("unavailable")
    expect(classify(failed(undefined))).toBe("unavailable")
  })

  it("finds the code at any depth of the causes", () => {
    expect(classify(failed(failed(failed(coded("23505")))))).toBe("data")
    expect(detailOf(failed(failed(coded("23505"))))).toBe("words")
    const both = new AggregateError([new Error("::1 refused"), new Error("127.0.0.1 refused")])
    expect(detailOf(failed(both))).toBe("::1 refused; 127.0.0.1 refused")
    expect(detailOf("text")).toBe("text")
  })
})
