import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Private from "../../../src/Storage/Embedded/Private.ts"
import * as Sql from "../../../src/Storage/Sql.ts"
import { startService, temporaryDirectory } from "../../support/ServiceProcess.ts"

const modeOf = (path: string) => lstatSync(path).mode & 0o777

/** What another user of the machine may read, list or enter, in a directory or the directory itself. */
const openIn = (directory: string): ReadonlyArray<string> =>
  [".", ...readdirSync(directory, { recursive: true, encoding: "utf8" })].filter(
    (name) => (modeOf(join(directory, name)) & 0o077) !== 0
  )

const variables = { EVOLUTION_API_URL: "http://127.0.0.1:9", EVOLUTION_API_KEY: "any" }

describe("A data directory", { timeout: 60_000 }, () => {
  it.scopedLive("has nothing that others may read, after a first start", () =>
    Effect.gen(function* () {
      const DATA_DIR = join(yield* temporaryDirectory, "data")
      // Without API_KEY, so that the directory holds the generated one, too.
      const { stop } = yield* startService({ ...variables, DATA_DIR, API_KEY: "" })
      expect(openIn(DATA_DIR)).toEqual([])
      expect(readdirSync(DATA_DIR).sort()).toEqual(["api-key", "lock", "pgdata"])
      expect(modeOf(DATA_DIR)).toBe(0o700)
      expect(modeOf(join(DATA_DIR, "pgdata/PG_VERSION"))).toBe(0o600)
      yield* stop("SIGTERM")
      expect(openIn(DATA_DIR)).toEqual([])
    })
  )

  it.scopedLive("that an earlier version left open is closed at the next start", () =>
    Effect.gen(function* () {
      const DATA_DIR = yield* temporaryDirectory
      yield* Effect.scoped(Layer.build(Layer.fresh(Sql.layerEmbedded(DATA_DIR))))
      chmodSync(DATA_DIR, 0o755)
      chmodSync(join(DATA_DIR, "pgdata"), 0o777)
      chmodSync(join(DATA_DIR, "pgdata/PG_VERSION"), 0o666)
      yield* Effect.scoped(Layer.build(Layer.fresh(Sql.layerEmbedded(DATA_DIR))))
      expect(modeOf(DATA_DIR)).toBe(0o700)
      expect(openIn(join(DATA_DIR, "pgdata")).includes("PG_VERSION")).toBe(false)
    })
  )
})

describe("Private.tighten", () => {
  it.scoped("leaves other files, links and a shared directory as they are", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const shared = join(directory, "tmp")
      mkdirSync(shared)
      chmodSync(shared, 0o1777)
      const other = join(shared, "other")
      writeFileSync(other, "")
      chmodSync(other, 0o644)
      mkdirSync(join(shared, "pgdata"))
      chmodSync(join(shared, "pgdata"), 0o755)
      symlinkSync(other, join(shared, "pgdata/link"))
      yield* Private.tighten(shared, ["pgdata", "not there"])
      expect(statSync(shared).mode & 0o7777).toBe(0o1777)
      expect(modeOf(other)).toBe(0o644)
      expect(modeOf(join(shared, "pgdata"))).toBe(0o700)
    })
  )
})
