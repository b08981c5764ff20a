import { setImmediate } from "node:timers/promises"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Option, Queue, TestClock } from "effect"
import type { WebSocket } from "ws"
import * as SocketIo from "../../../src/Evolution/Wire/SocketIo.ts"
import { EvolutionSimulator, type Simulator } from "../../../src/Testing/mod.ts"
import { openPacket, scriptedServer } from "../../support/ScriptedServer.ts"
import { answering, dial, firstOf, joined, seen } from "./Joined.ts"

const dialSimulator = ({ apiKey, url }: Simulator) =>
  SocketIo.connect({ url: new URL(url), headers: { apikey: apiKey } })

/** All events until the link ends, and its end; `null`: we ended it. */
const everything = Effect.fn(function* (socket: SocketIo.SocketIo) {
  const events: Array<readonly [string, unknown]> = []
  const end = yield* Effect.forever(
    Effect.tap(socket.pull, (batch) => {
      for (const event of batch) events.push([event.name, event.payload])
    })
  ).pipe(Effect.flip)
  return { events, end: Option.getOrNull(end) }
})

describe("join", () => {
  it.scoped("join gives the events of all instances on /", () =>
    Effect.gen(function* () {
      const simulator = yield* EvolutionSimulator
      const socket = yield* dialSimulator(simulator)
      yield* socket.join("/")
      simulator.emit("shop-1", "call", { id: 1 })
      simulator.emit("shop-2", "call", null)
      const events = yield* firstOf(socket, 2)
      expect(events.map(seen)).toMatchObject([
        { name: "call", payload: { event: "call", instance: "shop-1", data: { id: 1 } } },
        { name: "call", payload: { event: "call", instance: "shop-2", data: null } }
      ])
    }).pipe(Effect.provide(EvolutionSimulator.layer()))
  )

  it.scoped(
    "join is refused until the namespace exists, then succeeds on the same connection",
    () =>
      Effect.gen(function* () {
        const simulator = yield* EvolutionSimulator
        simulator.add("shop-1")
        const socket = yield* dialSimulator(simulator)
        expect(yield* Effect.flip(socket.join("/shop-1"))).toMatchObject({
          _tag: "NamespaceRefused",
          namespace: "/shop-1",
          reason: "Invalid namespace"
        })
        simulator.emit("shop-1", "call", { lost: true })
        // The simulator emits to namespaces one turn later, as Evolution does.
        yield* Effect.promise(() => setImmediate())
        yield* socket.join("/shop-1")
        simulator.emit("shop-2", "call", { elsewhere: true })
        simulator.emit("shop-1", "call", { id: 1 })
        const [event] = yield* firstOf(socket, 1)
        expect(seen(event)).toMatchObject({
          name: "call",
          payload: { instance: "shop-1", data: { id: 1 } }
        })
        expect(simulator.connections()).toBe(1)
      }).pipe(Effect.provide(EvolutionSimulator.layer()))
  )

  it.scoped("join fails after 10 seconds without an answer", () =>
    Effect.gen(function* () {
      // Neither an answer for another namespace nor an event is an answer.
      const { received, url } = yield* answering('40{"sid":"s"}', '42/shop-1,["early"]')
      const socket = yield* dial(url)
      const joining = yield* Effect.fork(Effect.flip(socket.join("/shop-1")))
      yield* received
      yield* TestClock.adjust("9999 millis")
      expect(joining.unsafePoll()).toBeNull()
      yield* TestClock.adjust("1 millis")
      expect(yield* Fiber.join(joining)).toMatchObject({
        _tag: "HandshakeTimeout",
        phase: "namespace",
        millis: 10_000
      })
    })
  )

  it.scoped.each([
    ["a refusal without words", "44", "NamespaceRefused", "no reason given"],
    ["a refusal with data", '44{"message":"no","data":{}}', "NamespaceRefused", "no"],
    ["a goodbye", "1", "ConnectionLost", "server closed the session"],
    ["nonsense", "49", "ProtocolViolation", "unknown packet type 9"]
  ] as const)("join fails on %s", ([, frame, _tag, reason]) =>
    Effect.gen(function* () {
      const { url } = yield* answering(frame)
      const socket = yield* dial(url)
      expect(yield* Effect.flip(socket.join("/"))).toMatchObject({ _tag, reason })
    })
  )

  it.scoped("join fails when we end the link meanwhile", () =>
    Effect.gen(function* () {
      const { url } = yield* answering()
      const socket = yield* dial(url)
      yield* socket.end
      expect(yield* Effect.flip(socket.join("/"))).toMatchObject({ _tag: "ConnectionLost" })
    })
  )
})

