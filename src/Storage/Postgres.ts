/** Native Postgres through `pg`. */
import { Socket } from "node:net"
import { SqlClient, type SqlError } from "@effect/sql"
import { PgClient } from "@effect/sql-pg"
import { Duration, Effect, Layer, Redacted } from "effect"
import * as AppConfig from "../AppConfig.ts"
import { DatabaseUnavailable } from "../Domain/DatabaseUnavailable.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import * as Secrets from "../Telemetry/Secrets.ts"

export const oldestVersion = 140_000

/** Taken while migrating, so that two processes on an empty database do not race. Any constant does. */
const migrationLock = 7_309_453_175

/**
 * A server that vanishes, as in a failover, leaves connections on which nothing ever comes, and the
 * kernel takes a quarter of an hour to see it. A statement of ours takes seconds, and the pool closes a
 * connection that is idle for 10 s.
 */
export const patience = Duration.minutes(1)

/** `within`: how long a connection may stay silent; without it, without bound. */
export const layer = (url: Redacted.Redacted, within?: Duration.Duration) =>
  Layer.unwrapEffect(
    Effect.as(
      Secrets.add(...passwordsIn(url)),
      PgClient.layer({
        url,
        ...(within && { stream: () => impatient(within) }),
        applicationName: "evolution-listener",
        connectTimeout: "5 seconds",
        maxConnections: 10
      })
    )
  ).pipe(
    Layer.tap((context) =>
      Effect.flatMap(SqlClient.SqlClient, checkVersion).pipe(Effect.provide(context))
    ),
    Layer.catchAll((error) =>
      Layer.fail(
        error._tag === "DatabaseUnavailable"
          ? error
          : new DatabaseUnavailable({
              message: `Cannot open the database at DATABASE_URL: ${detailOf(error)}`
            })
      )
    )
  )

const passwordsIn = (url: Redacted.Redacted) =>
  AppConfig.passwordsIn(Redacted.value(url)).map((password) => Redacted.make(password))

const impatient = (within: Duration.Duration): Socket => {
  const socket = new Socket()
  const words = `The database did not answer within ${Duration.format(within)}`
  return socket.setTimeout(Duration.toMillis(within), () =>
    socket.destroy(Object.assign(new Error(words), { code: "ETIMEDOUT" }))
  )
}

const checkVersion = (sql: SqlClient.SqlClient) =>
  Effect.flatMap(
    sql<{ version: number }>`select current_setting('server_version_num')::int as version`,
    ([row]) =>
      row !== undefined && row.version >= oldestVersion
        ? Effect.void
        : new DatabaseUnavailable({
            message: "Cannot use the database at DATABASE_URL: Postgres 14 or newer is needed"
          })
  )

/** Runs an effect while no other process runs one here. */
export const exclusively = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | SqlError.SqlError, R | SqlClient.SqlClient> =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const connection = yield* sql.reserve
    const run = (statement: string) => connection.executeUnprepared(statement, [], undefined)
    yield* Effect.acquireRelease(run(`select pg_advisory_lock(${migrationLock})`), () =>
      Effect.ignore(run(`select pg_advisory_unlock(${migrationLock})`))
    )
    return yield* effect
  }).pipe(Effect.scoped)
