import { describe, expect, it } from "@effect/vitest"
import { Arbitrary, Deferred, Effect, FastCheck, Layer, Schema } from "effect"
import * as Drift from "../../src/Delivery/Drift.ts"
import * as Handlers from "../../src/Delivery/Handlers.ts"
import * as EventCatalog from "../../src/Domain/EventCatalog.ts"
import { eventNames } from "../../src/Domain/EventName.ts"
import * as LifeCycle from "../../src/Domain/LifeCycle.ts"
import { EventBus } from "../../src/Log/EventBus.ts"
import * as Sql from "../../src/Storage/Sql.ts"
import { serviceOn } from "../Instances/service.ts"
import { samplesOf } from "../support/eventSamples.ts"

/** As many of each event; a seed of each run is told with a failure. */
const runs = 8
const seed = Date.now() & 0xffff

/** After these an instance is gone, so they come last. */
const farewells = ["logout.instance", "instance.delete", "remove.instance"]

/** All texts of a QR event are secret in the log, so it is generated without fields that nobody knows. */
const schemaOf = (event: EventCatalog.Name): Schema.Schema<unknown> =>
  (event === "qrcode.updated"
    ? LifeCycle.schemas[event]
    : EventCatalog.entries[event].schema) as Schema.Schema<unknown>

/** A value as it is after JSON: without `undefined`, and with `null` for a number that is none. */
const generated = (event: EventCatalog.Name): ReadonlyArray<unknown> => {
  const schema = schemaOf(event)
  return FastCheck.sample(Arbitrary.make(schema), { numRuns: runs, seed })
    .map((value): unknown => JSON.parse(JSON.stringify(value) ?? "null"))
    .filter((value) => typeof value === "object" && Schema.is(schema)(value))
}

describe("An event that Evolution sends", () => {
  it.scopedLive(
    "reaches a typed handler as it was sent, whatever its values are",
    () =>
      Effect.gen(function* () {
        const main = "shop-1"
        const instances = [main, ...farewells]
        const { bus, hears, simulator } = yield* serviceOn(
          Sql.layerMemory,
          { AUTO_START: "all" },
          ({ add }) => instances.map((name) => add(name, { state: "open" }))
        )
        for (const name of instances) yield* hears(name, "listener.updated")

        const sent: Record<string, Array<unknown>> = {}
        const heard: Record<string, Array<unknown>> = Object.fromEntries(
          eventNames.map((event) => [event, []])
        )
        const drifted: Array<unknown> = []
        const done = yield* Deferred.make<void>()
        const record = Handlers.on(
          [...eventNames, "last.event"],
          ({ data, event, origin }) =>
            event === "last.event"
              ? Deferred.succeed(done, undefined)
              : Effect.sync(() => origin === "live" && heard[event]?.push(data)),
          { onDrift: (event) => Effect.sync(() => drifted.push(event)) }
        )
        yield* Layer.build(
          record.pipe(
            Layer.provide(Layer.succeed(EventBus, bus)),
            Layer.provide(Layer.succeed(Drift.Drifts, Drift.make()))
          )
        )

        for (const event of eventNames) {
          const isFarewell = farewells.includes(event)
          const values = [...samplesOf(event).map(({ data }) => data), ...generated(event)]
          sent[event] = isFarewell ? values.slice(0, 1) : values
          for (const data of sent[event]) simulator.emit(isFarewell ? event : main, event, data)
        }
        simulator.emit(main, "last.event", {})
        yield* Deferred.await(done)
        expect(drifted).toEqual([])
        for (const event of eventNames)
          expect(heard[event], `${event}, by the seed ${seed}`).toEqual(sent[event])
      }),
    60_000
  )
})
