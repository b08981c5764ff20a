import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { listens, rabbitMqUrl } from "../../support/Brokers.ts"
import { failureOf, outgoing, receivedAt } from "./outgoing.ts"
import { admin, sinkTo } from "./RabbitMq/admin.ts"

describe.skipIf(!(await listens(rabbitMqUrl)))("a sink of RabbitMQ", () => {
  it.scopedLive("delivers an event with its properties to the queue that it declares", () =>
    Effect.gen(function* () {
      const { drain, names } = yield* admin(rabbitMqUrl)
      const sink = yield* sinkTo(rabbitMqUrl, {
        exchange: names.exchange,
        queue: { name: names.queue }
      })
      expect(yield* sink.send({ ...outgoing(7), attempt: 2, isReplay: true })).toEqual({})
      const [message, ...others] = yield* drain()
      expect(others).toEqual([])
      expect(message?.fields).toMatchObject({
        exchange: names.exchange,
        routingKey: "default.shop.messages.upsert"
      })
      expect(JSON.parse(message?.content.toString() ?? "")).toMatchObject({
        type: "messages.upsert",
        data: { id: 7, previous: 6, data: { text: "message 7" } }
      })
      expect(message?.properties).toMatchObject({
        messageId: "evt_log_7",
        type: "messages.upsert",
        contentType: "application/json",
        deliveryMode: 2,
        timestamp: receivedAt / 1000,
        appId: "evolution-listener",
        headers: {
          event: "messages.upsert",
          server: "default",
          instance: "shop",
          cursor: 7,
          previous: 6,
          attempt: 2,
          replay: true
        }
      })
    })
  )

  // Evolution's rabbitmq.controller.ts: the key is the event's name, and a queue of it is bound to its exchange.
  it.scopedLive("delivers to queues that were made by Evolution, in its shape", () =>
    Effect.gen(function* () {
      const { channel, drain, names } = yield* admin(rabbitMqUrl)
      yield* Effect.promise(async () => {
        await channel.assertExchange(names.exchange, "topic", { durable: true, autoDelete: false })
        await channel.assertQueue(names.queue, { arguments: { "x-queue-type": "quorum" } })
        await channel.bindQueue(names.queue, names.exchange, "messages.upsert")
      })
      const sink = yield* sinkTo(
        rabbitMqUrl,
        { exchange: names.exchange, routingKey: "{event}" },
        { shape: "evolution" }
      )
      yield* sink.send(outgoing(7))
      const [message] = yield* drain()
      expect(JSON.parse(message?.content.toString() ?? "")).toMatchObject({
        event: "messages.upsert",
        instance: "shop",
        data: { text: "message 7" },
        apikey: null
      })
    })
  )

  it.scopedLive("delivers a test, and what was missed, under keys of their own", () =>
    Effect.gen(function* () {
      const { drain, names } = yield* admin(rabbitMqUrl)
      const sink = yield* sinkTo(rabbitMqUrl, {
        exchange: names.exchange,
        queue: { name: names.queue }
      })
      const missed = { server: "default", instance: "a.b", from: 1, to: 9 }
      yield* sink.send({ ...outgoing(1), id: "missed", item: { _tag: "Missed", ...missed } })
      yield* sink.send({ ...outgoing(1), id: "test", item: { _tag: "Test", at: receivedAt } })
      const keys = (yield* drain()).map(({ fields }) => fields.routingKey)
      expect(keys).toEqual(["default.a%2Eb.endpoint.missed", "~.~.webhook.test"])
    })
  )

  it.scopedLive("keeps the order of each lane, over one connection", () =>
    Effect.gen(function* () {
      const { drain, names } = yield* admin(rabbitMqUrl)
      const sink = yield* sinkTo(rabbitMqUrl, {
        exchange: names.exchange,
        queue: { name: names.queue }
      })
      const lanes = ["one", "two", "three", "four", "five"]
      yield* Effect.forEach(
        lanes,
        (instance) =>
          Effect.forEach(
            Array.from({ length: 40 }, (_, index) => index + 1),
            (id) => sink.send(outgoing(id, { instance }))
          ),
        { concurrency: "unbounded" }
      )
      const messages = yield* drain()
      for (const lane of lanes) {
        const cursors = messages
          .filter(({ properties }) => properties.headers?.instance === lane)
          .map(({ properties }) => properties.headers?.cursor)
        expect(cursors).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
      }
    })
  )

  // amqp-node/amqplib#115: what is returned is confirmed, too. citrineos/citrineos#191: bindings that a restart took away.
  it.scopedLive("says so when no queue is bound to the key, and delivers when one is", () =>
    Effect.gen(function* () {
      const { channel, names } = yield* admin(rabbitMqUrl)
      const sink = yield* sinkTo(rabbitMqUrl, { exchange: names.exchange })
      const failure = yield* failureOf(sink, outgoing(1))
      expect(failure.kind).toBe("answered")
      expect(failure.message).toContain("no queue is bound")
      expect(failure.message).toContain('"default.shop.messages.upsert"')
      const test = { ...outgoing(1), item: { _tag: "Test" as const, at: 0 } }
      expect((yield* failureOf(sink, test)).message).toContain("the key of a test")

      yield* Effect.promise(async () => {
        await channel.assertQueue(names.queue)
        await channel.bindQueue(names.queue, names.exchange, "*.shop.#")
      })
      yield* sink.send(outgoing(1))
      const other = yield* failureOf(sink, outgoing(2, { instance: "x.shop" }))
      expect(other.message).toContain('"default.x%2Eshop.messages.upsert"')
    })
  )

  it.scopedLive("tells the returned message from others that are under way", () =>
    Effect.gen(function* () {
      const { channel, names } = yield* admin(rabbitMqUrl)
      const sink = yield* sinkTo(rabbitMqUrl, { exchange: names.exchange })
      yield* failureOf(sink, outgoing(1))
      yield* Effect.promise(async () => {
        await channel.assertQueue(names.queue)
        await channel.bindQueue(names.queue, names.exchange, "*.bound.#")
      })
      const results = yield* Effect.forEach(
        Array.from({ length: 60 }, (_, index) => index + 1),
        (id) =>
          Effect.either(sink.send(outgoing(id, { instance: id % 3 === 0 ? "bound" : "free" }))),
        { concurrency: "unbounded" }
      )
      expect(results.map(({ _tag }) => _tag)).toEqual(
        results.map((_, index) => ((index + 1) % 3 === 0 ? "Right" : "Left"))
      )
    })
  )

  it.scopedLive("declares its queue again after somebody has deleted it", () =>
    Effect.gen(function* () {
      const { channel, drain, names } = yield* admin(rabbitMqUrl)
      const sink = yield* sinkTo(rabbitMqUrl, {
        exchange: names.exchange,
        queue: { name: names.queue }
      })
      yield* sink.send(outgoing(1))
      yield* Effect.promise(() => channel.deleteQueue(names.queue))
      expect((yield* failureOf(sink, outgoing(2))).kind).toBe("answered")
      yield* sink.send(outgoing(2))
      expect((yield* drain()).length).toBe(1)
      yield* Effect.promise(() => channel.deleteExchange(names.exchange))
      expect((yield* failureOf(sink, outgoing(3))).kind).toBe("unreachable")
      yield* sink.send(outgoing(3))
      expect((yield* drain()).length).toBe(1)
    })
  )

  it.scopedLive("refuses an exchange of another type, with its name and the difference", () =>
    Effect.gen(function* () {
      const { channel, names } = yield* admin(rabbitMqUrl)
      yield* Effect.promise(() => channel.assertExchange(names.exchange, "fanout"))
      const sink = yield* sinkTo(rabbitMqUrl, { exchange: names.exchange })
      const failure = yield* failureOf(sink, outgoing(1))
      expect(failure.kind).toBe("ours")
      expect(failure.message).toContain(`exchange "${names.exchange}" exists with another "type"`)
    })
  )

  it.scopedLive("takes a queue with arguments of its own as it is", () =>
    Effect.gen(function* () {
      const { channel, drain, names } = yield* admin(rabbitMqUrl)
      yield* Effect.promise(async () => {
        await channel.assertQueue(names.queue, { arguments: { "x-max-length": 9 } })
        await channel.assertExchange(names.exchange, "topic", { alternateExchange: "amq.fanout" })
      })
      const sink = yield* sinkTo(rabbitMqUrl, {
        exchange: names.exchange,
        queue: { name: names.queue }
      })
      yield* sink.send(outgoing(1))
      expect((yield* drain()).length).toBe(1)
    })
  )

  it.scopedLive("is told to wait by a full queue that rejects what comes", () =>
    Effect.gen(function* () {
      const { channel, drain, names } = yield* admin(rabbitMqUrl)
      yield* Effect.promise(() =>
        channel.assertQueue(names.queue, {
          arguments: { "x-max-length": 1, "x-overflow": "reject-publish" }
        })
      )
      const sink = yield* sinkTo(rabbitMqUrl, {
        exchange: names.exchange,
        queue: { name: names.queue }
      })
      yield* sink.send(outgoing(1))
      const failure = yield* failureOf(sink, outgoing(2))
      expect(failure.kind).toBe("busy")
      expect(failure.message).toContain("nack")
      yield* drain()
      yield* sink.send(outgoing(2))
    })
  )

  it.scopedLive(
    "needs a binding key for a queue at a direct exchange, unless the key is fixed",
    () =>
      Effect.gen(function* () {
        const { drain, names } = yield* admin(rabbitMqUrl)
        const target = {
          exchange: names.exchange,
          exchangeType: "direct",
          queue: { name: names.queue }
        } as const
        const sink = yield* sinkTo(rabbitMqUrl, target)
        expect((yield* failureOf(sink, outgoing(1))).message).toContain("needs a bindingKey")
        const fixed = yield* sinkTo(rabbitMqUrl, { ...target, routingKey: "whatsapp" })
        yield* fixed.send(outgoing(1))
        expect((yield* drain()).length).toBe(1)
      })
  )

  it.scopedLive("refuses a key that is longer than AMQP's", () =>
    Effect.gen(function* () {
      const { names } = yield* admin(rabbitMqUrl)
      const sink = yield* sinkTo(rabbitMqUrl, {
        exchange: names.exchange,
        routingKey: `${"x".repeat(250)}.{event}`
      })
      const failure = yield* failureOf(sink, outgoing(1))
      expect(failure.kind).toBe("ours")
      expect(failure.message).toContain("266 bytes")
      const named = yield* sinkTo(rabbitMqUrl, {
        exchange: names.exchange,
        queue: { name: names.queue }
      })
      yield* named.send(outgoing(1, { instance: "🙂".repeat(255), event: "messaging-history.set" }))
    })
  )
})
