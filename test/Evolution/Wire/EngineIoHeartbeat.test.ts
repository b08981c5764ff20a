import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Queue, TestClock } from "effect"
import type { WebSocket } from "ws"
import * as EngineIo from "../../../src/Evolution/Wire/EngineIo.ts"
import { EvolutionSimulator } from "../../../src/Testing/mod.ts"
import { openPacket, scriptedServer } from "../../support/ScriptedServer.ts"

/** A link to a server that sends when the test says so, and queues the frames it gets. */
const linked = Effect.gen(function* () {
  const heard = yield* Queue.unbounded<string>()
  const sockets = yield* Queue.unbounded<WebSocket>()
  const { url } = yield* scriptedServer((socket) => {
    socket.on("message", (data) => heard.unsafeOffer(data.toString()))
    socket.send(openPacket)
    sockets.unsafeOffer(socket)
  })
  const engine = yield* EngineIo.connect({ url, headers: {} })
  const socket = yield* Queue.take(sockets)
  /** Sends a ping and waits for its answer. */
  const beat = Effect.zipRight(
    Effect.sync(() => socket.send("2")),
    Queue.take(heard)
  )
  return { engine, socket, beat }
})

/** Evolution's `pingInterval` and `pingTimeout` together. */
const patience = 45_000
const missed = { _tag: "Some", value: { _tag: "HeartbeatMissed", millis: patience } }

describe("the heartbeat", () => {
  it.scoped("a heartbeat is missed after interval and timeout without a ping, and not before", () =>
    Effect.gen(function* () {
      const { engine } = yield* linked
      const end = yield* Effect.fork(Effect.flip(engine.pull))
      yield* TestClock.adjust(patience - 1)
      expect(end.unsafePoll()).toBeNull()
      yield* TestClock.adjust(1)
      expect(yield* Fiber.join(end)).toMatchObject(missed)
    })
  )

  it.scoped("the first heartbeat's time counts from the open packet", () =>
    Effect.gen(function* () {
      const sockets = yield* Queue.unbounded<WebSocket>()
      const { url } = yield* scriptedServer((socket) => {
        // `ws` answers a ping by itself once it has seen the upgrade.
        socket.once("pong", () => sockets.unsafeOffer(socket))
        socket.ping()
      })
      const dialling = yield* Effect.fork(EngineIo.connect({ url, headers: {} }))
      const socket = yield* Queue.take(sockets)
      yield* TestClock.adjust("9 seconds")
      socket.send(openPacket)
      const engine = yield* Fiber.join(dialling)
      const end = yield* Effect.fork(Effect.flip(engine.pull))
      yield* TestClock.adjust(patience - 1)
      expect(end.unsafePoll()).toBeNull()
      yield* TestClock.adjust(1)
      expect(yield* Fiber.join(end)).toMatchObject(missed)
    })
  )

  it.scoped("each ping is answered and restarts the heartbeat's time", () =>
    Effect.gen(function* () {
      const { beat, engine } = yield* linked
      const end = yield* Effect.fork(Effect.flip(engine.pull))
      for (const pause of [25_000, patience - 1, 1]) {
        yield* TestClock.adjust(pause)
        expect(yield* beat).toBe("3")
      }
      yield* TestClock.adjust(patience - 1)
      expect(end.unsafePoll()).toBeNull()
      yield* TestClock.adjust(1)
      expect(yield* Fiber.join(end)).toMatchObject(missed)
    })
  )

  it.scoped("messages without pings do not count as a heartbeat", () =>
    Effect.gen(function* () {
      const { engine, socket } = yield* linked
      yield* TestClock.adjust(patience - 1)
      socket.send("4still here")
      yield* engine.pull
      yield* TestClock.adjust(1)
      expect(yield* Effect.flip(engine.pull)).toMatchObject(missed)
    })
  )

  it.scoped("a ping is answered before the queue is read", () =>
    Effect.gen(function* () {
      const { beat, engine, socket } = yield* linked
      for (let count = 0; count < 500; count++) socket.send(`4${count}`)
      expect(yield* beat).toBe("3")
      expect(yield* engine.pull).toHaveLength(500)
    })
  )

  it.scoped("a missed heartbeat cuts the socket without a closing handshake", () =>
    Effect.gen(function* () {
      const { engine, socket } = yield* linked
      const closed = yield* Effect.fork(
        Effect.async<number>((resume) => {
          socket.once("close", (code) => resume(Effect.succeed(code)))
        })
      )
      yield* TestClock.adjust(patience)
      expect(yield* Effect.flip(engine.pull)).toMatchObject(missed)
      expect(yield* Fiber.join(closed)).toBe(1006)
    })
  )

  it.scoped("the heartbeat follows the intervals of the official server", () =>
    Effect.gen(function* () {
      const { apiKey, url } = yield* EvolutionSimulator
      const engine = yield* EngineIo.connect({ url: new URL(url), headers: { apikey: apiKey } })
      const end = yield* Effect.fork(Effect.flip(engine.pull))
      yield* TestClock.adjust("6999 millis")
      expect(end.unsafePoll()).toBeNull()
      yield* TestClock.adjust("1 millis")
      expect(yield* Fiber.join(end)).toMatchObject({
        value: { _tag: "HeartbeatMissed", millis: 7_000 }
      })
    }).pipe(Effect.provide(EvolutionSimulator.layer({ pingInterval: 4_000, pingTimeout: 3_000 })))
  )

  it.scopedLive("the official server keeps a link whose pings we answer", () =>
    Effect.gen(function* () {
      const simulator = yield* EvolutionSimulator
      const { apiKey, url } = simulator
      const engine = yield* EngineIo.connect({ url: new URL(url), headers: { apikey: apiKey } })
      yield* engine.send("0")
      yield* engine.pull
      // Real time, for the server's pings: without a pong it closes the link after 700 ms.
      yield* Effect.sleep("1 second")
      simulator.emitRaw("still.here")
      expect([...(yield* engine.pull)]).toMatchObject([{ data: Buffer.from('2["still.here"]') }])
    }).pipe(Effect.provide(EvolutionSimulator.layer({ pingInterval: 100, pingTimeout: 600 })))
  )
})
