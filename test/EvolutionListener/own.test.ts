import { existsSync } from "node:fs"
import { join } from "node:path"
import { HttpClient } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { SqlClient } from "@effect/sql"
import { PgClient } from "@effect/sql-pg"
import { describe, expect, expectTypeOf, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted, String as Str } from "effect"
import * as Settings from "../../src/AppConfig/Settings.ts"
import type { EvolutionClient } from "../../src/Evolution/EvolutionClient.ts"
import * as EvolutionListener from "../../src/EvolutionListener.ts"
import * as Sql from "../../src/Storage/Sql.ts"
import { type Simulator, scopedSimulator } from "../../src/Testing/mod.ts"
import { freshSchemaUrl } from "../support/databases.ts"
import { temporaryDirectory } from "../support/ServiceProcess.ts"
import { settings } from "../support/settings.ts"
import { stored, written } from "./World.ts"

const timeout = 60_000

const testDatabaseUrl = process.env.TEST_DATABASE_URL

const optionsFor = ({ apiKey, url }: Simulator): Settings.Options => ({
  evolution: { url, apiKey: Redacted.make(apiKey) }
})

/** A pool as programs have it: in a schema of its own, with names in camel case. */
const poolOf = Effect.fn(function* (url: string) {
  return PgClient.layer({
    url: Redacted.make(yield* freshSchemaUrl(url)),
    maxConnections: 4,
    transformResultNames: Str.snakeToCamel,
    transformQueryNames: Str.camelToSnake
  })
})

/** Another database for each layer; `Layer.fresh` alone makes another one wherever the layer is provided. */
const memory = () => Layer.suspend(() => Layer.fresh(Sql.layerMemory))

/** The program's own client on each kind of database. */
const clients = [
  ["PGlite", Effect.sync(memory)] as const,
  ...(testDatabaseUrl === undefined ? [] : [["a pool", poolOf(testDatabaseUrl)] as const])
]

describe.each(clients)("a program with %s of its own", (_, client) => {
  it.scopedLive(
    "has its listener write there",
    () =>
      Effect.gen(function* () {
        const evolution = yield* scopedSimulator()
        evolution.add("loja-1", { state: "open" })
        const program = Layer.provideMerge(EvolutionListener.layerNoDeps, yield* client).pipe(
          Layer.provide(NodeHttpClient.layerUndici),
          Layer.provide(Settings.layer(optionsFor(evolution)))
        )
        yield* Effect.gen(function* () {
          yield* written(evolution, "loja-1", "olá")
          expect(yield* stored).toEqual(["olá"])
        }).pipe(Effect.provide(program))
      }),
    { timeout }
  )

  it.scopedLive(
    "becomes right by one word: layerNoDatabase in the place of layer",
    () =>
      Effect.gen(function* () {
        const evolution = yield* scopedSimulator()
        evolution.add("loja-1", { state: "open" })
        const DATA_DIR = yield* temporaryDirectory
        const environment = settings({
          EVOLUTION_API_URL: evolution.url,
          EVOLUTION_API_KEY: evolution.apiKey,
          DATA_DIR
        })
        yield* Effect.gen(function* () {
          yield* written(evolution, "loja-1", "olá")
          expect(yield* stored).toEqual(["olá"])
        }).pipe(
          Effect.provide(
            Layer.provideMerge(EvolutionListener.layerNoDatabase, yield* client).pipe(
              Layer.provide(environment)
            )
          )
        )
        expect(existsSync(join(DATA_DIR, "pgdata"))).toBe(false)
      }),
    { timeout }
  )

  it.scopedLive(
    "migrates apart, and again without a change",
    () =>
      Effect.gen(function* () {
        const context = yield* Layer.build(yield* client)
        yield* Effect.gen(function* () {
          for (let time = 0; time < 2; time++)
            yield* Layer.build(Layer.fresh(EvolutionListener.layerMigrations))
          expect(yield* stored).toEqual([])
        }).pipe(Effect.provide(context))
      }),
    { timeout }
  )
})

