import { spawnSync } from "node:child_process"
import { chmodSync, chownSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { reasonOf } from "../../../src/Storage/Embedded.ts"
import { bundle } from "../../support/bundle.ts"
import { runToEnd, temporaryDirectory } from "../../support/ServiceProcess.ts"

const variables = { EVOLUTION_API_URL: "http://127.0.0.1:9", EVOLUTION_API_KEY: "any" }

/** A small file system in memory; `undefined` where this user may mount none. */
const mounted = Effect.acquireRelease(
  Effect.map(temporaryDirectory, (path) => {
    const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=20m", "tmpfs", path])
    return status === 0 ? path : undefined
  }),
  (path) => Effect.sync(() => path === undefined || spawnSync("umount", [path]))
)

const isRoot = process.getuid?.() === 0

describe("A data directory that cannot be used", { timeout: 60_000 }, () => {
  it.scopedLive.skipIf(!isRoot)("is told as a full disk, and as a read-only file system", () =>
    Effect.gen(function* () {
      const path = yield* mounted
      if (path === undefined) return
      const full = yield* runToEnd({ ...variables, DATA_DIR: join(path, "data") })
      expect(full.code).toBe(1)
      expect(full.lines.at(-1)).toMatch(
        /^evolution-listener: Cannot open .*: its disk is full: free/
      )
      spawnSync("mount", ["-o", "remount,ro", path])
      const DATA_DIR = join(path, "other")
      const remedy = "its file system is read-only: mount a volume there, or set DATABASE_URL"
      expect((yield* runToEnd({ ...variables, DATA_DIR })).lines.at(-1)).toContain(remedy)
      expect((yield* runToEnd({ ...variables, DATA_DIR }, ["--check"])).lines.join()).toContain(
        `FAILED   database: DATA_DIR "${DATA_DIR}" cannot be written: ${remedy}`
      )
    })
  )

  // moby/moby#34916, nickjj/docker-django-example#18, varbhat/exatorrent#7, decolua/9router#714,
  // electerm/electerm-web-docker#9: a volume of another user.
  it.scopedLive.skipIf(!isRoot)("names the uid of its owner and of the process", () =>
    Effect.gen(function* () {
      const home = yield* temporaryDirectory
      chmodSync(home, 0o755)
      const own = join(home, "own")
      mkdirSync(own, { mode: 0o700 })
      chownSync(own, 4242, 4242)
      for (const [DATA_DIR, owner] of [
        [own, "it belongs to uid 4242 (mode 0700)"],
        [join(own, "deep"), `it would be made in "${own}", which belongs to uid 4242 (mode 0700)`]
      ] as const)
        for (const args of [[], ["--check"]]) {
          const { stderr, stdout } = spawnSync(process.execPath, [bundle(), ...args], {
            cwd: "/",
            uid: 4343,
            gid: 4343,
            encoding: "utf8",
            env: { PATH: process.env.PATH, API_KEY: "any", ...variables, DATA_DIR }
          })
          expect(stdout + stderr).toContain(
            `${owner}, and this process runs as uid 4343: give it to that user (chown -R 4343:4343), or set DATABASE_URL`
          )
        }
    })
  )
})

describe("Embedded.reasonOf", () => {
  it("understands the codes of Node, of Postgres and of PGlite's file system", () => {
    for (const error of [{ code: "ENOSPC" }, { code: "EDQUOT" }, { code: "53100" }, { errno: 51 }])
      expect(reasonOf("/", error)).toBe(
        "its disk is full: free some space, or give the volume more"
      )
    for (const error of [{ code: "EROFS" }, { errno: 69 }])
      expect(reasonOf("/", error)).toMatch(/^its file system is read-only/)
    expect(reasonOf("/", { errno: 29 })).toBe("PGlite met the error EIO of the file system")
    expect(reasonOf("/", new Error("other"))).toBe("other")
  })
})
