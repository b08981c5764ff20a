import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { scopedSimulator as simulator } from "../../src/Testing/mod.ts"
import { at, listener, startService, temporaryDirectory } from "../support/ServiceProcess.ts"

const timeout = 60_000

describe.each(["global", "namespace"])("an upstream restart in %s mode", (mode) => {
  it.scopedLive(
    "ends within 5 s of Evolution's return, and the status shows it meanwhile",
    () =>
      Effect.gen(function* () {
        const evolution = yield* simulator()
        const service = yield* startService({
          ...at(evolution),
          EVOLUTION_MODE: mode,
          DATA_DIR: yield* temporaryDirectory
        })
        const names = ["loja-1", "loja-2", "loja-3"]
        for (const name of names) {
          evolution.add(name, { ownerJid: "5511999990001@s.whatsapp.net", state: "open" })
          evolution.emit(name, "presence.update", {})
          yield* service.call(`/instances/${name}/start`, { method: "POST" })
          yield* service.until(`/instances/${name}`, (status) => listener(status) === "Listening")
        }

        yield* Effect.promise(evolution.stop)
        for (const name of names)
          yield* service.until(
            `/instances/${name}`,
            (status) => listener(status) === "Waiting",
            2000
          )
        // Long enough for the delays to have grown beyond the five seconds.
        const waiting = yield* service.until(
          "/instances/loja-1",
          (status) =>
            Number(status.listener?.state?.attempt) >= 5 && listener(status) === "Waiting",
          30_000
        )
        expect(waiting.userAction).toBe("wait")
        expect(waiting.listener?.state?.error).toMatchObject({
          _tag: "DialFailed",
          code: "ECONNREFUSED"
        })

        yield* Effect.promise(evolution.start)
        const returned = performance.now()
        for (const name of names)
          yield* service.until(
            `/instances/${name}`,
            (status) => listener(status) === "Listening",
            5000
          )
        expect(performance.now() - returned).toBeLessThan(5000)
        yield* service.until(
          "/instances/loja-1",
          (status) => String(status.whatsapp?.state) === "open"
        )
      }),
    { timeout }
  )
})
