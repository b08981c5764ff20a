/**
 * The lock of migrations: two processes on an empty database must not race. It is held by a transaction and
 * not by a session: PgBouncer in transaction mode gives the session to somebody else at each commit, and a
 * lock of the session stays behind on it, for an hour.
 */
import { SqlClient, type SqlError } from "@effect/sql"
import { Data, Duration, Effect, Schedule } from "effect"
import { DatabaseUnavailable } from "../../Domain/DatabaseUnavailable.ts"

/** Any constant does; earlier versions took the same one, for the session. */
const key = 7_309_453_175

/** With the time for the first answers, a start that finds the lock taken ends within 30 s. */
export const patience = Duration.seconds(12)

const pause = Duration.millis(500)
/** Pauses between two lines of log. */
const tellEvery = 8

class Taken extends Data.TaggedError("Taken") {}

/** Runs an effect in a transaction while no other process runs one here. Waits for the lock for `patience`. */
export const exclusively = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | SqlError.SqlError | DatabaseUnavailable, R | SqlClient.SqlClient> =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    // In a short transaction of its own each time: one that waits would keep a pooler's connection, which
    // the holder of the lock may need.
    const attempt = sql.withTransaction(
      Effect.flatMap(
        sql<{ got: boolean }>`select pg_try_advisory_xact_lock(${String(key)}::bigint) as got`,
        ([row]): Effect.Effect<A, E | Taken, R> => (row?.got === true ? effect : new Taken())
      )
    )
    const schedule = Schedule.spaced(pause).pipe(
      Schedule.upTo(patience),
      Schedule.tapOutput((nth) =>
        nth % tellEvery !== 0
          ? Effect.void
          : Effect.flatMap(holder, (words) =>
              Effect.logInfo(`Waiting for another process that migrates the database: ${words}`)
            )
      )
    )
    return yield* attempt.pipe(
      Effect.retry({ schedule, while: isTaken }),
      Effect.catchIf(isTaken, () => Effect.flatMap(holder, refused))
    )
  })

const isTaken = (error: unknown): error is Taken => error instanceof Taken

const refused = (words: string) =>
  new DatabaseUnavailable({
    message: `Cannot migrate the database: ${words} has its lock for more than ${Duration.format(patience)}: wait for it if it migrates; if it is idle, end it: select pg_terminate_backend(PID)`
  })

/** Postgres shows a key of 64 bits in two halves. Another user's process shows its number alone. */
const holder = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql<{ pid: number; words: string | null }>`
    select pid, concat_ws(', ', nullif(application_name, ''), state,
      'for ' || extract(epoch from clock_timestamp() - state_change)::int || ' s') as words
    from pg_locks join pg_stat_activity using (pid)
    where locktype = 'advisory' and granted and objsubid = 1
      and classid = ${Math.floor(key / 2 ** 32)} and objid = ${key % 2 ** 32}`
).pipe(
  Effect.map(([row]) =>
    row === undefined
      ? "a process that has just ended"
      : `process ${row.pid} (${row.words || "of another user"})`
  ),
  Effect.orElseSucceed(() => "another process")
)
