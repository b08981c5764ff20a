/** Connections outside of the pool, for what belongs to a session: LISTEN. */
import { SqlError } from "@effect/sql"
import { Context, Duration, Effect, Option, type Scope } from "effect"
import pg from "pg"

/** Opens a connection, which is closed with the scope. */
export type Open = Effect.Effect<pg.Client, SqlError.SqlError, Scope.Scope>

/** The way to more connections like those of the pool; `None`: the program gave an SQL client of its own. */
export class Sessions extends Context.Reference<Sessions>()("evolution-listener/Sessions", {
  defaultValue: (): Option.Option<Open> => Option.none()
}) {}

/** Postgres' end may not be told to us. */
const endTimeout = Duration.seconds(1)

/** As the pool opens its own: the same address, TLS and bounds of silence. */
export const openLike = (pool: pg.Pool): Open =>
  Effect.tap(
    Effect.acquireRelease(
      Effect.sync(() => {
        const client = new pg.Client(pool.options)
        client.on("error", (error) => void error) // its end follows, and the query that meets it reports it
        return client
      }),
      (client) =>
        Effect.tryPromise(() => client.end()).pipe(
          Effect.ignore, // it is lost already
          Effect.interruptible,
          Effect.timeoutOption(endTimeout)
        )
    ),
    (client) =>
      Effect.tryPromise({
        try: () => client.connect(),
        catch: (cause) => new SqlError.SqlError({ cause, message: "Failed to connect" })
      })
  )
