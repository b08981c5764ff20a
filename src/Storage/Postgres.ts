/** Native Postgres through `pg`, also behind a pooler that gives a session for one transaction at a time. */
import { Reactivity } from "@effect/experimental"
import { SqlClient, SqlError } from "@effect/sql"
import { PgClient } from "@effect/sql-pg"
import { Context, Duration, Effect, Either, Layer, Option, Redacted } from "effect"
import * as AppConfig from "../AppConfig.ts"
import { DatabaseUnavailable } from "../Domain/DatabaseUnavailable.ts"
import * as Secrets from "../Telemetry/Secrets.ts"
import { type Facts, facts, troublesOf } from "./Facts.ts"
import * as Pool from "./Postgres/Pool.ts"
import { placeOf, refusalOf } from "./Postgres/Refusal.ts"
import { openLike, Sessions } from "./Postgres/Session.ts"

export { exclusively } from "./Postgres/Lock.ts"

/**
 * A server that vanishes, as in a failover, leaves connections on which nothing ever comes, and the
 * kernel takes a quarter of an hour to see it. A statement of ours takes seconds, and the pool closes a
 * connection that is idle for 10 s.
 */
export const patience = Duration.minutes(1)

/** The address in `DATABASE_URL`'s form. Its passwords are secrets from then on. */
export const parse = (
  url: Redacted.Redacted
): Effect.Effect<AppConfig.Address, DatabaseUnavailable> =>
  Effect.zipRight(
    Secrets.add(...AppConfig.passwordsIn(Redacted.value(url)).map((text) => Redacted.make(text))),
    Either.mapLeft(
      AppConfig.parseDatabaseUrl(Redacted.value(url)),
      (why) => new DatabaseUnavailable({ message: `Cannot read DATABASE_URL: ${why}` })
    )
  )

/** The address in the settings, with the password in them; `None`: the embedded database is used. */
export const configured = Effect.gen(function* () {
  const url = yield* AppConfig.databaseUrl
  if (Option.isNone(url)) return Option.none()
  const address = yield* parse(url.value)
  const password = address.password ?? Option.getOrUndefined(yield* AppConfig.databasePassword)
  return Option.some({ ...address, password })
})

/** `within`: how long a connection may stay silent; without it, without bound. */
export const layer = (url: Redacted.Redacted, within?: Duration.Duration) =>
  Layer.unwrapEffect(Effect.map(parse(url), (address) => layerAt(address, within)))

/** As `layer`, at an address that has been read. */
export const layerAt = (
  address: AppConfig.Address,
  within?: Duration.Duration
): Layer.Layer<PgClient.PgClient | SqlClient.SqlClient, DatabaseUnavailable> =>
  Layer.scopedContext(
    Effect.gen(function* () {
      const pool = yield* Pool.open(address, {
        name: "evolution-listener",
        within,
        connections: 10
      })
      const client = yield* PgClient.fromPool({ acquire: Effect.succeed(pool) })
      return Context.make(PgClient.PgClient, client).pipe(
        Context.add(SqlClient.SqlClient, client),
        Context.add(Sessions, Option.some(openLike(pool)))
      )
    }).pipe(Effect.mapError(cannotOpen(address)))
  ).pipe(Layer.provide(Reactivity.layer))

const cannotOpen =
  (address: AppConfig.Address) =>
  (error: unknown): DatabaseUnavailable =>
    error instanceof DatabaseUnavailable
      ? error
      : new DatabaseUnavailable({
          message: `Cannot open the database at DATABASE_URL: ${reasonOf(error, address)}`
        })

const reasonOf = (error: unknown, address: AppConfig.Address): string =>
  error instanceof SqlError.SqlError && error.message === Pool.noAnswer
    ? `${placeOf(address)} takes connections and gives no answer within ${Duration.format(Pool.answerTimeout)}: a pooler has no connection to Postgres free (default_pool_size), or Postgres stands still`
    : refusalOf(error, address)

/** The facts about a database. Fails, within 30 s, where it cannot be asked. */
export const examine = (
  address: AppConfig.Address
): Effect.Effect<Facts, DatabaseUnavailable, SqlClient.SqlClient> =>
  Effect.mapError(Pool.withAnswer(facts(address.schema)), cannotOpen(address))

/** Fails with the first reason for which the service cannot run on a database. */
export const admit = (address: AppConfig.Address) =>
  Effect.flatMap(examine(address), (found) => {
    const [trouble] = troublesOf(found, address.schema)
    return trouble === undefined
      ? Effect.void
      : new DatabaseUnavailable({
          message: `Cannot use the database at DATABASE_URL: ${trouble.about}: ${trouble.message}`
        })
  })
