/** Events that were put aside: finds those whose time has come, on this replica's servers. */
import { SqlClient, type SqlError } from "@effect/sql"
import { Context, Effect, Layer, type Scope } from "effect"
import { loop } from "../Concurrency/Supervise.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import { Server } from "../Domain/Server.ts"

export interface AsideEvent {
  /** The endpoint's id, or that of the replay in which it failed. */
  readonly feed: string
  readonly id: number
  readonly event: string
  readonly instance: string
  /** Attempts so far. */
  readonly attempts: number
}

export class Aside extends Context.Tag("evolution-listener/Aside")<
  Aside,
  {
    /** Runs `again` with what is due of an endpoint, until the scope closes: within two seconds of its time. */
    readonly follow: <R>(
      endpoint: string,
      again: (due: ReadonlyArray<AsideEvent>) => Effect.Effect<unknown, never, R>
    ) => Effect.Effect<void, never, R | Scope.Scope>
  }
>() {
  static readonly layer = Layer.scoped(
    Aside,
    Effect.suspend(() => make)
  )
}

const lookEvery = "2 seconds"
const page = 50

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const server = yield* Server
  const followers = new Map<string, Effect.Latch>()
  const isDue = sql`server = ${server} and retry_at <= now()`

  const quietly = <A>(statement: Effect.Effect<A, SqlError.SqlError>, otherwise: A) =>
    Effect.catchAll(statement, (error) =>
      Effect.as(
        Effect.logDebug(`Cannot look for what was put aside: ${detailOf(error)}`),
        otherwise
      )
    )

  const look = Effect.suspend(() =>
    followers.size === 0
      ? Effect.void
      : Effect.map(
          quietly(
            sql<{ endpoint: string }>`
              select distinct endpoint from endpoint_undelivered where ${isDue}`,
            []
          ),
          (rows) => {
            for (const { endpoint } of rows) followers.get(endpoint)?.unsafeOpen()
          }
        )
  )
  yield* loop("look for what was put aside", Effect.forever(Effect.delay(look, lookEvery)))

  return Aside.of({
    follow: (endpoint, again) =>
      Effect.gen(function* () {
        const due = yield* Effect.acquireRelease(
          Effect.map(Effect.makeLatch(false), (latch) => {
            followers.set(endpoint, latch)
            return latch
          }),
          (latch) =>
            Effect.sync(() => followers.get(endpoint) === latch && followers.delete(endpoint))
        )
        const read = quietly(
          sql<AsideEvent>`
            select feed, event_id::float8 as id, event, instance, attempts from endpoint_undelivered
            where endpoint = ${endpoint} and ${isDue} order by retry_at limit ${page}`,
          []
        )
        yield* loop(
          "events that were put aside",
          Effect.forever(Effect.all([due.await, due.close, Effect.flatMap(read, again)]))
        )
      })
  })
})
