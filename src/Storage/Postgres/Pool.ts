/** A pool of connections to an address. */
import { Socket } from "node:net"
import { SqlError } from "@effect/sql"
import { Duration, Effect, Redacted, type Scope } from "effect"
import pg from "pg"
import type * as AppConfig from "../../AppConfig.ts"
import { isWithoutTls, type Ssl, waysOf } from "./Tls.ts"

export interface Options {
  /** The name that Postgres shows; the address can give another. */
  readonly name: string
  /** How long a connection may stay silent; `undefined`: without bound. */
  readonly within: Duration.Duration | undefined
  /** The connections that may be open at once, if the address allows them. */
  readonly connections: number
}

const connectTimeout = Duration.seconds(5)

/**
 * The time until the first answer. A database that sleeps takes a few seconds to wake up, and a pooler lets
 * a caller wait for minutes until it has a connection free.
 */
export const answerTimeout = Duration.seconds(12)

/** Postgres' end may not be told to us. */
const endTimeout = Duration.seconds(1)

/** Opens the pool once it has answered. */
export const open = Effect.fnUntraced(function* (address: AppConfig.Address, options: Options) {
  const ways = yield* waysOf(address.tls)
  const attempt = (ssl: Ssl) => answering(configOf(address, ssl, options))
  const [first, ...others] = ways
  return yield* others.reduce(
    (before, ssl) => Effect.catchIf(before, isWithoutTls, () => attempt(ssl)),
    attempt(first)
  )
})

const configOf = (
  address: AppConfig.Address,
  ssl: Ssl,
  { connections, name, within }: Options
): pg.PoolConfig => ({
  ...address.session,
  ...(address.host !== undefined && { host: address.host }),
  ...(address.port !== undefined && { port: address.port }),
  ...(address.user !== undefined && { user: address.user }),
  ...(address.database !== undefined && { database: address.database }),
  ...(address.password !== undefined && { password: Redacted.value(address.password) }),
  ...(ssl !== undefined && !address.host?.startsWith("/") && { ssl }),
  ...(address.tls.isDirect && { sslnegotiation: "direct" }),
  ...(address.tls.isBound && { enableChannelBinding: true }),
  ...(within !== undefined && { stream: () => impatient(within) }),
  options: [address.session.options, searchPath(address.schema)].filter(Boolean).join(" "),
  application_name: address.session.application_name ?? name,
  connectionTimeoutMillis: Duration.toMillis(connectTimeout),
  // Proxies of clouds drop connections that are silent for some minutes.
  keepAlive: true,
  max: Math.min(connections, address.connections ?? connections)
})

/** In the form of `options`: a space or a backslash has a backslash before it. */
const searchPath = (schema: string | undefined): string =>
  schema === undefined
    ? ""
    : `-c search_path="${schema.replaceAll('"', '""')}"`.replace(
        /(?<==.*)[\s\\]/g,
        (character) => `\\${character}`
      )

const answering = (config: pg.PoolConfig): Effect.Effect<pg.Pool, SqlError.SqlError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const pool = new pg.Pool(config)
      pool.on("error", (error) => void error) // the query that meets it reports it
      return pool
    }),
    (pool) =>
      Effect.promise(() => pool.end()).pipe(Effect.interruptible, Effect.timeoutOption(endTimeout))
  ).pipe(
    Effect.tap((pool) =>
      Effect.tryPromise({
        try: () => transact(pool),
        catch: (cause) => new SqlError.SqlError({ cause, message: "Failed to connect" })
      }).pipe(withAnswer)
    )
  )

/**
 * Runs an empty transaction. PgBouncer in statement mode lets it begin, and closes the connection with an
 * error that belongs to no statement.
 */
const transact = async (pool: pg.Pool): Promise<void> => {
  const client = await pool.connect()
  let told: Error | undefined
  const keep = (error: Error) => {
    told ??= error
  }
  client.on("error", keep)
  try {
    await client.query("begin")
    await client.query("commit")
  } catch (error) {
    client.release(true)
    throw told ?? error
  }
  client.off("error", keep)
  client.release()
}

/** Fails if there is no answer in time. To end a statement takes as long as the database pleases. */
export const withAnswer = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | SqlError.SqlError, R> =>
  effect.pipe(
    Effect.disconnect,
    Effect.timeoutFail({
      duration: answerTimeout,
      onTimeout: () => new SqlError.SqlError({ cause: new Error("no answer"), message: noAnswer })
    })
  )

/** The message of the error of `withAnswer`. */
export const noAnswer = "Timed out"

const impatient = (within: Duration.Duration): Socket => {
  const socket = new Socket()
  const words = `The database did not answer within ${Duration.format(within)}`
  return socket.setTimeout(Duration.toMillis(within), () =>
    socket.destroy(Object.assign(new Error(words), { code: "ETIMEDOUT" }))
  )
}
