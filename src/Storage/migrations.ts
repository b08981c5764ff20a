/** The schema's history. Only ever add a file with a higher number: the migrator knows no other way. */
import type { SqlClient, SqlError } from "@effect/sql"
import * as Migrator from "@effect/sql/Migrator"
import { Cause, Effect } from "effect"
import { DatabaseUnavailable } from "../Domain/DatabaseUnavailable.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import init from "./migrations/0001_init.ts"
import gaps from "./migrations/0002_gaps.ts"
import turns from "./migrations/0003_turns.ts"
import keys from "./migrations/0004_keys.ts"
import purges from "./migrations/0005_purges.ts"
import append from "./migrations/0006_append.ts"
import appendColumns from "./migrations/0007_append_columns.ts"
import appendCall from "./migrations/0008_append_call.ts"

const history = {
  "0001_init": init,
  "0002_gaps": gaps,
  "0003_turns": turns,
  "0004_keys": keys,
  "0005_purges": purges,
  "0006_append": append,
  "0007_append_columns": appendColumns,
  "0008_append_call": appendCall
}

const loader = Migrator.fromRecord(history)

/** The table in which the database has what was done to it. */
export const table = "evolution_listener_migrations"

/** The number of the last one, which is how many there are. */
export const latest = Object.keys(history).length

type Migration = Effect.Effect<
  unknown,
  Migrator.MigrationError | SqlError.SqlError,
  SqlClient.SqlClient
>

/** Brings the schema up to date. `exclusively` keeps other processes from doing so meanwhile. */
export const migrate = (
  exclusively: (migration: Migration) => Migration
): Effect.Effect<void, DatabaseUnavailable, SqlClient.SqlClient> =>
  exclusively(Migrator.make({})({ loader, table })).pipe(
    Effect.asVoid,
    // A failing migration arrives as a defect.
    Effect.catchAllCause((cause) =>
      Effect.fail(
        new DatabaseUnavailable({
          message: `Cannot migrate the database: ${detailOf(Cause.squash(cause))}`
        })
      )
    )
  )
