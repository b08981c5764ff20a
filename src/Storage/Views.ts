/**
 * Views for people who ask in SQL, in a schema of their own beside the tables. They are made, and brought up to date,
 * at each start: a user that may not make the schema today may do so tomorrow, and a service runs without them.
 */
import { SqlClient, type SqlError } from "@effect/sql"
import { Effect } from "effect"
import { detailOf } from "../Domain/ErrorDetail.ts"
import { messages } from "./Views/Messages.ts"
import { calls, chats, connectionChanges, gaps, receipts } from "./Views/Others.ts"

/**
 * The number of the set of columns. It is raised with each change of a view. Postgres itself keeps the promise that
 * columns are only added, at the end: it replaces no view by one that lacks a column or gives it another type.
 */
export const version = 2

/** In the order in which they are made. */
const views = { messages, receipts, chats, calls, connection_changes: connectionChanges, gaps }

export const names = Object.keys(views)

/** `schema`: quoted. */
export const statements = (schema: string): ReadonlyArray<string> =>
  Object.values(views).map((view) => view(schema))

/** The views of the database that is in use. */
export interface Standing {
  /** Of the views, quoted; `null`: there is none for tables. */
  readonly schema: string | null
  readonly isSchemaThere: boolean
  /** `ahead`: a later version of this service made them. */
  readonly state: "current" | "missing" | "behind" | "ahead"
  /** The reason for which a start does not make them, with the remedy. */
  readonly obstacle: string | null
}

interface Row {
  readonly tables: string | null
  readonly schema: string
  readonly user: string
  readonly isTooLong: boolean
  readonly isThere: boolean
  readonly isInUse: boolean
  readonly mayMake: boolean
  readonly count: number
  readonly made: number | null
}

/** Writes nothing and locks nothing. */
export const standing: Effect.Effect<Standing, SqlError.SqlError, SqlClient.SqlClient> = Effect.gen(
  function* () {
    const sql = yield* SqlClient.SqlClient
    const [row] = yield* sql<Row>`
      select own.tables, quote_ident(own.schema) as schema, quote_ident(current_user) as user,
        octet_length(own.schema) > 63 as "isTooLong",
        there.oid is not null as "isThere",
        exists (select from pg_class where relnamespace = there.oid) as "isInUse",
        case when there.oid is null then has_database_privilege(current_database(), 'create')
          else has_schema_privilege(there.oid, 'usage') and has_schema_privilege(there.oid, 'create')
        end as "mayMake",
        (select count(*)::int from pg_class
          where relnamespace = there.oid and relkind = 'v' and ${sql.in("relname", names)}) as count,
        (select substring(prosrc from '^select ([0-9]{1,9})$')::int from pg_proc
          where pronamespace = there.oid and proname = 'version' and pronargs = 0) as made
      from (
        select current_schema()::text as tables, case current_schema()
          when 'public' then 'listener' else current_schema() || '_listener' end as schema
      ) as own
      left join pg_namespace there on there.nspname = own.schema`
    return row === undefined || row.tables === null
      ? { schema: null, isSchemaThere: false, state: "missing", obstacle: null }
      : standingOf(row)
  }
)

const standingOf = (row: Row): Standing => {
  const { count, isThere: isSchemaThere, made, schema } = row
  if (made !== null && made > version)
    return { schema, isSchemaThere, state: "ahead", obstacle: null }
  if (made === version && count === names.length)
    return { schema, isSchemaThere, state: "current", obstacle: null }
  const state = made !== null && made < version ? "behind" : "missing"
  return { schema, isSchemaThere, state, obstacle: obstacleOf(row) }
}

const obstacleOf = (row: Row): string | null => {
  const { isInUse, isThere, isTooLong, made, mayMake, schema, tables, user } = row
  if (isTooLong)
    return `the schema "${tables}" has too long a name for one that ends with _listener`
  if (isInUse && made === null)
    return `the schema ${schema} is another program's: give this service a schema of its own (?schema= in DATABASE_URL)`
  if (mayMake) return null
  return isThere
    ? `this user may not make views in the schema ${schema}: grant usage, create on schema ${schema} to ${user}, as its owner, and start again`
    : `this user may not make the schema ${schema}: create schema ${schema} authorization ${user}, as an owner of the database, and start again`
}

const make = (schema: string, isSchemaThere: boolean) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    // Also with `if not exists`, it takes the right to make one.
    if (!isSchemaThere) yield* sql.unsafe(`create schema ${schema}`)
    for (const statement of statements(schema)) yield* sql.unsafe(statement)
    yield* sql.unsafe(`
      create or replace function ${schema}.version() returns integer
      language sql immutable parallel safe as 'select ${version}'`)
  })

/** Makes the views that are missing or behind. A failure is only told: the service needs none of them. */
export const ensure: Effect.Effect<void, never, SqlClient.SqlClient> = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const { isSchemaThere, obstacle, schema, state } = yield* standing
  if (schema === null || state === "current" || state === "ahead") return
  if (obstacle !== null) return yield* told(obstacle)
  // Within the transaction of the migrations this is a savepoint: a failure leaves them as they are.
  yield* sql.withTransaction(make(schema, isSchemaThere))
}).pipe(Effect.catchAll((error) => told(detailOf(error))))

const told = (why: string) =>
  Effect.logWarning(`There are no views for SQL, or not all of them: ${why}`)
