/** Replicas as processes, which can be killed and frozen. Time is real, as the engine's is the database's. */
import { spawn } from "node:child_process"
import { join } from "node:path"
import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import * as Tenures from "../../../src/Cluster/Ownership/Tenures.ts"
import { makeWorld, testDatabaseUrl } from "../World.ts"

const program = join(import.meta.dirname, "program.ts")

/** Starts a replica; it is killed with the scope. */
const start = (url: string, name: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, ["--import", "tsx", program, url, name], {
          stdio: ["ignore", "pipe", "inherit"]
        })
      ),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    ),
    (child) => {
      let text = ""
      child.stdout.on("data", (part: Buffer) => {
        text += part.toString("utf8")
      })
      return {
        signal: (signal: NodeJS.Signals) => Effect.sync(() => child.kill(signal)),
        /** The first match of the output. */
        says: (wanted: RegExp) =>
          Effect.async<RegExpExecArray>((resume) => {
            const look = () => {
              const found = wanted.exec(text)
              if (found !== null) resume(Effect.succeed(found))
            }
            child.stdout.on("data", look)
            look()
            return Effect.sync(() => child.stdout.off("data", look))
          })
      }
    }
  )

const server = "default"

/** An owner, and a replica that is ready to follow. */
const pair = Effect.gen(function* () {
  const { database, url } = yield* makeWorld()
  const sql = yield* Effect.provide(SqlClient.SqlClient, database)
  const { look, place, release } = Tenures.make(sql, "00000000-0000-4000-8000-000000000000")
  const owner = yield* start(url, "one")
  yield* owner.says(/owns 1 start/)
  // The ring might prefer the other.
  yield* place(server, (yield* look(server)).owner ?? "")
  const heir = yield* start(url, "two")
  yield* Effect.repeat(sql`select from ownership_runners`, {
    until: ({ length }) => length === 2,
    schedule: Schedule.spaced("50 millis")
  })
  return { owner, heir, look: look(server), release }
})

const seconds = (since: number) => (performance.now() - since) / 1000

describe.skipIf(testDatabaseUrl === "")("The server of a replica", { timeout: 120_000 }, () => {
  it.scopedLive("is taken by another within 8 s when its process is killed", () =>
    Effect.gen(function* () {
      const { heir, owner } = yield* pair
      const killed = performance.now()
      yield* owner.signal("SIGKILL")
      yield* heir.says(/owns 2 takeover/)
      expect(seconds(killed)).toBeLessThan(8)
    })
  )

  it.scopedLive("is taken when its process is frozen, which then can release nothing", () =>
    Effect.gen(function* () {
      const { heir, look, owner, release } = yield* pair
      const before = yield* look
      const frozen = performance.now()
      yield* owner.signal("SIGSTOP")
      yield* heir.says(/owns 2 takeover/)
      expect(seconds(frozen)).toBeLessThan(8)
      const stale = { server, epoch: before.epoch, owner: before.owner ?? "" }
      expect(yield* release(stale)).toBe(false)
      const thawed = performance.now()
      yield* owner.signal("SIGCONT")
      yield* owner.says(/ends 1/)
      expect(seconds(thawed)).toBeLessThan(2)
      expect((yield* look).epoch).toBeGreaterThan(before.epoch)
    })
  )

  it.scopedLive("is released to another when its process is told to end", () =>
    Effect.gen(function* () {
      const { heir, owner } = yield* pair
      yield* owner.signal("SIGTERM")
      yield* owner.says(/ends 1/)
      const ended = performance.now()
      yield* heir.says(/owns 2 handover/)
      expect(seconds(ended)).toBeLessThan(1)
    })
  )
})
