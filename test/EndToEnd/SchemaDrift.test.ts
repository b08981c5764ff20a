import { describe, expect, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import * as EvolutionListener from "../../src/EvolutionListener.ts"
import { scopedSimulator } from "../../src/Testing/mod.ts"
import { key, serve } from "../Http/Service.ts"
import { storage } from "../support/databases.ts"

const counted = 'evolution_listener_schema_drift_total{event="labels.association"} 1\n'

describe("The service without handlers", () => {
  it.scopedLive(
    "counts events of a shape that it does not know, and keeps them",
    () =>
      Effect.gen(function* () {
        const simulator = yield* scopedSimulator()
        const { call, post } = yield* serve(EvolutionListener.layer, {
          EVOLUTION_API_URL: simulator.url,
          EVOLUTION_API_KEY: simulator.apiKey,
          API_KEY: key,
          ...(yield* storage)
        })
        yield* post("/instances", JSON.stringify({ name: "shop-1" }))
        const data = { type: "add", chat: { jid: "5511988887777@s.whatsapp.net" }, labelId: 7 }
        simulator.emit("shop-1", "labels.association", data)
        yield* Effect.repeat(call("GET", "/metrics"), {
          until: ({ text }) => text.includes(counted),
          schedule: Schedule.spaced("50 millis")
        })
        expect((yield* call("GET", "/metrics")).text).toContain(counted)
        const events = yield* call("GET", "/events?event=LABELS_ASSOCIATION")
        expect(events.json).toMatchObject({ events: [{ instance: "shop-1", data }] })
      }),
    30_000
  )
})
