import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Queue, TestClock } from "effect"
import type { WebSocket } from "ws"
import * as EngineIo from "../../../src/Evolution/Wire/EngineIo.ts"
import { EvolutionSimulator } from "../../support/EvolutionSimulator.ts"
import { openPacket, scriptedServer } from "../../support/ScriptedServer.ts"

/** A link to a server that speaks when told to; what it hears can be taken. */
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
  it.scoped("is missed after an interval and a timeout without a ping, and not before", () =>
    Effect.gen(function* () {
      const { engine } = yield* linked
      const end = yield* Effect.fork(Effect.flip(engine.pull))
      yield* TestClock.adjust(patience - 1)
      expect(end.unsafePoll()).toBeNull()
      yield* TestClock.adjust(1)
      expect(yield* Fiber.join(end)).toMatchObject(missed)
    })
  )

  it.scoped("is first due counted from the open packet, however long that took", () =>
    Effect.gen(function* () {
      const sockets = yield* Queue.unbounded<WebSocket>()
      const { url } = yield* scriptedServer((socket) => {
        // The client's library answers this by itself, once it has seen the upgrade.
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

  it.scoped("starts anew with each ping, and each is answered", () =>
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

  it.scoped("is not kept up by messages alone", () =>
    Effect.gen(function* () {
      const { engine, socket } = yield* linked
      yield* TestClock.adjust(patience - 1)
      socket.send("4still here")
      yield* engine.pull
      yield* TestClock.adjust(1)
      expect(yield* Effect.flip(engine.pull)).toMatchObject(missed)
    })
  )

  it.scoped("answers a ping before anything queued is read", () =>
    Effect.gen(function* () {
      const { beat, engine, socket } = yield* linked
      for (let count = 0; count < 500; count++) socket.send(`4${count}`)
      expect(yield* beat).toBe("3")
      expect(yield* engine.pull).toHaveLength(500)
    })
  )

  it.scoped("cuts a server that stopped speaking off, since it would not answer a goodbye", () =>
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

  it.scoped("has the rhythm that the official server announces", () =>
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

  it.scopedLive("is answered to the official server's satisfaction", () =>
    Effect.gen(function* () {
      const simulator = yield* EvolutionSimulator
      const { apiKey, url } = simulator
      const engine = yield* EngineIo.connect({ url: new URL(url), headers: { apikey: apiKey } })
      yield* engine.send("0")
      yield* engine.pull
      // Real time, for its pings: without a pong it would close the link after 700 ms.
      yield* Effect.sleep("1 second")
      simulator.emitRaw("still.here")
      expect([...(yield* engine.pull)]).toMatchObject([{ data: Buffer.from('2["still.here"]') }])
    }).pipe(Effect.provide(EvolutionSimulator.layer({ pingInterval: 100, pingTimeout: 600 })))
  )
})
