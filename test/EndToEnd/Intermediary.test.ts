import { describe, expect, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { scopedSimulator } from "../../src/Testing/mod.ts"
import { at, listener, startService, temporaryDirectory } from "../support/ServiceProcess.ts"

const timeout = 90_000

describe("the service behind an intermediary", () => {
  it.scopedLive(
    "waits, names it, and listens again within seconds after it is well",
    () =>
      Effect.gen(function* () {
        const evolution = yield* scopedSimulator()
        evolution.add("loja-1", { state: "open", ownerJid: "5511999990001@s.whatsapp.net" })
        const service = yield* startService({
          ...at(evolution),
          DATA_DIR: yield* temporaryDirectory
        })
        yield* service.call("/instances/loja-1/start", { method: "POST" })
        const path = "/instances/loja-1"
        yield* service.until(path, (body) => listener(body) === "Listening")
        evolution.refuse({
          status: 404,
          body: "404 page not found\n",
          headers: { "content-type": "text/plain" }
        })
        evolution.drop()
        // Five attempts: the next delay would be longer than the time that is allowed below.
        const status = yield* service.until(
          path,
          (body) => listener(body) === "Waiting" && Number(body.listener?.state?.attempt) >= 5,
          30_000
        )
        expect(status.userAction).toBe("wait")
        expect(status.listener?.state?.error).toMatchObject({
          _tag: "UpgradeRefused",
          reason: "intermediary",
          message: expect.stringContaining("Traefik?")
        })
        evolution.refuse(undefined)
        const since = yield* Clock.currentTimeMillis
        yield* service.until(path, (body) => listener(body) === "Listening")
        expect((yield* Clock.currentTimeMillis) - since).toBeLessThan(4000)
      }),
    { timeout }
  )
})
