import { describe, expect, expectTypeOf, it } from "@effect/vitest"
import { Context, Deferred, Effect, Either, Layer, Logger, Queue } from "effect"
import * as Handlers from "../../src/Delivery/Handlers.ts"
import { decode, type LoggedEvent } from "../../src/Domain/Event.ts"
import type * as LifeCycle from "../../src/Domain/LifeCycle.ts"
import * as Scrub from "../../src/Domain/Scrub.ts"
import { EventBus, make } from "../../src/Log/EventBus.ts"
import { EventStore } from "../../src/Log/EventStore.ts"
import { storeOf } from "../support/doubles.ts"
import { makeLines } from "../support/Lines.ts"

const store = storeOf({ read: () => Effect.succeed([]), lastId: Effect.succeed(0) })

/** A bus and a function that publishes events decoded from Evolution's payloads. */
const makeBus = Effect.gen(function* () {
  const bus = yield* Effect.provideService(make(16), EventStore, store)
  let last = 0
  const logged = (event: string, data: unknown): LoggedEvent => {
    const raw = { name: event, payload: { event, instance: "shop", data }, receivedAt: 7 }
    return { ...Either.getOrThrow(decode(raw, "live", Scrub.unconfigured)), id: ++last }
  }
  return {
    bus,
    layer: Layer.succeed(EventBus, bus),
    publish: (event: string, ...data: ReadonlyArray<unknown>) =>
      Effect.suspend(() => bus.publish(data.map((one) => logged(event, one))))
  }
})

const qr = (code: string) => ({ qrcode: { code, base64: "data:image/png;base64,", instance: "x" } })

describe("A handler", () => {
  it.scoped("receives the real QR code and the decoded data of a life-cycle event", () =>
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
        instance: "shop",
        event: "connection.update",
        data: { state: "open", statusReason: 200 },
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
      const names = ["messages.upsert", "MESSAGES_UPSERT", "GROUP_UPDATE", "custom.event"]
      yield* Layer.build(
        Layer.mergeAll(
          Layer.empty,
          ...names.map((name) =>
            Handlers.on(name, ({ data, event }) =>
              Effect.sync(() => heard.push(`${name}: ${event} ${JSON.stringify(data)}`))
            )
          ),
          Handlers.on("call", () => Deferred.succeed(done, undefined))
        ).pipe(Layer.provide(layer))
      )
      yield* publish("messages.upsert", { key: 1 })
      yield* publish("messages.update", { key: 2 })
      yield* publish("groups.update", [3])
      yield* publish("custom.event", { four: 4 })
      yield* publish("call", {})
      yield* Deferred.await(done)
      yield* Effect.replicateEffect(Effect.yieldNow(), 100)
      expect(heard.sort()).toEqual([
        "GROUP_UPDATE: groups.update [3]",
        'MESSAGES_UPSERT: messages.upsert {"key":1}',
        'custom.event: custom.event {"four":4}',
        'messages.upsert: messages.upsert {"key":1}'
      ])
    })
  )

  it.scoped("receives events in order and one at a time", () =>
    Effect.gen(function* () {
      const { layer, publish } = yield* makeBus
      const heard: Array<string> = []
      const done = yield* Deferred.make<void>()
      yield* Layer.build(
        Handlers.on("call", ({ data }) =>
          Effect.gen(function* () {
            heard.push(`begin ${data}`)
            yield* Effect.yieldNow()
            heard.push(`end ${data}`)
            if (heard.length === 40) yield* Deferred.succeed(done, undefined)
          })
        ).pipe(Layer.provide(layer))
      )
      const numbers = Array.from({ length: 20 }, (_, index) => [index])
      for (const number of numbers) yield* publish("call", number)
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
        Handlers.on("call", ({ id }) =>
          id % 2 === 1 ? (failures[kind]?.() ?? Effect.void) : heard.offer(id)
        ).pipe(Layer.provide(layer))
      )
      yield* publish("call", {}, {}, {})
      yield* publish("call", {})
      yield* Effect.replicateEffect(Effect.yieldNow(), 200)
      expect([...(yield* heard.takeAll)]).toEqual([2, 4])
    })
  )

  it.scoped("that fails is logged with the event and the instance", () =>
    Effect.gen(function* () {
      const { layer, publish } = yield* makeBus
      const told = yield* makeLines
      yield* Layer.build(
        Handlers.on("call", () => Effect.fail("no")).pipe(
          Layer.provide(layer),
          Layer.provide(told.layer)
        )
      )
      yield* publish("call", {})
      yield* Effect.replicateEffect(Effect.yieldNow(), 200)
      expect(told.lines).toEqual([
        { level: "ERROR", message: 'The handler of "call" failed on event 1', instance: "shop" }
      ])
    })
  )

  it.scoped("receives no event from before its layer is built or after its scope closes", () =>
    Effect.gen(function* () {
      const { layer, publish } = yield* makeBus
      const heard = yield* Queue.unbounded<number>()
      yield* publish("call", {})
      yield* Effect.scoped(
        Effect.gen(function* () {
          const handler = Handlers.on("call", ({ id }) => heard.offer(id))
          yield* Layer.build(Layer.provide(handler, layer))
          yield* publish("call", {})
          expect(yield* heard.take).toBe(2)
        })
      )
      yield* publish("call", {})
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
      const handler = Handlers.on("call", ({ id }) =>
        Effect.zipRight(Deferred.await(isBusy), heard.offer(id))
      )
      yield* Layer.build(handler.pipe(Layer.provide(layer), Layer.provide(log)))
      yield* publish("call", {})
      for (let count = 0; count < 40; count++) yield* publish("call", {})
      bus.announcePurged("shop", 20)
      yield* Deferred.succeed(isBusy, undefined)
      while ((yield* heard.take) !== 41) yield* Effect.yieldNow()
      expect(said.flat()).toEqual([
        expect.stringMatching(/^The handler of "call" .* events up to 20 were purged/)
      ])
    })
  )

  it.scoped("adds the services it needs to the requirements of its layer", () =>
    Effect.gen(function* () {
      class Outbox extends Context.Tag("test/Outbox")<Outbox, Queue.Queue<number>>() {}
      const { layer, publish } = yield* makeBus
      const outbox = yield* Queue.unbounded<number>()
      const handler = Handlers.on("call", ({ id }) =>
        Effect.flatMap(Outbox, (queue) => queue.offer(id))
      )
      expectTypeOf(handler).toEqualTypeOf<Layer.Layer<never, never, EventBus | Outbox>>()
      yield* Layer.build(Layer.provide(handler, [layer, Layer.succeed(Outbox, outbox)]))
      yield* publish("call", {})
      expect(yield* outbox.take).toBe(1)
    })
  )

  it("has typed data for a life-cycle event, and unknown data for any other event", () => {
    Handlers.on("qrcode.updated", (event) => {
      expectTypeOf(event.data).toEqualTypeOf<LifeCycle.Data<"qrcode.updated">>()
      expectTypeOf(event.event).toEqualTypeOf<"qrcode.updated">()
      return Effect.void
    })
    Handlers.on("connection.update", ({ data }) => {
      expectTypeOf(data.state).toEqualTypeOf<
        "open" | "connecting" | "close" | "refused" | "removed" | "unknown"
      >()
      return Effect.void
    })
    Handlers.on("logout.instance", ({ data }) => {
      expectTypeOf(data).toBeNull()
      return Effect.void
    })
    Handlers.on("messages.upsert", ({ data }) => {
      expectTypeOf(data).toBeUnknown()
      return Effect.void
    })
  })
})
