import { spawn } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { scopedSimulator } from "../src/Testing/mod.ts"
import { at, temporaryDirectory } from "./support/ServiceProcess.ts"

const root = join(import.meta.dirname, "..")
const readme = readFileSync(join(root, "README.md"), "utf8")
const program = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ""

/** The README's program as a file that imports this checkout instead of the published package. */
const written = Effect.acquireRelease(
  Effect.sync(() => {
    const directory = join(root, "dist", "readme")
    mkdirSync(directory, { recursive: true })
    const path = join(directory, "program.ts")
    writeFileSync(path, program.replace('"evolution-listener"', '"../../src/mod.ts"'))
    return path
  }),
  (path) => Effect.sync(() => rmSync(path))
)

describe("The README", () => {
  it("embeds the listener in 25 lines at most", () => {
    expect(program.trim().split("\n").length).toBeGreaterThan(5)
    expect(program.trim().split("\n").length).toBeLessThanOrEqual(25)
  })

  it.scopedLive(
    "has a program that runs and receives the QR code from the socket",
    () =>
      Effect.gen(function* () {
        const evolution = yield* scopedSimulator()
        evolution.add("loja-1")
        const variables = { ...at(evolution), DATA_DIR: yield* temporaryDirectory }
        const path = yield* written
        const child = yield* Effect.acquireRelease(
          Effect.sync(() =>
            spawn(process.execPath, ["--import", "tsx", path], {
              cwd: root,
              env: { PATH: process.env.PATH, ...variables }
            })
          ),
          (running) => Effect.sync(() => running.kill("SIGKILL"))
        )
        // A code is shown only to a connected socket, so codes are shown until the program is connected.
        yield* Effect.acquireRelease(
          Effect.sync(() =>
            setInterval(() => {
              if (evolution.connections() > 0) void evolution.showQr("loja-1")
            }, 100)
          ),
          (show) => Effect.sync(() => clearInterval(show))
        )
        const code = yield* Effect.async<string>((resume) => {
          let output = ""
          child.stdout.on("data", (part: Buffer) => {
            output += part.toString("utf8")
            const shown = /loja-1: scan (\S+)/.exec(output)?.[1]
            if (shown !== undefined) resume(Effect.succeed(shown))
          })
          child.once("exit", () => resume(Effect.die(new Error(`The program ended: ${output}`))))
        })
        expect(code).toMatch(/^2@loja-1-/)
      }),
    { timeout: 60_000 }
  )
})
