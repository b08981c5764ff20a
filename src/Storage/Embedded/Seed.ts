/** Makes the archive that an embedded database begins with. */
import { PGlite } from "@electric-sql/pglite"
import { Effect, identity } from "effect"
import * as Embedded from "../Embedded.ts"
import { migrate } from "../migrations.ts"
import * as Views from "../Views.ts"
import * as Archive from "./Archive.ts"
import { entriesOf } from "./Memory.ts"

/**
 * A migrated database, packed. A later version starts with it, too: its migrator goes on from there. `created_at` of the
 * migrations is the time of the build, which is when they were applied.
 */
export const make = async (): Promise<Uint8Array> => {
  const database = await PGlite.create({
    startParams: [...PGlite.defaultStartParams, "-c", "wal_recycle=off"]
  })
  const { state } = await migrate(identity).pipe(
    Effect.zipRight(Views.standing),
    Effect.provide(Embedded.layerOver(database)),
    Effect.runPromise
  )
  if (state !== "current") throw new Error("The views could not be made: the log has the reason")
  const archive = await pack(database)
  await database.close()
  return archive
}

/** Packs a database in memory that stays open. */
export const pack = async (database: PGlite, quality?: number): Promise<Uint8Array> => {
  // What was written ahead is in the tables, and need not be in the archive.
  await database.exec("checkpoint")
  await database.exec("select pg_switch_wal()")
  await database.exec("checkpoint")
  return Archive.pack(entriesOf(database), quality)
}
