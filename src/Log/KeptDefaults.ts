/**
 * Defaults of an earlier version that hold for this database until the setting is set. A migration writes
 * them where a new default would change what a running service does.
 */
import { SqlClient, type SqlError } from "@effect/sql"
import { Context, Effect, Layer, Option } from "effect"

export class KeptDefaults extends Context.Tag("evolution-listener/KeptDefaults")<
  KeptDefaults,
  {
    /** The value that a setting has while it is not set; `None`: this version's default. */
    readonly get: (setting: string) => Effect.Effect<Option.Option<string>, SqlError.SqlError>
  }
>() {
  static readonly layer = Layer.effect(
    KeptDefaults,
    Effect.map(SqlClient.SqlClient, (sql) =>
      KeptDefaults.of({
        get: (setting) =>
          Effect.map(
            sql<{ value: string }>`select value from kept_defaults where setting = ${setting}`,
            ([row]) => Option.fromNullable(row?.value)
          )
      })
    )
  )
}
