/** A migrated SQL client: Postgres where `DATABASE_URL` says, else the embedded one in `DATA_DIR`. */
import { type Duration, Effect, identity, Layer, Option, type Redacted } from "effect"
import * as AppConfig from "../AppConfig.ts"
import * as Embedded from "./Embedded.ts"
import { migrate } from "./migrations.ts"
import * as Postgres from "./Postgres.ts"

/** Native Postgres, 14 or newer. Only a migration may take longer than `patience`. */
export const layerPostgres = (
  url: Redacted.Redacted,
  patience: Duration.Duration = Postgres.patience
) =>
  Layer.unwrapEffect(
    Effect.map(Postgres.parse(url), (address) =>
      Layer.flatMap(
        Layer.effectDiscard(
          Effect.provide(
            Effect.zipRight(Postgres.admit(address), migrate(Postgres.exclusively, address.schema)),
            Postgres.layerAt(address)
          )
        ),
        () => Postgres.layerAt(address, patience)
      )
    )
  )

/** PGlite in a directory of its own. */
export const layerEmbedded = (directory: string) =>
  Layer.effectDiscard(migrate(identity)).pipe(Layer.provideMerge(Embedded.layer(directory)))

/** PGlite in memory, for tests and for trying things out. */
export const layerMemory = Layer.effectDiscard(migrate(identity)).pipe(
  Layer.provideMerge(Embedded.layerMemory)
)

export const layer = Layer.unwrapEffect(
  Effect.gen(function* () {
    const url = yield* AppConfig.databaseUrl
    return Option.isSome(url) ? layerPostgres(url.value) : layerEmbedded(yield* AppConfig.dataDir)
  })
)
