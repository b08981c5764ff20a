/** The answer to a request that needs the database while that is away. */
import { SqlError } from "@effect/sql"
import { Effect } from "effect"
import { DatabaseUnavailable } from "../../Domain/DatabaseUnavailable.ts"
import { detailOf } from "../../Domain/ErrorDetail.ts"

const databaseUnavailable = (error: unknown) =>
  new DatabaseUnavailable({ message: `The database does not answer: ${detailOf(error)}` })

/** Maps a failed SQL statement to `DatabaseUnavailable`. */
export const orUnavailable = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.catchIf(
    effect,
    (error): error is Extract<E, SqlError.SqlError> => error instanceof SqlError.SqlError,
    databaseUnavailable
  )
