/** The schema's history. A change is a new file with a higher number: the migrator knows no other way. */
import { SqlClient, type SqlError } from "@effect/sql"
import * as Migrator from "@effect/sql/Migrator"
import { Cause, Effect, Record } from "effect"
import { DatabaseUnavailable } from "../Domain/DatabaseUnavailable.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import init from "./migrations/0001_init.ts"
import gaps from "./migrations/0002_gaps.ts"
import turns from "./migrations/0003_turns.ts"
import keys from "./migrations/0004_keys.ts"
import purges from "./migrations/0005_purges.ts"
import append from "./migrations/0009_append.ts"
import verdicts from "./migrations/0010_verdicts.ts"
import discovery from "./migrations/0011_discovery.ts"
import times from "./migrations/0012_times.ts"
import servers from "./migrations/0013_servers.ts"
import replicas from "./migrations/0014_replicas.ts"
import access from "./migrations/0015_access.ts"
import modes from "./migrations/0016_modes.ts"
import delivery from "./migrations/0017_delivery.ts"
import absences from "./migrations/0018_absences.ts"
import * as Views from "./Views.ts"

export const history = {
  "0001_init": init,
  "0002_gaps": gaps,
  "0003_turns": turns,
  "0004_keys": keys,
  "0005_purges": purges,
  // Earlier forms of 9. A database that has them keeps them, for a process that still calls them.
  "0006_append": Effect.void,
  "0007_append_columns": Effect.void,
  "0008_append_call": Effect.void,
  "0009_append": append,
  "0010_verdicts": verdicts,
  "0011_discovery": discovery,
  "0012_times": times,
  "0013_servers": servers,
  "0014_replicas": replicas,
  "0015_access": access,
  "0016_modes": modes,
  "0017_delivery": delivery,
  "0018_absences": absences
}

/**
 * The time that a migration waits for a lock, at most: statements that come after it wait for it, so a long reader
 * of the log (a backup) would stop every writer.
 */
const lockTimeout = "5s"

const patient = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`select set_config('lock_timeout', ${lockTimeout}, true)`
)

const loader = Migrator.fromRecord(
  Record.map(history, (migration) => Effect.zipRight(patient, migration))
)

/** The table of applied migrations. */
export const table = "evolution_listener_migrations"

/** The number of the last migration, which is how many there are. */
export const latest = Object.keys(history).length

type Migration = Effect.Effect<
  unknown,
  Migrator.MigrationError | SqlError.SqlError | DatabaseUnavailable,
  SqlClient.SqlClient
>

/**
 * Brings the schema up to date. `exclusively` keeps other processes from doing so at the same time.
 * `schema`: made if it is not there.
 */
export const migrate = (
  exclusively: (migration: Migration) => Migration,
  schema?: string
): Effect.Effect<void, DatabaseUnavailable, SqlClient.SqlClient> =>
  exclusively(
    prepare(schema).pipe(
      Effect.zipRight(Migrator.make({})({ loader, table })),
      Effect.zipRight(Views.ensure)
    )
  ).pipe(
    Effect.asVoid,
    // A failing migration arrives as a defect.
    Effect.catchAllCause((cause) => {
      const error = Cause.squash(cause)
      return Effect.fail(
        error instanceof DatabaseUnavailable
          ? error
          : new DatabaseUnavailable({ message: `Cannot migrate the database: ${detailOf(error)}` })
      )
    })
  )

/** Inside a transaction, the migrator's way to see whether its table is there would end the transaction. */
const prepare = (schema: string | undefined) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    if (schema !== undefined) {
      const [there] = yield* sql`select from pg_namespace where nspname = ${schema}`
      // Also with `if not exists`, it takes the right to make one.
      if (there === undefined) yield* sql`create schema ${sql(schema)}`
      const [row] = yield* sql<{ current: string | null }>`select current_schema()::text as current`
      if (row?.current !== schema)
        return yield* new DatabaseUnavailable({
          message: `Cannot migrate the database: the schema "${schema}" in DATABASE_URL is not the one in use; if a pooler in between drops it, set it for the user (alter role … set search_path)`
        })
    }
    yield* sql`
      create table if not exists ${sql(table)} (
        migration_id integer primary key,
        created_at timestamptz not null default now(),
        name text not null
      )`
  })
