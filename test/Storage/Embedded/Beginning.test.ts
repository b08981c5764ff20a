import { cpSync, existsSync, mkdirSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Sql from "../../../src/Storage/Sql.ts"
import { bundle } from "../../support/bundle.ts"
import { startService, temporaryDirectory } from "../../support/ServiceProcess.ts"

const modules = join(import.meta.dirname, "../../../node_modules")

/** `initdb` gives every cluster a number of its own. */
const identifierIn = (directory: string) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql<{ id: string }>`select system_identifier::text as id from pg_control_system()`
  ).pipe(
    Effect.map(([row]) => row?.id),
    Effect.provide(Layer.fresh(Sql.layerEmbedded(directory)))
  )

describe("A new embedded database", { timeout: 60_000 }, () => {
  it.scopedLive("starts from the archive that initdb made at build time", () =>
    Effect.gen(function* () {
      expect(existsSync(join(bundle(), "../pgdata.br"))).toBe(true)
      const one = yield* identifierIn(yield* temporaryDirectory)
      expect(one).toMatch(/^\d+$/)
      expect(yield* identifierIn(yield* temporaryDirectory)).toBe(one)
    })
  )

  it.scopedLive("runs initdb when the program has no archive", () =>
    Effect.gen(function* () {
      const home = yield* temporaryDirectory
      mkdirSync(join(home, "app"))
      const program = join(home, "app/main.mjs")
      cpSync(bundle(), program)
      cpSync(join(bundle(), "../Pages"), join(home, "app/Pages"), { recursive: true })
      symlinkSync(modules, join(home, "node_modules"))
      const DATA_DIR = join(home, "data")
      const { stop } = yield* startService(
        { DATA_DIR, EVOLUTION_API_URL: "http://127.0.0.1:9", EVOLUTION_API_KEY: "any" },
        { program: [program] }
      )
      expect(yield* stop("SIGTERM")).toMatchObject({ code: 0 })
      expect(yield* identifierIn(DATA_DIR)).not.toBe(yield* identifierIn(yield* temporaryDirectory))
    })
  )
})
