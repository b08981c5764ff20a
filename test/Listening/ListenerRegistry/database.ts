/** One embedded database for a whole suite: it takes seconds to start, and a moment to empty. */
import { SqlClient } from "@effect/sql"
import { Effect, Layer, ManagedRuntime } from "effect"
import { afterAll, beforeEach } from "vitest"
import * as Sql from "../../../src/Storage/Sql.ts"

/** To be called where the suite is described; every test finds the database empty. */
export const sharedDatabase = () => {
  const database = ManagedRuntime.make(Sql.layerMemory)
  beforeEach(
    () =>
      database.runPromise(
        Effect.flatMap(
          SqlClient.SqlClient,
          (sql) => sql`
            truncate events, quarantine, instances, gaps, purges restart identity;
            update writer set heard_at = null, stopped = false`
        )
      ),
    30_000
  )
  afterAll(() => database.dispose(), 30_000)
  return Layer.effectContext(Effect.map(database.runtimeEffect, ({ context }) => context))
}
