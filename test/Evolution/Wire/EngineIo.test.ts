import { setImmediate } from "node:timers/promises"
import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Option, Queue, Scope, TestClock } from "effect"
import type { WebSocket } from "ws"
import * as StopPlan from "../../../src/Concurrency/StopPlan.ts"
import * as EngineIo from "../../../src/Evolution/Wire/EngineIo.ts"
import { EvolutionSimulator } from "../../../src/Testing/mod.ts"
import { openPacket, scriptedServer } from "../../support/ScriptedServer.ts"

const dial = (url: URL) => EngineIo.connect({ url, headers: {} })

/** All messages until the link ends, and its end; `None`: we ended it. */
const everything = Effect.fn(function* (engine: EngineIo.EngineIo) {
  const messages: Array<string> = []
  const end = yield* Effect.forever(
    Effect.tap(engine.pull, (batch) => {
      for (const { data } of batch) messages.push(data.toString())
    })
  ).pipe(Effect.flip)
  return { messages, end: Option.getOrNull(end) }
})

/** A scripted server that records the frames it gets and each socket's end. */
const server = Effect.fn(function* (script: (socket: WebSocket) => void) {
  const heard = yield* Queue.unbounded<string>()
  const closed = yield* Queue.unbounded<number>()
  const { url } = yield* scriptedServer((socket) => {
    socket.on("message", (data) => heard.unsafeOffer(data.toString()))
    socket.on("close", (code) => closed.unsafeOffer(code))
    script(socket)
  })
  return { url, heard, closed }
})

/** A server that opens a session and then sends these frames. */
const saying = (...frames: ReadonlyArray<string | Buffer>) =>
  server((socket) => {
    for (const frame of [openPacket, ...frames]) socket.send(frame)
  })

describe("Engine.IO messages", () => {
  it.scoped("pull gives text and binary messages in order, with the time of their receipt", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_000)
      const { heard, url } = yield* saying("42first", Buffer.from([1, 2]), "6", "42last", "2")
      const engine = yield* dial(url)
      yield* Queue.take(heard)
      const messages = [...(yield* engine.pull)]
      expect(messages).toEqual(
        [
          [Buffer.from("2first"), false],
          [Buffer.from([1, 2]), true],
          [Buffer.from("2last"), false]
        ].map(([data, isBinary]) => ({ data, isBinary, receivedAt: 1_000 }))
      )
    })
  )

  it.scoped("send puts the type of a message before the text", () =>
    Effect.gen(function* () {
      const { heard, url } = yield* saying()
      const engine = yield* dial(url)
      yield* engine.send("0/shop-1,")
      expect(yield* Queue.take(heard)).toBe("40/shop-1,")
    })
  )

  it.scoped("pull gives the messages received before end, and no later ones", () =>
    Effect.gen(function* () {
      const { heard, url } = yield* server((socket) => {
        for (const frame of [openPacket, "4a", "4b", "2"]) socket.send(frame)
        socket.on("message", () => socket.send("4late"))
      })
      const engine = yield* dial(url)
      // Our pong proves that the frames before the ping were received.
      yield* Queue.take(heard)
      yield* engine.end
      expect(yield* everything(engine)).toEqual({ messages: ["a", "b"], end: null })
    })
  )
})

