/** A migrated SQL client: Postgres where `DATABASE_URL` says, else the embedded one in `DATA_DIR`. */
import { SqlClient } from "@effect/sql"
import { type Duration, Effect, identity, Layer, Option, type Redacted } from "effect"
import { perSettings } from "../AppConfig/Settings.ts"
import * as AppConfig from "../AppConfig.ts"
import { DatabaseUnavailable } from "../Domain/DatabaseUnavailable.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import * as Embedded from "./Embedded.ts"
import { facts, troublesOf } from "./Facts.ts"
import { latest, migrate } from "./migrations.ts"
import * as Postgres from "./Postgres.ts"
import * as Views from "./Views.ts"

/** Native Postgres, 14 or newer. Only a migration may take longer than `patience`. */
export const layerPostgres = (
  url: Redacted.Redacted,
  patience: Duration.Duration = Postgres.patience
) => Layer.unwrapEffect(Effect.map(Postgres.parse(url), (address) => layerAt(address, patience)))

const layerAt = (address: AppConfig.Address, patience: Duration.Duration) =>
  Layer.flatMap(
    Layer.effectDiscard(
      Effect.provide(
        Effect.zipRight(Postgres.admit(address), migrate(Postgres.exclusively, address.schema)),
        Postgres.layerAt(address)
      )
    ),
    () => Postgres.layerAt(address, patience)
  )

/** PGlite in a directory of its own. */
export const layerEmbedded = (directory: string) =>
  Layer.effectDiscard(migrate(identity)).pipe(Layer.provideMerge(Embedded.layer(directory)))

/** PGlite in memory, for tests and for trying things out. */
export const layerMemory = Layer.effectDiscard(migrate(identity)).pipe(
  Layer.provideMerge(Embedded.layerMemory)
)

/** The database of the settings. */
export const layer = perSettings(
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const address = yield* Postgres.configured
      return Option.isSome(address)
        ? layerAt(address.value, Postgres.patience)
        : layerEmbedded(yield* AppConfig.dataDir)
    })
  )
)

/** Runs an effect with the program's client as it would be without `transformResultNames`. */
const withoutTransforms = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.provideService(effect, SqlClient.SqlClient, sql.withoutTransforms())
  )

/** The client of the program, without `transformResultNames`: the library reads columns by their own names. */
export const layerUntransformed: Layer.Layer<SqlClient.SqlClient, never, SqlClient.SqlClient> =
  Layer.effect(SqlClient.SqlClient, withoutTransforms(SqlClient.SqlClient))

const unusable = (why: string) =>
  new DatabaseUnavailable({ message: `Cannot use the database of the SqlClient: ${why}` })

/**
 * Makes the tables in the database of the program's own client, or brings them up to date: in the first schema
 * of its `search_path`. Where nothing is to be done, nothing is written. Fails where the service cannot run: no
 * Postgres, one older than 14, a replica, a user who may not write.
 */
export const layerMigrations: Layer.Layer<never, DatabaseUnavailable, SqlClient.SqlClient> =
  Layer.effectDiscard(
    withoutTransforms(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        if (!sql.onDialectOrElse({ pg: () => true, orElse: () => false }))
          return yield* unusable("it is not Postgres")
        const found = yield* Effect.mapError(facts(), (error) => unusable(detailOf(error)))
        const [trouble] = troublesOf(found)
        if (trouble !== undefined) return yield* unusable(`${trouble.about}: ${trouble.message}`)
        yield* found.migration < latest ? migrate(Postgres.exclusively) : Views.ensure
      })
    )
  )
