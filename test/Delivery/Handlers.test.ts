import { describe, expect, expectTypeOf, it } from "@effect/vitest"
import { Context, Deferred, Effect, Layer, Logger, Queue } from "effect"
import * as Handlers from "../../src/Delivery/Handlers.ts"
import type { EventBus } from "../../src/Log/EventBus.ts"
import { makeBus } from "../support/handlerBus.ts"
import { makeLines } from "../support/Lines.ts"

const qr = (code: string) => ({ qrcode: { code, base64: "data:image/png;base64,", instance: "x" } })

describe("A handler", () => {
  it.scoped("receives the real QR code, and every field of a life-cycle event", () =>
    Effect.gen(function* () {
      const { layer, publish } = yield* makeBus
      const codes = yield* Queue.unbounded<string>()
      const states = yield* Queue.unbounded<unknown>()
      yield* Layer.build(
        Layer.mergeAll(
          Handlers.on("qrcode.updated", ({ data }) =>
            codes.offer("qrcode" in data ? data.qrcode.code : data.message)
          ),
          Handlers.on("connection.update", (event) => states.offer(event))
        ).pipe(Layer.provide(layer))
      )
      yield* publish("qrcode.updated", qr("2@real"))
      yield* publish("qrcode.updated", { message: "QR code limit reached", statusCode: 500 })
      yield* publish("connection.update", { state: "open", statusReason: 200, more: 1 })
      expect(yield* codes.take).toBe("2@real")
      expect(yield* codes.take).toBe("QR code limit reached")
      expect(yield* states.take).toEqual({
        id: 3,
        server: "default",
        instance: "shop",
        event: "connection.update",
        data: { state: "open", statusReason: 200, more: 1 },
        receivedAt: 7,
        origin: "live"
      })
    })
  )

  it.scoped("runs for its own event alone, in every form of the event name", () =>
    Effect.gen(function* () {
      const { layer, publish } = yield* makeBus
      const heard: Array<string> = []
      const done = yield* Deferred.make<void>()
      const names = ["chats.delete", "CHATS_DELETE", "GROUP_UPDATE", "custom.event"]
      yield* Layer.build(
        Layer.mergeAll(
          Layer.empty,
          ...names.map((name) =>
            Handlers.on(name, ({ data, event }) =>
              Effect.sync(() => heard.push(`${name}: ${event} ${JSON.stringify(data)}`))
            )
          ),
          Handlers.on("last.event", () => Deferred.succeed(done, undefined))
        ).pipe(Layer.provide(layer))
      )
      yield* publish("chats.delete", ["1"])
      yield* publish("chats.set", [])
      yield* publish("groups.update", [{ id: "3" }])
      yield* publish("custom.event", { four: 4 })
      yield* publish("last.event", {})
      yield* Deferred.await(done)
      yield* Effect.replicateEffect(Effect.yieldNow(), 100)
      expect(heard.sort()).toEqual([
        'CHATS_DELETE: chats.delete ["1"]',
        'GROUP_UPDATE: groups.update [{"id":"3"}]',
        'chats.delete: chats.delete ["1"]',
        'custom.event: custom.event {"four":4}'
      ])
    })
  )

  it.scoped("runs for the events of each of its names, in the order of the log", () =>
    Effect.gen(function* () {
      const { layer, publish } = yield* makeBus
      const heard = yield* Queue.unbounded<string>()
      const handler = Handlers.on(["CHATS_DELETE", "custom.event"], ({ event }) =>
        heard.offer(event)
      )
      yield* Layer.build(Layer.provide(handler, layer))
      yield* publish("custom.event", {})
      yield* publish("chats.set", [])
      yield* publish("chats.delete", ["1"])
      yield* publish("custom.event", {})
      const three = yield* Effect.replicateEffect(heard.take, 3)
      expect(three).toEqual(["custom.event", "chats.delete", "custom.event"])
    })
  )

  it.scoped("receives events in order and one at a time", () =>
    Effect.gen(function* () {
      const { layer, publish } = yield* makeBus
      const heard: Array<string> = []
      const done = yield* Deferred.make<void>()
      yield* Layer.build(
        Handlers.on("custom.event", ({ data }) =>
          Effect.gen(function* () {
            heard.push(`begin ${data}`)
            yield* Effect.yieldNow()
            heard.push(`end ${data}`)
            if (heard.length === 40) yield* Deferred.succeed(done, undefined)
          })
        ).pipe(Layer.provide(layer))
      )
      const numbers = Array.from({ length: 20 }, (_, index) => [index])
      for (const number of numbers) yield* publish("custom.event", number)
      yield* Deferred.await(done)
      expect(heard).toEqual(numbers.flatMap((number) => [`begin ${number}`, `end ${number}`]))
    })
  )

  const failures: Readonly<Record<string, () => Effect.Effect<void, string>>> = {
    fails: () => Effect.fail("no"),
    dies: () => Effect.die(new Error("bug")),
    "interrupts itself": () => Effect.interrupt,
    "throws before it returns an effect": () => {
      throw new Error("bug")
    }
  }
  it.scoped.each(Object.keys(failures))("that %s receives the next event", (kind) =>
    Effect.gen(function* () {
      const { layer, publish } = yield* makeBus
      const heard = yield* Queue.unbounded<number>()
      yield* Layer.build(
        Handlers.on("custom.event", ({ id }) =>
          id % 2 === 1 ? (failures[kind]?.() ?? Effect.void) : heard.offer(id)
        ).pipe(Layer.provide(layer))
      )
      yield* publish("custom.event", {}, {}, {})
      yield* publish("custom.event", {})
      yield* Effect.replicateEffect(Effect.yieldNow(), 200)
      expect([...(yield* heard.takeAll)]).toEqual([2, 4])
    })
  )

  it.scoped("that fails is logged with the event and the instance", () =>
    Effect.gen(function* () {
      const { layer, publish } = yield* makeBus
      const told = yield* makeLines
      yield* Layer.build(
        Handlers.on("custom.event", () => Effect.fail("no")).pipe(
          Layer.provide(layer),
          Layer.provide(told.layer)
        )
      )
      yield* publish("custom.event", {})
      yield* Effect.replicateEffect(Effect.yieldNow(), 200)
      expect(told.lines).toEqual([
        {
          level: "ERROR",
          message: 'The handler of "custom.event" failed on event 1',
          instance: "shop"
        }
      ])
    })
  )

  it.scoped("receives no event from before its layer is built or after its scope closes", () =>
    Effect.gen(function* () {
      const { layer, publish } = yield* makeBus
      const heard = yield* Queue.unbounded<number>()
      yield* publish("custom.event", {})
      yield* Effect.scoped(
        Effect.gen(function* () {
          const handler = Handlers.on("custom.event", ({ id }) => heard.offer(id))
          yield* Layer.build(Layer.provide(handler, layer))
          yield* publish("custom.event", {})
          expect(yield* heard.take).toBe(2)
        })
      )
      yield* publish("custom.event", {})
      yield* Effect.replicateEffect(Effect.yieldNow(), 100)
      expect(yield* heard.size).toBe(0)
    })
  )

  it.scoped("logs that events were purged before it received them", () =>
    Effect.gen(function* () {
      const { bus, layer, publish } = yield* makeBus
      const said: Array<unknown> = []
      const log = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ message }) => void said.push(message))
      )
      const isBusy = yield* Deferred.make<void>()
      const heard = yield* Queue.unbounded<number>()
      const handler = Handlers.on("custom.event", ({ id }) =>
        Effect.zipRight(Deferred.await(isBusy), heard.offer(id))
      )
      yield* Layer.build(handler.pipe(Layer.provide(layer), Layer.provide(log)))
      yield* publish("custom.event", {})
      for (let count = 0; count < 40; count++) yield* publish("custom.event", {})
      bus.announcePurged("shop", 20, "default")
      yield* Deferred.succeed(isBusy, undefined)
      while ((yield* heard.take) !== 41) yield* Effect.yieldNow()
      expect(said.flat()).toEqual([
        expect.stringMatching(/^The handler of "custom.event" .* events up to 20 were purged/)
      ])
    })
  )

  it.scoped("adds the services it needs to the requirements of its layer", () =>
    Effect.gen(function* () {
      class Outbox extends Context.Tag("test/Outbox")<Outbox, Queue.Queue<number>>() {}
      const { layer, publish } = yield* makeBus
      const outbox = yield* Queue.unbounded<number>()
      const handler = Handlers.on("custom.event", ({ id }) =>
        Effect.flatMap(Outbox, (queue) => queue.offer(id))
      )
      expectTypeOf(handler).toEqualTypeOf<Layer.Layer<never, never, EventBus | Outbox>>()
      yield* Layer.build(Layer.provide(handler, [layer, Layer.succeed(Outbox, outbox)]))
      yield* publish("custom.event", {})
      expect(yield* outbox.take).toBe(1)
    })
  )
})
