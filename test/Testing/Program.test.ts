import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { bundle } from "../support/bundle.ts"

const dist = join(import.meta.dirname, "../../dist")

/** A program that runs, all that it has said, and its end. */
const started = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      bundle()
      const child: ChildProcess = spawn(process.execPath, args, { env: { ...env }, cwd: dist })
      let said = ""
      for (const stream of [child.stdout, child.stderr])
        stream?.on("data", (part: Buffer) => {
          said += part.toString("utf8")
        })
      const exited = once(child, "exit").then(([code]) => ({ code, said }))
      return { child, exited, said: () => said }
    }),
    ({ child, exited }) =>
      Effect.promise(() => {
        child.kill("SIGKILL")
        return exited
      })
  )

const printed = (said: string, name: string) => new RegExp(`^${name}=(.+)$`, "m").exec(said)?.[1]

describe("the command simulate", () => {
  it.scopedLive("runs a simulated Evolution whose calls are driven over HTTP, until a signal", () =>
    Effect.gen(function* () {
      const { child, exited, said } = yield* started(
        ["main.js", "simulate", "--port", "0", "--instance", "shop", "--instance", "shop-2"],
        { AUTHENTICATION_API_KEY: "a-key" }
      )
      yield* Effect.promise(() => expect.poll(said, { timeout: 15_000 }).toContain("_KEY="))
      const url = printed(said(), "EVOLUTION_API_URL") ?? ""
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
      expect(printed(said(), "EVOLUTION_API_KEY")).toBe("a-key")
      expect(said()).toContain("shop, shop-2")
      const answer = yield* Effect.promise(() =>
        fetch(`${url}/simulator`, { headers: { apikey: "a-key" } })
      )
      expect(yield* Effect.promise(() => answer.json())).toMatchObject({
        connections: 0,
        instances: [
          { name: "shop", state: "open" },
          { name: "shop-2", state: "open" }
        ]
      })
      child.kill("SIGTERM")
      const { code } = yield* Effect.promise(() => exited)
      expect(code === 0 || code === 143).toBe(true)
    })
  )

  it.scopedLive("says how it is called when its arguments are wrong", () =>
    Effect.gen(function* () {
      for (const args of [["--prt", "1"], ["--port", "many"], ["--seed", "-1"], ["shop"]]) {
        const { exited } = yield* started(["simulate.js", ...args])
        const { code, said } = yield* Effect.promise(() => exited)
        expect([args, code]).toEqual([args, 1])
        expect(said).toContain("Usage:")
        expect(said).not.toContain("    at ")
      }
      const { exited } = yield* started(["simulate.js", "--help"])
      expect((yield* Effect.promise(() => exited)).code).toBe(0)
    })
  )
})
