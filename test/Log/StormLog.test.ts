import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Layer, TestClock } from "effect"
import type { LoggedEvent } from "../../src/Domain/Event.ts"
import { EventBus } from "../../src/Log/EventBus.ts"
import { EventStore } from "../../src/Log/EventStore.ts"
import * as StormLog from "../../src/Log/StormLog.ts"
import { storeOf } from "../support/doubles.ts"
import { jsonText } from "../support/jsonText.ts"
import { makeLines } from "../support/Lines.ts"

const world = Effect.gen(function* () {
  const { layer, lines } = yield* makeLines
  const context = yield* StormLog.layer.pipe(
    Layer.provideMerge(EventBus.layer),
    Layer.provide(Layer.succeed(EventStore, storeOf({ lastId: Effect.succeed(0) }))),
    Layer.provide(layer),
    Layer.build
  )
  const bus = Context.get(context, EventBus)
  let id = 0
  const publish = (instance: string | ((n: number) => string), event: string, count: number) =>
    Effect.gen(function* () {
      for (let left = count; left > 0; left -= 1000) {
        const batch = Array.from(
          { length: Math.min(left, 1000) },
          (): LoggedEvent => ({
            id: ++id,
            server: "default",
            instance: typeof instance === "string" ? instance : instance(id),
            event,
            json: jsonText("null"),
            extra: null,
            lifeCycle: null,
            upstreamTime: null,
            receivedAt: 0,
            origin: "live"
          })
        )
        yield* bus.publish(batch)
        yield* TestClock.adjust(0)
      }
    })
  // The reader has to be there before anything is published.
  yield* TestClock.adjust(0)
  return { lines, publish }
})

describe("StormLog", () => {
  it.scoped("writes one line a minute with the instance and the number of events", () =>
    Effect.gen(function* () {
      const { lines, publish } = yield* world
      yield* publish("shop", "connection.update", 1240)
      yield* TestClock.adjust("59 seconds")
      expect(lines).toEqual([])
      yield* TestClock.adjust("1 second")
      expect(lines).toEqual([
        { level: "INFO", instance: "shop", message: "Many events: connection.update ×1240 in 60 s" }
      ])
      yield* TestClock.adjust("5 minutes")
      expect(lines).toHaveLength(1)
    })
  )

  it.scoped("counts anew each minute", () =>
    Effect.gen(function* () {
      const { lines, publish } = yield* world
      for (const count of [60, 59, 61]) {
        yield* publish("shop", "connection.update", count)
        yield* TestClock.adjust("1 minute")
      }
      expect(lines.map(({ message }) => message)).toEqual([
        "Many events: connection.update ×60 in 60 s",
        "Many events: connection.update ×61 in 60 s"
      ])
    })
  )

  it.scoped("writes one line for each instance, the most frequent event first", () =>
    Effect.gen(function* () {
      const { lines, publish } = yield* world
      yield* publish("shop", "connection.update", 100)
      yield* publish("shop", "contacts.update", 3000)
      yield* publish("shop", "messages.upsert", 999)
      yield* publish("other", "qrcode.updated", 70)
      yield* TestClock.adjust("1 minute")
      expect(lines.map(({ instance, message }) => [instance, message])).toEqual([
        ["shop", "Many events: contacts.update ×3000, connection.update ×100 in 60 s"],
        ["other", "Many events: qrcode.updated ×70 in 60 s"]
      ])
    })
  )

  it.scoped("reports a life-cycle event each second, but not the messages of a busy phone", () =>
    Effect.gen(function* () {
      const { lines, publish } = yield* world
      yield* publish("busy", "messages.upsert", 999)
      yield* publish("shaky", "status.instance", 60)
      yield* TestClock.adjust("1 minute")
      expect(lines.map(({ instance }) => instance)).toEqual(["shaky"])
    })
  )

  it.scoped("bounds its memory for any names", () =>
    Effect.gen(function* () {
      const { lines, publish } = yield* world
      yield* publish((n) => `shop-${n}`, "call", 4096)
      // One name too many, and it is not counted; in the next minute there is room again.
      yield* publish("late", "connection.update", 500)
      yield* TestClock.adjust("1 minute")
      expect(lines).toEqual([])
      yield* publish("late", "connection.update", 500)
      yield* TestClock.adjust("1 minute")
      expect(lines.map(({ instance }) => instance)).toEqual(["late"])
      const long = "x".repeat(5000)
      yield* publish("shop", long, 1000)
      yield* TestClock.adjust("1 minute")
      expect(lines.at(-1)?.message).toBe(`Many events: ${"x".repeat(64)} ×1000 in 60 s`)
    })
  )
})
