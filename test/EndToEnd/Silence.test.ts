import { describe, expect, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { type Simulator, scopedSimulator, textMessage } from "../../src/Testing/mod.ts"
import { at, startService, temporaryDirectory } from "../support/ServiceProcess.ts"

const timeout = 120_000
const path = "/instances/loja-1"

const send = ({ emit }: Simulator, count: number) => {
  const sent = Array.from({ length: count }, (_, index) =>
    textMessage(`message ${index}`, { name: "Ana", phone: "5511988887777" })
  )
  for (const message of sent) emit("loja-1", "messages.upsert", message)
  return sent.map(({ key }) => key.id)
}

describe("the service at an Evolution without global events", () => {
  it.scopedLive(
    "tells within seconds, names the remedy, and has every message once events come",
    () =>
      Effect.gen(function* () {
        const evolution = yield* scopedSimulator({ globalEvents: false })
        const service = yield* startService({
          ...at(evolution),
          DATA_DIR: yield* temporaryDirectory
        })
        const began = yield* Clock.currentTimeMillis
        yield* service.call("/instances", { body: { name: "loja-1" } })
        evolution.scan("loja-1")
        const sent = send(evolution, 20)
        const status = yield* service.until(
          path,
          ({ userAction }) => String(userAction) === "enable_global_events",
          15_000
        )
        const from = Date.parse(String(status.gaps?.open?.from))
        expect(status.gaps?.open?.cause).toBe("not_broadcast")
        expect(from).toBeLessThan(began + 1000)
        expect(service.output()).toContain("set WEBSOCKET_GLOBAL_EVENTS=true at Evolution")
        // Our own health does not depend on Evolution.
        expect((yield* service.call("/health/ready")).status).toBe(200)

        sent.push(...send(evolution, 20))
        evolution.broadcast(true)
        sent.push(...send(evolution, 1))
        yield* service.until(
          `${path}/gaps`,
          ({ gaps }) => gaps?.[0]?.recovered !== null && gaps?.[0]?.to !== null,
          60_000
        )
        const events = yield* service.call("/events?event=messages.upsert&limit=1000")
        const logged = JSON.stringify(events.body)
        expect(sent.filter((id) => !logged.includes(id))).toEqual([])
        const { body } = yield* service.call(path)
        expect([body.userAction, body.gaps?.open]).not.toContain("enable_global_events")
      }),
    { timeout }
  )
})
