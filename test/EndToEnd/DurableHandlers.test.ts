/** Time is real here: the program is a process. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { scopedSimulator as simulator } from "../../src/Testing/mod.ts"
import { storage } from "../support/databases.ts"
import {
  at,
  type Body,
  listener,
  startService,
  temporaryDirectory
} from "../support/ServiceProcess.ts"

const kills = 2

/** As the file has them, whose last line may be a part of one. */
const handledIn = (file: string): ReadonlyArray<number> =>
  readFileSync(file, { encoding: "utf8", flag: "a+" }).split("\n").slice(0, -1).map(Number)

const idsIn = (body: Body): ReadonlyArray<number> =>
  Object.values(body.events ?? {}).map(({ id }) => Number(id))

describe("A program with a durable handler", () => {
  it.scopedLive(
    "handles every event of the log in its order, and repeats one at most for each kill -9",
    () =>
      Effect.gen(function* () {
        const evolution = yield* simulator()
        evolution.add("shop", { ownerJid: "5511999990001@s.whatsapp.net", state: "open" })
        const file = join(yield* temporaryDirectory, "handled")
        const variables = { ...at(evolution), ...(yield* storage), HANDLED: file }
        const program = ["--import", "tsx", join(import.meta.dirname, "DurableHandlers/program.ts")]
        let number = 0
        yield* Effect.sync(() =>
          evolution.emit("shop", "messages.upsert", {
            key: { id: `M${++number}`, remoteJid: "5511988880001@s.whatsapp.net", fromMe: false },
            message: { conversation: "hi" },
            messageTimestamp: Math.floor(Date.now() / 1000)
          })
        ).pipe(Effect.schedule(Schedule.spaced("3 millis")), Effect.forkScoped)

        const handled = Effect.sync(() => handledIn(file))
        for (let nth = 0; nth <= kills; nth++) {
          const service = yield* startService(variables, { program })
          if (nth === 0) yield* service.call("/instances/shop/start", { method: "POST" })
          yield* service.until("/instances/shop", (status) => listener(status) === "Listening")
          const before = (yield* handled).length
          // At no time of its own: in the midst of a stretch that is longer with each start.
          yield* Effect.repeat(handled, {
            until: (all) => all.length > before + 50 + 37 * nth,
            schedule: Schedule.spaced("5 millis")
          })
          if (nth < kills) {
            yield* service.stop("SIGKILL")
            continue
          }
          const logged: Array<number> = []
          for (let after = ((yield* handled)[0] ?? 0) - 1, isMore = true; isMore; ) {
            const path = `/events?event=messages.upsert&limit=1000&after=${after}`
            const page = idsIn((yield* service.call(path)).body)
            logged.push(...page)
            after = page.at(-1) ?? after
            isMore = page.length === 1000
          }
          const last = logged.at(-1) ?? 0
          yield* Effect.repeat(handled, {
            until: (all) => Math.max(...all) >= last,
            schedule: Schedule.spaced("20 millis")
          })
          const all = (yield* handled).filter((id) => id <= last)
          const first = all.filter((id, index) => all.indexOf(id) === index)
          expect(first).toEqual(logged)
          // A repetition follows upon the event itself.
          const repeated = all.filter((id, index) => all[index - 1] === id)
          expect(all.length).toBe(first.length + repeated.length)
          expect(repeated.length).toBeLessThanOrEqual(kills)
        }
      }),
    { timeout: 120_000 }
  )
})
