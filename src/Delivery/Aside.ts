/** Events that were put aside: finds those whose time has come, on this replica's servers. */
import { SqlClient, type SqlError } from "@effect/sql"
import { Context, Effect, FiberMap, Layer, type Scope } from "effect"
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
    readonly follow: (
      endpoint: string,
      again: (due: ReadonlyArray<AsideEvent>) => Effect.Effect<unknown>
    ) => Effect.Effect<void, never, Scope.Scope>
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
  const followers = new Map<string, (due: ReadonlyArray<AsideEvent>) => Effect.Effect<unknown>>()
  const running = yield* FiberMap.make<string>()
  const isDue = sql`server = ${server} and retry_at <= now()`

  const quietly = <A>(statement: Effect.Effect<A, SqlError.SqlError>, otherwise: A) =>
    Effect.catchAll(statement, (error) =>
      Effect.as(
        Effect.logDebug(`Cannot look for what was put aside: ${detailOf(error)}`),
        otherwise
      )
    )

  const read = (endpoint: string) =>
    quietly(
      sql<AsideEvent>`
        select feed, event_id::float8 as id, event, instance, attempts from endpoint_undelivered
        where endpoint = ${endpoint} and ${isDue} order by retry_at limit ${page}`,
      []
    )

  const look = Effect.gen(function* () {
    if (followers.size === 0) return
    const rows = yield* quietly(
      sql<{ endpoint: string }>`
        select distinct endpoint from endpoint_undelivered where ${isDue}`,
      []
    )
    for (const { endpoint } of rows) {
      const again = followers.get(endpoint)
      if (again !== undefined)
        yield* FiberMap.run(running, endpoint, Effect.flatMap(read(endpoint), again), {
          onlyIfMissing: true
        })
    }
  })
  yield* loop("look for what was put aside", Effect.forever(Effect.delay(look, lookEvery)))

  return Aside.of({
    follow: (endpoint, again) =>
      Effect.asVoid(
        Effect.acquireRelease(
          Effect.sync(() => followers.set(endpoint, again)),
          () =>
            Effect.suspend(() => {
              followers.delete(endpoint)
              return FiberMap.remove(running, endpoint)
            })
        )
      )
  })
})
