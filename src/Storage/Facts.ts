/** What a database is like, and the reasons for which the service cannot run on it. */
import { SqlClient, type SqlError } from "@effect/sql"
import { Effect } from "effect"
import { latest, table } from "./migrations.ts"

/** 14 */
const oldestVersion = 140_000

export interface Facts {
  /** As a number: 150020 is 15.20. */
  readonly version: number
  readonly words: string
  readonly database: string
  readonly user: string
  readonly encoding: string
  readonly dateStyle: string
  /** The schema in which tables are made; `null`: there is none. */
  readonly schema: string | null
  /** Whether the schema that the address names is there; `null` if it names none. */
  readonly hasSchema: boolean | null
  readonly isReadOnly: boolean
  readonly isReplica: boolean
  readonly mayCreate: boolean
  readonly mayCreateSchema: boolean
  readonly mayWrite: boolean
  /** The number of the latest migration; 0 before the first. */
  readonly migration: number
}

/** `about`: as `--check` names it. */
export interface Trouble {
  readonly about: "database" | "writing" | "migrations"
  readonly message: string
}

/** Writes nothing and locks nothing. `named`: the schema in the address. */
export const facts = (
  named?: string
): Effect.Effect<Facts, SqlError.SqlError, SqlClient.SqlClient> =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => read(sql, named ?? null))

const read = (sql: SqlClient.SqlClient, named: string | null) =>
  Effect.gen(function* () {
    const [row] = yield* sql<Omit<Facts, "migration" | "mayWrite"> & { migrated: boolean }>`
      select current_setting('server_version_num')::int as version,
        split_part(current_setting('server_version'), ' ', 1) as words,
        current_database()::text as database,
        current_user::text as user,
        current_setting('server_encoding') as encoding,
        current_setting('DateStyle') as "dateStyle",
        current_schema()::text as schema,
        (select count(*) > 0 from pg_namespace where nspname = named.schema)
          and named.schema is not null as "hasSchema",
        current_setting('transaction_read_only') = 'on' as "isReadOnly",
        pg_is_in_recovery() as "isReplica",
        coalesce(has_schema_privilege(current_schema(), 'create'), false) as "mayCreate",
        has_database_privilege(current_database(), 'create') as "mayCreateSchema",
        to_regclass(${table}) is not null as migrated
      from (select ${named}::text as schema) named`
    if (row === undefined) return yield* Effect.dieMessage("The database answered nothing")
    const own = { ...row, hasSchema: named === null ? null : row.hasSchema }
    if (!row.migrated) return { ...own, migration: 0, mayWrite: true }
    const [schema] = yield* sql<{ migration: number; mayWrite: boolean }>`
      select max(migration_id)::int as migration,
        coalesce(has_table_privilege(to_regclass('events'), 'insert')
          and has_table_privilege(to_regclass('events'), 'delete'), true) as "mayWrite"
      from ${sql(table)}`
    return { ...own, migration: schema?.migration ?? 0, mayWrite: schema?.mayWrite ?? false }
  })

/** Reasons for which a start is refused, each with the remedy. `named`: the schema in the address. */
export const troublesOf = (facts: Facts, named?: string): ReadonlyArray<Trouble> => [
  ...of("database", aboutDatabase(facts)),
  ...of("writing", aboutWriting(facts)),
  ...of("migrations", aboutSchema(facts, named) ?? aboutMigrations(facts))
]

const of = (about: Trouble["about"], message: string | undefined): ReadonlyArray<Trouble> =>
  message === undefined ? [] : [{ about, message }]

const aboutDatabase = ({ database, dateStyle, encoding, user, version, words }: Facts) => {
  if (version < oldestVersion) return `Postgres ${words} is too old: 14 or newer is needed`
  if (encoding !== "UTF8")
    return `the encoding of "${database}" is ${encoding}, in which most of what people write has no place: make another database (create database NAME encoding 'UTF8' template template0), and name it in DATABASE_URL`
  if (!dateStyle.startsWith("ISO"))
    return `the DateStyle is ${dateStyle}, and times would be misread: alter role "${user}" set datestyle = 'ISO'`
  return undefined
}

const aboutWriting = ({ isReadOnly, isReplica, mayWrite }: Facts) => {
  if (isReplica) return "it is a replica, and read-only: DATABASE_URL has to name the primary"
  if (isReadOnly) return "it is read-only (default_transaction_read_only): set it to off"
  return mayWrite
    ? undefined
    : "this user may not write the table events: grant it, or use its owner"
}

const aboutSchema = (
  { database, hasSchema, mayCreateSchema, schema, user }: Facts,
  named: string | undefined
) => {
  if (named !== undefined && hasSchema === false)
    return mayCreateSchema
      ? undefined
      : `there is no schema "${named}", and this user may not make one: create schema "${named}" authorization "${user}", as an owner of the database`
  if (named !== undefined && schema !== named)
    return `the schema "${named}" is not the one in use: grant usage, create on schema "${named}" to "${user}"; if a pooler in between drops the setting, remove schema from DATABASE_URL, and alter role "${user}" set search_path = "${named}"`
  return schema === null
    ? `there is no schema to make tables in (search_path): create schema authorization "${user}", in the database "${database}"`
    : undefined
}

const aboutMigrations = ({ hasSchema, mayCreate, migration, schema, user }: Facts) => {
  const pending = latest - migration
  return pending <= 0 || mayCreate || hasSchema === false
    ? undefined
    : `behind: ${pending} of ${latest} are pending, and this user may not create tables in the schema "${schema ?? ""}": grant create on schema "${schema ?? ""}" to "${user}", once as an owner of the database`
}
