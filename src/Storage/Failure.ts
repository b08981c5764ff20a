/** Meaning of database errors. */
import type { SqlError } from "@effect/sql"
import { type Duration, Effect, Predicate, Schedule } from "effect"
import { codeOf } from "../Domain/ErrorDetail.ts"

/** Consequence of a failed statement: wait for the database, mend the row, leave the server to its new owner, or look into it. */
export type SqlFailure = "unavailable" | "data" | "taken" | "other"

/** SQLSTATE of our own, from migration 13. */
const taken = "TAKEN"

/**
 * Sorts an error by SQLSTATE (PostgreSQL's appendix A) or by Node's code. Classes 22 and 23 and 54000
 * are about the values; 08, 53, 57P0x, and what has no SQLSTATE at all, about the connection.
 */
export const classify = (error: SqlError.SqlError): SqlFailure => {
  const code = codeOf(error.cause)
  // Poolers refuse a connection with codes of their own (XX000), and a password can change while we run.
  if (code === undefined || /^Failed to acquire connection/.test(error.message))
    return "unavailable"
  if (code === taken) return "taken"
  if (/^(?:22|23|54)/.test(code)) return "data"
  return /^(?:08|53|57P0|25006|E[A-Z])/.test(code) ? "unavailable" : "other"
}

/**
 * The same statement may pass the next time. `57014`: a statement that is interrupted is canceled by its connection, where
 * another one may run by then. `40001`, `40P01`: it stood in the way of another one.
 */
export const isPassing = (error: SqlError.SqlError): boolean =>
  classify(error) === "unavailable" || /^(?:57014|40001|40P01)$/.test(codeOf(error.cause) ?? "")

/** Reason for which nothing can be written, by its remedy. */
export type Outage = (typeof outages)[number]
export const outages = ["database_unavailable", "database_read_only", "database_full"] as const

/** By SQLSTATE: `25006` read-only transaction, `53100` disk full. */
export const outageOf = (error: SqlError.SqlError): Outage => {
  switch (codeOf(error.cause)) {
    case "25006":
      return "database_read_only"
    case "53100":
      return "database_full"
    default:
      return "database_unavailable"
  }
}

/** Retries until the database is back: without end, every 5 s at the latest. */
export const untilBack = (first: Duration.DurationInput) =>
  Schedule.exponential(first).pipe(Schedule.union(Schedule.spaced("5 seconds")), Schedule.jittered)

/** Runs a statement until the database takes it. */
export const persistently = <A>(statement: Effect.Effect<A, SqlError.SqlError>): Effect.Effect<A> =>
  Effect.orDie(Effect.retry(statement, untilBack("200 millis"))) // the schedule has no end

/**
 * Says that no answer came in time. `pg` has no code for that; its pool says it above a cause that only
 * tells of the connection's end.
 */
export const isTimeout = (error: unknown): boolean =>
  (error instanceof Error && /timed? ?out/i.test(error.message)) ||
  (Predicate.hasProperty(error, "cause") && isTimeout(error.cause))
