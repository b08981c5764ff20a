/** The databases a suite runs on: PGlite in memory always, Postgres where `TEST_DATABASE_URL` says. */
import { randomUUID } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted, Scope } from "effect"
import * as Sql from "../../src/Storage/Sql.ts"
import { temporaryDirectory } from "./ServiceProcess.ts"

const testDatabaseUrl = process.env.TEST_DATABASE_URL

const execute = (url: string, statement: string) =>
  Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(statement)).pipe(
    Effect.provide(PgClient.layer({ url: Redacted.make(url) })),
    Effect.orDie
  )

/** A schema of its own for each layer built, dropped with it, so that suites do not meet. */
export const freshSchemaUrl = Effect.fn(function* (url: string) {
  const schema = `test_${randomUUID().replaceAll("-", "")}`
  yield* Effect.acquireRelease(execute(url, `create schema ${schema}`), () =>
    // The views beside the tables go first.
    execute(url, `drop schema if exists ${schema}_listener cascade; drop schema ${schema} cascade`)
  )
  const own = new URL(url)
  own.searchParams.set("options", `-c search_path=${schema}`)
  return own.href
})

/** A database of its own, dropped with the scope. */
export const freshDatabaseUrl = Effect.fn(function* (url: string) {
  const name = `test_${randomUUID().replaceAll("-", "")}`
  yield* Effect.acquireRelease(execute(url, `create database ${name}`), () =>
    execute(url, `drop database ${name} with (force)`)
  )
  const own = new URL(url)
  own.pathname = `/${name}`
  return own
})

/**
 * Made by the real clock: who finds the lock of migrations taken, by another suite, tries again after a pause. In a
 * fiber of its own, as a runtime would keep that clock for its tests.
 */
const layerPostgres = (url: string) =>
  Layer.scopedContext(
    Effect.flatMap(Effect.scope, (scope) =>
      Effect.promise(() =>
        freshSchemaUrl(url).pipe(
          Effect.flatMap((own) => Layer.build(Sql.layerPostgres(Redacted.make(own)))),
          Scope.extend(scope),
          Effect.runPromise
        )
      )
    )
  )

const native =
  testDatabaseUrl === undefined ? [] : [["Postgres", layerPostgres(testDatabaseUrl)] as const]

/** The native one alone, if there is one: half of the time. */
const isNativeEnough = process.env.TEST_DATABASES === "native" && native.length > 0

/** Databases with their names for a suite's title; each layer gives an empty, migrated one. */
export const databases = [
  ...(isNativeEnough ? [] : [["PGlite", Sql.layerMemory] as const]),
  ...native
]

/** The setting of a service's database: Postgres if there is one, as it is quicker. */
export const storage = Effect.gen(function* () {
  const DATA_DIR = yield* temporaryDirectory
  if (testDatabaseUrl === undefined) return { DATA_DIR }
  return { DATA_DIR, DATABASE_URL: yield* freshSchemaUrl(testDatabaseUrl) }
})
