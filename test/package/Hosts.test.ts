import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { scopedSimulator } from "../../src/Testing/mod.ts"
import { at, runToEnd, startService, temporaryDirectory } from "../support/ServiceProcess.ts"
import { command, newest, node, oldest, start } from "./Folders.ts"
import { nodeVersions, run } from "./Run.ts"

/** Runs the README's program until it has the code of the socket. */
const embeds = (directory: string, program: string) =>
  Effect.gen(function* () {
    const evolution = yield* scopedSimulator()
    evolution.add("loja-1")
    const variables = { ...at(evolution), DATA_DIR: yield* temporaryDirectory }
    const running = yield* start(directory, ["built/readme.js"], variables, program)
    // A code is shown only to a connected socket.
    yield* Effect.promise(async () => {
      if (evolution.connections() > 0) await evolution.showQr("loja-1")
    }).pipe(Effect.repeat(Schedule.spaced("100 millis")), Effect.forkScoped)
    yield* running.said("loja-1: scan 2@loja-1-")
    expect(yield* running.kill("SIGTERM")).toBe(0)
  })

describe.each(nodeVersions)("On Node %s", (version) => {
  it.scopedLive("the command checks, starts, serves and stops, without peers", () =>
    Effect.gen(function* () {
      const installed = join(command(), "node_modules")
      expect(existsSync(join(installed, "effect"))).toBe(false)
      const program = {
        node: node(version),
        program: [join(installed, "evolution-listener/dist/main.js")]
      }
      const evolution = yield* scopedSimulator()
      const variables = { ...at(evolution), DATA_DIR: yield* temporaryDirectory }
      const check = yield* runToEnd(variables, ["--check"], program)
      expect(check, check.lines.join("\n")).toMatchObject({ code: 0 })
      const service = yield* startService(variables, program)
      expect((yield* service.call("/health/ready")).status).toBe(200)
      expect(yield* service.stop("SIGTERM")).toMatchObject({ code: 0 })
    })
  )

  it.scopedLive("the README's program receives the QR code from the socket", () =>
    embeds(newest(), node(version))
  )
})

describe.each([
  ["the newest", newest],
  ["the oldest", oldest]
] as const)("A host with %s peers", (_, directory) => {
  it.scopedLive("has one copy of each, and none is missing", () =>
    Effect.gen(function* () {
      const listed = yield* Effect.promise(() => run(directory(), "npm", "ls", "--all"))
      expect(listed, listed.output).toMatchObject({ code: 0 })
      const copies = readdirSync(directory(), { recursive: true, encoding: "utf8" }).filter(
        (path) => /(^|\/)node_modules\/(effect|@effect\/[\w-]+)\/package\.json$/.test(path)
      )
      expect(copies.length).toBeGreaterThan(6)
      expect(
        copies.filter((path) => !/^node_modules\/(@effect\/)?[\w-]+\/[\w.]+$/.test(path))
      ).toEqual([])
    })
  )
})

describe("A host with the oldest peers", () => {
  it.scopedLive("runs the README's program", () => embeds(oldest(), process.execPath))
})
