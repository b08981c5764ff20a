/** Processes on one Postgres, each with connections of its own. */
import { SqlClient } from "@effect/sql"
import { Context, Data, Effect, Layer, Redacted, Schedule } from "effect"
import { Notices } from "../../src/Storage/Notices.ts"
import * as Postgres from "../../src/Storage/Postgres.ts"
import * as Sql from "../../src/Storage/Sql.ts"
import { freshSchemaUrl } from "../support/databases.ts"
import { startProxy } from "../support/TcpProxy.ts"

export const testDatabaseUrl = process.env.TEST_DATABASE_URL ?? ""

/** The address of an empty, migrated schema. */
export const schema = Effect.flatMap(
  Effect.suspend(() => freshSchemaUrl(testDatabaseUrl)),
  (url) => Effect.as(Effect.scoped(Layer.build(Sql.layerPostgres(Redacted.make(url)))), url)
)

/** `notices`: LISTEN and looks at intervals. `looks`: the latter alone, as behind some poolers. */
export type Way = "notices" | "looks"
export const ways: ReadonlyArray<Way> = ["notices", "looks"]

/** Builds a service of one process. `cut` takes the database away from it, until `mend`. */
export const replica = <A, E>(
  url: string,
  way: Way,
  layer: Layer.Layer<A, E, SqlClient.SqlClient>
) =>
  Effect.gen(function* () {
    const address = new URL(url)
    const proxy = yield* Effect.acquireRelease(
      Effect.promise(() => startProxy({ port: Number(address.port || 5432) })),
      (open) => Effect.promise(() => open.close())
    )
    address.port = String(proxy.port)
    const database = yield* Layer.build(Layer.fresh(Postgres.layer(Redacted.make(address.href))))
    const sql = Context.get(database, SqlClient.SqlClient)
    const reachable = way === "notices" ? database : Context.make(SqlClient.SqlClient, sql)
    const services = yield* Layer.build(
      Layer.fresh(layer).pipe(
        Layer.provideMerge(Layer.fresh(Notices.layerPostgres)),
        Layer.provide(Layer.succeedContext(reachable))
      )
    )
    return {
      services,
      sql,
      cut: Effect.sync(() => {
        proxy.refuse()
        proxy.reset()
      }),
      mend: Effect.sync(proxy.pass)
    }
  })

/** Not as wanted, or not within a second. */
class Unwanted extends Data.TaggedError("Unwanted") {}

/** Repeats an effect until it gives what is wanted; fails if that takes longer than a second. */
export const withinOneSecond = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  isWanted: (value: A) => boolean
): Effect.Effect<A, E | Unwanted, R> =>
  effect.pipe(
    Effect.filterOrFail(isWanted, () => new Unwanted()),
    Effect.retry(Schedule.spaced("20 millis")),
    Effect.timeoutFail({ duration: "1 second", onTimeout: () => new Unwanted() })
  )
