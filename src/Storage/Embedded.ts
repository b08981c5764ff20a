/**
 * PGlite, a Postgres in WebAssembly, behind the same client as the native one. Acknowledged writes
 * survive a killed process; but it makes no fsync, so a power cut can cost the last ones.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Reactivity } from "@effect/experimental"
import { SqlClient } from "@effect/sql"
import { PgClient } from "@effect/sql-pg"
import { PGlite } from "@electric-sql/pglite"
import { createPgConfig } from "@electric-sql/pglite/node-postgres"
import { Context, Effect, Layer, Schedule, type Scope } from "effect"
import pg from "pg"
import * as StopPlan from "../Concurrency/StopPlan.ts"
import * as Supervise from "../Concurrency/Supervise.ts"
import { DatabaseUnavailable } from "../Domain/DatabaseUnavailable.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import * as Archive from "./Embedded/Archive.ts"
import * as Compiler from "./Embedded/Compiler.ts"
import * as DataDirLock from "./Embedded/DataDirLock.ts"
import * as Memory from "./Embedded/Memory.ts"
import * as Private from "./Embedded/Private.ts"
import { reasonOf } from "./Embedded/Refusal.ts"

export { reasonOf } from "./Embedded/Refusal.ts"

/** PGlite runs no autovacuum. */
const vacuumEvery = "1 hour"

export const layer = (directory: string) =>
  layerOf(
    Effect.gen(function* () {
      yield* Effect.tryPromise({
        try: () => Private.make(directory),
        catch: unavailable(directory)
      })
      yield* DataDirLock.acquire(directory)
      const database = yield* open(join(directory, "pgdata"))
      // After that: files that PGlite itself unpacks have the modes 0666 and 0644, whatever the umask.
      yield* Private.tighten(directory, ["pgdata", "api-key"])
      return database
    })
  )

const inMemory = "memory://"

export const layerMemory = layerOf(open(inMemory))

/** A database that is open, and stays so. */
export const layerOver = (database: PGlite) => layerOf(Effect.succeed(database))

function layerOf<E>(database: Effect.Effect<PGlite, E, Scope.Scope>) {
  return Layer.scopedContext(
    Effect.gen(function* () {
      const client = yield* PgClient.fromPool({ acquire: poolOver(yield* database) })
      const vacuum = Effect.catchAll(client`vacuum (analyze)`, (error) =>
        Effect.logWarning(`Cannot vacuum: ${detailOf(error)}`)
      )
      yield* Supervise.loop("vacuum", Effect.schedule(vacuum, Schedule.spaced(vacuumEvery)))
      return Context.make(PgClient.PgClient, client).pipe(Context.add(SqlClient.SqlClient, client))
    })
  ).pipe(Layer.provide(Reactivity.layer))
}

/**
 * Archives that `initdb.ts` made when the program was built: beside the bundle, or in `dist` when this
 * is the source or the library. Without it, a first start runs `initdb` itself, for seconds.
 */
const archives = ["pgdata.br", "../../dist/pgdata.br", "../../pgdata.br"]

/** Puts the archive in the place of a database that is not there, on the disk or in memory. */
const beginning = async (dataDir: string) => {
  const archive = archives
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path))
  if (archive === undefined) return { dataDir }
  // PGlite compiles its program meanwhile.
  if (dataDir === inMemory) return { fs: new Memory.Begun(Archive.read(archive)) }
  // A directory that is there holds a database; in an empty one PGlite runs `initdb` itself.
  if (!existsSync(dataDir)) await Archive.unpack(archive, dataDir)
  return { dataDir }
}

function open(dataDir: string) {
  return Effect.acquireRelease(
    Effect.tryPromise({
      try: async () => {
        Compiler.useBaseline()
        return PGlite.create({
          ...(await beginning(dataDir)),
          // The default takes 128 MB that an embedded log does not need.
          startParams: [...PGlite.defaultStartParams, "-c", "shared_buffers=16MB"]
        })
      },
      catch: unavailable(dataDir)
    }),
    (database) => StopPlan.within("database")(Effect.promise(() => database.close()))
  )
}

/** PGlite is one session, so the pool is of one; pg's `Client` speaks to it over a pretended wire. */
const poolOver = (database: PGlite) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const pool = new pg.Pool({ max: 1, idleTimeoutMillis: 0 })
      pool.on("error", (error) => void error) // the query that met it reports it
      // Each client needs a connection of its own: a shared one is dead after the first SQL error.
      Object.defineProperty(pool.options, "connection", {
        enumerable: true,
        get: () => createPgConfig(database).connection
      })
      return pool
    }),
    (pool) =>
      // Without a last query, closing right after an SQL error spins for ever.
      StopPlan.within("pool")(
        Effect.promise(() =>
          pool.query("select 1").then(
            () => pool.end(),
            () => pool.end()
          )
        )
      )
  )

function unavailable(directory: string) {
  return (cause: unknown) =>
    new DatabaseUnavailable({
      message: `Cannot open the embedded database in "${directory}": ${reasonOf(directory, cause)}`
    })
}
