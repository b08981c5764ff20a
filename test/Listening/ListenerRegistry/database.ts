/** One embedded database for a whole suite: a start takes seconds, a truncate milliseconds. */
import { SqlClient } from "@effect/sql"
import { Effect, Layer, ManagedRuntime } from "effect"
import { afterAll, beforeEach } from "vitest"
import * as Sql from "../../../src/Storage/Sql.ts"

/** Call this inside `describe`; every test begins with an empty database. */
export const sharedDatabase = () => {
  const database = ManagedRuntime.make(Sql.layerMemory)
  beforeEach(
    () =>
      database.runPromise(
        Effect.flatMap(
          SqlClient.SqlClient,
          (sql) => sql`
            truncate events, quarantine, instances, gaps, purges restart identity;
            update servers set heard_at = null, stopped = false`
        )
      ),
    30_000
  )
  afterAll(() => database.dispose(), 30_000)
  return Layer.effectContext(Effect.map(database.runtimeEffect, ({ context }) => context))
}