describe("the end of an Engine.IO link", () => {
  it.scoped("pull fails with the close code and reason, after the messages before it", () =>
    Effect.gen(function* () {
      const { url } = yield* server((socket) => {
        for (const frame of [openPacket, "4a", "4b"]) socket.send(frame)
        socket.close(4001, "see you")
      })
      expect(yield* everything(yield* dial(url))).toMatchObject({
        messages: ["a", "b"],
        end: { _tag: "ConnectionLost", code: 4001, reason: "see you" }
      })
    })
  )

  it.scoped("pull fails when the server closes the session but not the socket", () =>
    Effect.gen(function* () {
      const { url } = yield* saying("4a", "1")
      expect(yield* everything(yield* dial(url))).toMatchObject({
        messages: ["a"],
        end: { _tag: "ConnectionLost", code: 1000 }
      })
    })
  )

  it.scoped("pull fails with code 1006 when the socket is cut without a close frame", () =>
    Effect.gen(function* () {
      const { url } = yield* server((socket) => {
        socket.send(openPacket)
        socket.send("4a", () => socket.terminate())
      })
      expect(yield* everything(yield* dial(url))).toMatchObject({
        messages: ["a"],
        end: { _tag: "ConnectionLost", code: 1006 }
      })
    })
  )

  it.scoped("pull fails with code 1006 when the connection is reset", () =>
    Effect.gen(function* () {
      const simulator = yield* EvolutionSimulator
      const engine = yield* EngineIo.connect({
        url: new URL(simulator.url),
        headers: { apikey: simulator.apiKey }
      })
      const end = yield* Effect.fork(everything(engine))
      simulator.drop()
      expect(yield* Fiber.join(end)).toMatchObject({ end: { _tag: "ConnectionLost", code: 1006 } })
    }).pipe(Effect.provide(EvolutionSimulator.layer()))
  )

  it.scoped("connect fails when the link ends before the open packet", () =>
    Effect.gen(function* () {
      const { url } = yield* server((socket) => socket.close(1013, "try again later"))
      expect(yield* Effect.flip(dial(url))).toMatchObject({
        _tag: "ConnectionLost",
        code: 1013,
        reason: "try again later"
      })
    })
  )

  it.scoped("the server gets a close frame when our scope closes", () =>
    Effect.gen(function* () {
      const { closed, url } = yield* saying()
      yield* Effect.scoped(dial(url))
      expect(yield* Queue.take(closed)).toBe(1000)
    })
  )

  it.scoped(
    "the socket is cut after its share of a stop when the server does not answer our close frame",
    () =>
      Effect.gen(function* () {
        const sockets = yield* Queue.unbounded<WebSocket>()
        const { closed, url } = yield* server((socket) => {
          socket.send(openPacket)
          // A paused socket reads no close frame, so it never answers one.
          socket.pause()
          sockets.unsafeOffer(socket)
        })
        const scope = yield* Scope.make()
        yield* Scope.extend(dial(url), scope)
        const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
        yield* TestClock.adjust(Duration.subtract(StopPlan.share("sockets"), "1 millis"))
        expect(closing.unsafePoll()).toBeNull()
        yield* TestClock.adjust("1 millis")
        yield* Fiber.join(closing)
        // A write to a socket that was cut ends it; a socket that only waits takes the write.
        const socket = yield* Queue.take(sockets)
        yield* Effect.promise(async () => {
          for (; socket.readyState === socket.OPEN; await setImmediate()) socket.send("6")
        })
        yield* Queue.take(closed)
      })
  )
})

describe("a server that breaks the Engine.IO protocol", () => {
  it.scoped.each([
    ["an unknown packet", "x"],
    ["an empty packet", ""],
    ["a client's packet", "3"],
    ["an upgrade we did not ask for", "5"]
  ] as const)("the link ends on %s, after the messages before it", ([, frame]) =>
    Effect.gen(function* () {
      const { closed, url } = yield* saying("4a", frame, "4b")
      expect(yield* everything(yield* dial(url))).toMatchObject({
        messages: ["a"],
        end: { _tag: "ProtocolViolation" }
      })
      expect(yield* Queue.take(closed)).toBe(1006)
    })
  )

  it.scoped.each([
    "0",
    "0not json",
    '0{"sid":"s"}',
    '0{"pingInterval":25000,"pingTimeout":0}',
    '0{"pingInterval":"25000","pingTimeout":20000}'
  ])("the link ends on an open packet like %s", (packet) =>
    Effect.gen(function* () {
      const { url } = yield* server((socket) => socket.send(packet))
      expect(yield* Effect.flip(dial(url))).toMatchObject({
        _tag: "ProtocolViolation",
        reason: "unreadable open packet"
      })
    })
  )

  it.scoped.each([
    ["a frame longer than any we take", [0x81, 0x7f, 0, 0, 0, 0, 0x04, 0, 0, 0x01]],
    ["a frame of reserved bits", [0xf1, 0x01, 0x34]],
    ["text that is no UTF-8", [0x81, 0x02, 0x34, 0xff]]
  ] as const)("the link ends on %s, after the messages before it", ([, bytes]) =>
    Effect.gen(function* () {
      const { url } = yield* server((socket) => {
        socket.send(openPacket)
        // The server's own socket, for bytes that no WebSocket library would send.
        socket.send("4a", () => Reflect.get(socket, "_socket").write(Buffer.from(bytes)))
      })
      expect(yield* everything(yield* dial(url))).toMatchObject({
        messages: ["a"],
        end: { _tag: "ProtocolViolation" }
      })
    })
  )
})
