import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Redacted } from "effect"
import * as Scrub from "../../src/Domain/Scrub.ts"
import { Event, EventSource, Instance } from "../../src/mod.ts"
import { awake, ignored, simulated, sourceOf, takeRaw } from "./EventSource/support.ts"

const shop = Instance.InstanceName.make("shop-1")
const secrets = Scrub.make([Redacted.make("a-secret-of-nine")])

describe("an event of the public API", () => {
  it.scoped.each([
    { path: "passed on as it came", data: { conversation: 'Olá, "世界" 👩‍👧\n' } },
    { path: "written anew", data: { conversation: 'Olá, "世界" 👩‍👧\n', token: "x" } }
  ])("JSON.stringify writes the data of an event that is $path as JSON text", ({ data }) =>
    Effect.gen(function* () {
      const simulator = yield* simulated()
      yield* awake(simulator, shop)
      const source = yield* sourceOf(EventSource.EventSource.layerGlobal, simulator)
      const subscription = yield* source.open(shop, ignored)
      simulator.emit(shop, "messages.upsert", data)
      const [raw] = yield* takeRaw(subscription, 1)
      const event = Either.getOrThrow(Event.decode(raw ?? expect.fail(), "live", secrets))
      const written: { json: string } = JSON.parse(JSON.stringify(event))
      expect(JSON.parse(written.json)).toMatchObject({ conversation: data.conversation })
      expect(written.json).toBe(`${event.json}`)
    })
  )
})
