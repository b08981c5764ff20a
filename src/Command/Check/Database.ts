/** Checks that the database answers, may be written to, and has the schema of this version. */
import { access, constants } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { SqlClient } from "@effect/sql"
import { PgClient } from "@effect/sql-pg"
import { Cause, Effect, Exit, Layer, Option, Redacted } from "effect"
import * as AppConfig from "../../AppConfig.ts"
import { codeOf, detailOf } from "../../Domain/ErrorDetail.ts"
import { reasonOf } from "../../Domain/Reach.ts"
import * as Embedded from "../../Storage/Embedded.ts"
import { isTimeout } from "../../Storage/Failure.ts"
import { latest, table } from "../../Storage/migrations.ts"
import { oldestVersion } from "../../Storage/Postgres.ts"
import { type Finding, failed, ok, unknown, warning } from "./Finding.ts"

const about = "database"

export const database = Effect.gen(function* () {
  const url = yield* AppConfig.databaseUrl
  return yield* Option.match(url, {
    onSome: postgres,
    onNone: () => Effect.flatMap(AppConfig.dataDir, embedded)
  })
})

const postgres = (url: Redacted.Redacted) =>
  Effect.map(
    Effect.exit(
      Effect.provide(
        facts,
        PgClient.layer({
          url,
          applicationName: "evolution-listener check",
          connectTimeout: "5 seconds",
          maxConnections: 1
        })
      )
    ),
    Exit.match({
      onSuccess: (row): ReadonlyArray<Finding> => [
        row.version >= oldestVersion
          ? ok(about, `Postgres ${row.words} at DATABASE_URL`)
          : failed(about, `Postgres ${row.words} is too old: 14 or newer is needed`),
        ...aboutSchema(row)
      ],
      onFailure: (cause) => [failed(about, refusalOf(Cause.squash(cause), url))]
    })
  )

/** Postgres' words name the user and the database, and never the password. */
const refusalOf = (error: unknown, url: Redacted.Redacted): string => {
  const code = codeOf(error) ?? ""
  const at = URL.canParse(Redacted.value(url)) ? new URL(Redacted.value(url)).host : ""
  if (at === "") return "DATABASE_URL is no address such as postgres://user:password@host:5432/name"
  switch (code) {
    case "28P01":
      return `Postgres at ${at} refuses the password, or knows no such user: ${detailOf(error)}`
    case "28000":
      return `Postgres at ${at} does not let this user in from here (pg_hba.conf): ${detailOf(error)}`
    case "3D000":
      return `Postgres at ${at} has no such database: ${detailOf(error)}; create it, or name another one in DATABASE_URL`
    case "53300":
      return `Postgres at ${at} has no connection left: raise max_connections, or close some`
    case "57P03":
      return `Postgres at ${at} is starting or stopping: wait a moment`
    default:
      return (
        reasonOf(code, at, "DATABASE_URL") ??
        (isTimeout(error) ? reasonOf("ETIMEDOUT", at, "DATABASE_URL") : undefined) ??
        `it cannot be used: ${detailOf(error)}`
      )
  }
}

/** Opening the embedded database would create it, and only one process can have it open. */
const embedded = (directory: string) =>
  Effect.gen(function* () {
    const path = resolve(directory)
    if (!(yield* can(join(path, "pgdata"), constants.F_OK)))
      return [
        (yield* isWritable(path))
          ? ok(about, `the embedded one will be made in "${path}" at the first start`)
          : failed(about, `DATA_DIR "${path}" cannot be written: ${Embedded.reasonOf(path)}`)
      ]
    const exit = yield* Effect.exit(Effect.provide(facts, Layer.fresh(Embedded.layer(directory))))
    return Exit.match(exit, {
      onSuccess: (row): ReadonlyArray<Finding> => [
        ok(about, `the embedded one in "${path}"`),
        ...aboutSchema(row)
      ],
      onFailure: (cause) => {
        const error = Cause.squash(cause)
        return [
          error instanceof Error && "_tag" in error && error._tag === "DataDirInUse"
            ? unknown(
                about,
                `another process has "${path}" open; if it is this service, all is well`
              )
            : failed(about, detailOf(error))
        ]
      }
    })
  })

const can = (path: string, mode: number) =>
  Effect.isSuccess(Effect.tryPromise(() => access(path, mode)))

/** True if the directory, or the one that it would be created in, can be written. */
const isWritable = (path: string): Effect.Effect<boolean> =>
  Effect.flatMap(can(path, constants.F_OK), (exists) =>
    exists || dirname(path) === path
      ? can(path, constants.W_OK | constants.X_OK)
      : isWritable(dirname(path))
  )

interface Facts {
  readonly version: number
  readonly words: string
  readonly schema: string | null
  readonly isReadOnly: boolean
  readonly isReplica: boolean
  readonly mayCreate: boolean
  readonly mayWrite: boolean
  /** The number of the latest migration; 0 before the first. */
  readonly migration: number
}

/** Writes nothing and locks nothing. */
const facts: Effect.Effect<Facts, unknown, SqlClient.SqlClient> = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<Omit<Facts, "migration" | "mayWrite"> & { migrated: boolean }>`
    select current_setting('server_version_num')::int as version,
      split_part(current_setting('server_version'), ' ', 1) as words,
      current_schema() as schema,
      current_setting('transaction_read_only') = 'on' as "isReadOnly",
      pg_is_in_recovery() as "isReplica",
      coalesce(has_schema_privilege(current_schema(), 'create'), false) as "mayCreate",
      to_regclass(${table}) is not null as migrated`
  if (row === undefined) return yield* Effect.dieMessage("The database answered nothing")
  if (!row.migrated) return { ...row, migration: 0, mayWrite: true }
  const [schema] = yield* sql<{ migration: number; mayWrite: boolean }>`
    select max(migration_id)::int as migration,
      has_table_privilege('events', 'insert') and has_table_privilege('events', 'delete') as "mayWrite"
    from ${sql(table)}`
  return { ...row, migration: schema?.migration ?? 0, mayWrite: schema?.mayWrite ?? false }
})

const aboutSchema = (row: Facts): ReadonlyArray<Finding> => [
  row.isReplica
    ? failed("writing", "it is a replica, and read-only: DATABASE_URL has to name the primary")
    : row.isReadOnly
      ? failed("writing", "it is read-only (default_transaction_read_only): set it to off")
      : !row.mayWrite
        ? failed("writing", "this user may not write the table events: grant it, or use its owner")
        : ok("writing", "allowed"),
  aboutMigrations(row)
]

const aboutMigrations = ({ mayCreate, migration, schema }: Facts): Finding => {
  const pending = latest - migration
  if (pending === 0) return ok("migrations", `all ${latest} have run`)
  if (pending < 0)
    return warning(
      "migrations",
      `the database is ahead: ${migration} have run, and this version knows ${latest}; use the newer version`
    )
  return mayCreate
    ? warning("migrations", `behind: ${pending} of ${latest} are pending; the next start runs them`)
    : failed(
        "migrations",
        `behind: ${pending} of ${latest} are pending, and this user may not create tables in the schema "${schema ?? ""}": grant it, once as an owner of the database`
      )
}
