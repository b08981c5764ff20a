import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option, TestClock } from "effect"
import { InstanceName } from "../../src/Domain/Instance.ts"
import * as Erasure from "../../src/Instances/Erasure.ts"
import * as Bus from "../../src/Log/EventBus.ts"
import { EventStore } from "../../src/Log/EventStore.ts"
import { Purge } from "../../src/Log/Purge.ts"
import { ingestOf, storeOf } from "../support/doubles.ts"

describe("Erasure", () => {
  it.effect("erases the events that Ingest had not committed at the start", () =>
    Effect.gen(function* () {
      const isCommitted = yield* Effect.makeLatch()
      const table: Array<string> = []
      const bus = Bus.make(8).pipe(
        Effect.provideService(EventStore, storeOf({ lastId: Effect.succeed(0) }))
      )
      const layer = Layer.mergeAll(
        ingestOf({
          flush: Effect.zipRight(
            isCommitted.await,
            Effect.sync(() => void (isFirst && table.push("the last event")))
          )
        }),
        Layer.mock(Purge, {
          instance: () =>
            Effect.sync(() => {
              isFirst = false
              const events = table.splice(0).length
              return { events, quarantine: 0, gaps: 0, lost: new Map() }
            })
        }),
        Layer.effect(Bus.EventBus, bus)
      )
      let isFirst = true
      const erase = yield* Effect.provide(Erasure.make, layer)
      const erasing = yield* Effect.fork(erase(InstanceName.make("shop")))
      yield* TestClock.adjust("10 seconds")
      expect(Option.isNone(yield* Fiber.poll(erasing))).toBe(true)
      yield* isCommitted.open
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(erasing)).toBe(1)
      expect(table).toEqual([])
    })
  )
})