describe("Socket.IO events", () => {
  it.scoped("events right behind the server's CONNECT packet are not lost", () =>
    Effect.gen(function* () {
      const { url } = yield* answering('42["early",0]', "40", '42["a",1]', '42["b",2]', "1")
      const socket = yield* dial(url)
      yield* socket.join("/")
      expect((yield* everything(socket)).events).toEqual([
        ["a", 1],
        ["b", 2]
      ])
    })
  )

  it.scoped(
    "events right behind the server's CONNECT packet are not heard before they are pulled",
    () =>
      Effect.gen(function* () {
        const pongs = yield* Queue.unbounded<void>()
        const sockets = yield* Queue.unbounded<WebSocket>()
        const { url } = yield* scriptedServer((socket) => {
          socket.send(openPacket)
          socket.on("message", (data) => {
            if (String(data) === "3") return pongs.unsafeOffer()
            for (const frame of ['40{"sid":"s"}', '42["call",{}]']) socket.send(frame)
          })
          sockets.unsafeOffer(socket)
        })
        const link = yield* dial(url)
        const socket = yield* Queue.take(sockets)
        const pinged = Effect.zipRight(
          Effect.sync(() => socket.send("2")),
          Queue.take(pongs)
        )
        yield* TestClock.setTime(10_000)
        yield* link.join("/")
        yield* pinged
        yield* TestClock.setTime(20_000)
        yield* pinged
        expect(yield* link.heard).toEqual({ until: 10_000, isHeldBack: false })
        expect(yield* link.pull).toHaveLength(1)
        expect(yield* link.heard).toEqual({ until: 20_000, isHeldBack: false })
      })
  )

  it.scoped("an event's payload is its one argument, or the list of its arguments", () =>
    Effect.gen(function* () {
      const simulator = yield* EvolutionSimulator
      const socket = yield* dialSimulator(simulator)
      yield* socket.join("/")
      simulator.emitRaw("bare")
      simulator.emitRaw("one", null)
      simulator.emitRaw("several", { a: 1 }, "two", [3])
      const events = yield* firstOf(socket, 3)
      expect([...events].map((event) => [event.name, event.payload])).toEqual([
        ["bare", []],
        ["one", null],
        ["several", [{ a: 1 }, "two", [3]]]
      ])
    }).pipe(Effect.provide(EvolutionSimulator.layer()))
  )

  it.scoped("Buffers of an event become base64 text at any depth", () =>
    Effect.gen(function* () {
      const simulator = yield* EvolutionSimulator
      const socket = yield* dialSimulator(simulator)
      yield* socket.join("/")
      const bytes = (number: number) => Buffer.from([0, 255, number])
      const messages = Array.from({ length: 40 }, (_, number) => ({
        key: { id: `M${number}` },
        message: { image: [{ mediaKey: bytes(number), fileSha256: Uint8Array.of(number) }] }
      }))
      simulator.emit("shop-1", "messages.set", messages)
      simulator.emit("shop-1", "call", { after: true })
      const events = yield* firstOf(socket, 2)
      expect([...events].map(({ payload }) => payload)).toMatchObject([
        {
          event: "messages.set",
          data: messages.map(({ key }, number) => ({
            key,
            message: {
              image: [
                {
                  mediaKey: bytes(number).toString("base64"),
                  fileSha256: Buffer.from([number]).toString("base64")
                }
              ]
            }
          }))
        },
        { data: { after: true } }
      ])
    }).pipe(Effect.provide(EvolutionSimulator.layer()))
  )

  it.scoped("pull ends after end with the events received before", () =>
    Effect.gen(function* () {
      const socket = yield* joined('42["a",1]', '42["b",2]')
      yield* socket.received
      yield* socket.end
      expect(yield* everything(socket)).toEqual({
        events: [
          ["a", 1],
          ["b", 2]
        ],
        end: null
      })
    })
  )

  it.scoped("an event has the time of its receipt, not of its reading", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_000)
      const socket = yield* joined('42["a",1]')
      yield* socket.received
      yield* TestClock.adjust("5 seconds")
      const [event] = yield* firstOf(socket, 1)
      expect(seen(event)).toMatchObject({ name: "a", payload: 1, receivedAt: 1_000 })
    })
  )
})

describe("the end of a Socket.IO link", () => {
  it.scoped.each([
    ["the server disconnects us", ["41"], "ConnectionLost"],
    ["the server closes the session", ["1"], "ConnectionLost"],
    ["the server takes the namespace back", ['44{"message":"gone"}'], "NamespaceRefused"],
    ["a packet is of no known type", ["49"], "ProtocolViolation"],
    ["a packet is empty", ["4"], "ProtocolViolation"],
    ["a packet is no JSON", ['42["b",'], "ProtocolViolation"],
    ["an event has a reserved name", ['42["connect",1]'], "ProtocolViolation"],
    ["bytes belong to no event", [Buffer.from([1])], "ProtocolViolation"],
    [
      "text comes where bytes are due",
      ['451-["b",{"_placeholder":true,"num":0}]', '42["c",1]'],
      "ProtocolViolation"
    ],
    [
      "an event's bytes are not there",
      ['451-["b",{"_placeholder":true,"num":9}]', Buffer.from([1])],
      "ProtocolViolation"
    ]
  ] as const)("pull fails when %s, after the events before it", ([, frames, _tag]) =>
    Effect.gen(function* () {
      const socket = yield* joined('42["a",1]', '42["a",2]', ...frames, '42["late",3]')
      expect(yield* everything(socket)).toMatchObject({
        events: [
          ["a", 1],
          ["a", 2]
        ],
        end: { _tag }
      })
    })
  )
})