describe("a program with an HTTP client of its own", () => {
  it.scopedLive(
    "has every call to Evolution made by it",
    () =>
      Effect.gen(function* () {
        const evolution = yield* scopedSimulator()
        evolution.add("loja-1", { state: "open" })
        const calls: Array<string> = []
        const received: Array<string> = []
        evolution.onCall((path) => received.push(path))
        const http = Layer.effect(
          HttpClient.HttpClient,
          Effect.map(
            HttpClient.HttpClient,
            HttpClient.transform((answer, { url }) => {
              calls.push(new URL(url).pathname)
              return answer
            })
          )
        ).pipe(Layer.provide(NodeHttpClient.layerUndici))
        yield* written(evolution, "loja-1", "olá").pipe(
          Effect.provide(
            EvolutionListener.layerNoDeps.pipe(
              Layer.provide([http, memory()]),
              Layer.provide(Settings.layer(optionsFor(evolution)))
            )
          )
        )
        expect(calls.length).toBeGreaterThan(0)
        expect(calls.sort()).toEqual(received.sort())
      }),
    { timeout }
  )
})

describe("the types of the layers", () => {
  it("name what the program has to provide, and nothing else: a program that lacks it does not compile", () => {
    expectTypeOf<Layer.Layer.Context<typeof EvolutionListener.layerNoDeps>>().toEqualTypeOf<
      SqlClient.SqlClient | HttpClient.HttpClient | Settings.Settings
    >()
    expectTypeOf<
      Layer.Layer.Context<typeof EvolutionListener.layerNoDatabase>
    >().toEqualTypeOf<SqlClient.SqlClient>()
    expectTypeOf<
      Layer.Layer.Context<typeof EvolutionListener.layerMigrations>
    >().toEqualTypeOf<SqlClient.SqlClient>()
    expectTypeOf<Layer.Layer.Context<typeof EvolutionListener.layer>>().toEqualTypeOf<never>()
    expectTypeOf<Layer.Layer.Context<typeof EvolutionClient.layer>>().toEqualTypeOf<
      HttpClient.HttpClient | Settings.Settings
    >()
  })
})

describe("two listeners in one program", () => {
  it.scopedLive(
    "have their own settings, databases and servers",
    () =>
      Effect.gen(function* () {
        const listenerOf = (name: string) =>
          Effect.gen(function* () {
            const evolution = yield* scopedSimulator({ apiKey: `key-of-${name}-9` })
            evolution.add("loja-1", { state: "open" })
            const database = memory()
            const layer = Layer.effectDiscard(
              Effect.zipRight(written(evolution, "loja-1", name), stored).pipe(
                Effect.tap((texts) => Effect.sync(() => expect(texts).toEqual([name])))
              )
            ).pipe(
              Layer.provide(Layer.provideMerge(EvolutionListener.layerNoDeps, database)),
              Layer.provide(NodeHttpClient.layerUndici),
              Layer.provide(Settings.layer(optionsFor(evolution)))
            )
            return layer
          })
        yield* Layer.build(Layer.merge(yield* listenerOf("first"), yield* listenerOf("second")))
      }),
    { timeout }
  )
})

describe("layerMigrations", () => {
  it.scoped("refuses a client of something else than Postgres", () =>
    Effect.gen(function* () {
      const context = yield* Layer.build(memory())
      const sql = Context.get(context, SqlClient.SqlClient)
      const other = Object.assign(sql.withoutTransforms(), {
        onDialectOrElse: ({ orElse }: { readonly orElse: () => unknown }) => orElse()
      })
      const error = yield* Effect.flip(
        Layer.build(
          EvolutionListener.layerMigrations.pipe(
            Layer.provide(Layer.succeed(SqlClient.SqlClient, other))
          )
        )
      )
      expect(error.message).toBe("Cannot use the database of the SqlClient: it is not Postgres")
    })
  )
})
