import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { bundle } from "../../support/bundle.ts"
import { startService, temporaryDirectory } from "../../support/ServiceProcess.ts"

const variables = { EVOLUTION_API_URL: "http://127.0.0.1:9", EVOLUTION_API_KEY: "any" }

const mib = 1024 * 1024

/** A control group of Linux with a limit of memory, of version 1 or 2; `undefined` where none can be made. */
const groupOf = (limit: number): string | undefined => {
  for (const [root, file] of [
    ["/sys/fs/cgroup/memory", "memory.limit_in_bytes"],
    ["/sys/fs/cgroup", "memory.max"]
  ] as const) {
    const group = join(root, `evolution-listener-test-${process.pid}`)
    try {
      mkdirSync(group)
    } catch {
      continue // not on this machine, or not for this user
    }
    if (existsSync(join(group, file))) {
      writeFileSync(join(group, file), String(limit))
      return group
    }
    rmdirSync(group)
  }
  return undefined
}

describe("The embedded database", { timeout: 60_000 }, () => {
  it.scopedLive.skipIf(process.platform !== "linux")("starts without a peak of memory", () =>
    Effect.gen(function* () {
      const DATA_DIR = yield* temporaryDirectory
      const service = yield* startService({ ...variables, DATA_DIR })
      yield* service.until("/health/ready", ({ status }) => String(status) === "ok")
      const [, peak] =
        /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${service.pid}/status`, "utf8")) ?? []
      // Measured: 190 to 225 MB; with V8's optimizing compiler, 400 to 840 MB.
      expect(Number(peak) * 1024).toBeLessThan(270 * mib)
    })
  )

  const group = groupOf(256 * mib)
  it.scopedLive.skipIf(group === undefined)("is ready in 256 MB", () =>
    Effect.gen(function* () {
      const enter = `data:text/javascript,import{writeFileSync}from"node:fs";writeFileSync("${group}/cgroup.procs",String(process.pid))`
      yield* Effect.addFinalizer(() =>
        // The group is busy until the kernel has taken the process away.
        Effect.try(() => rmdirSync(group ?? "")).pipe(
          Effect.retry(Schedule.spaced("50 millis")),
          Effect.ignore
        )
      )
      const DATA_DIR = yield* temporaryDirectory
      const { stop, until } = yield* startService(
        { ...variables, DATA_DIR },
        { program: ["--import", enter, bundle()] }
      )
      yield* until("/health/ready", ({ status }) => String(status) === "ok")
      expect(yield* stop("SIGTERM")).toMatchObject({ code: 0 })
    })
  )
})
