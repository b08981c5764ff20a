import { setImmediate } from "node:timers/promises"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Queue, Scope, TestClock } from "effect"
import type { WebSocket } from "ws"
import * as EngineIo from "../../../src/Evolution/Wire/EngineIo.ts"
import { openPacket, scriptedServer } from "../../support/ScriptedServer.ts"

const megabyte = 1024 * 1024
/** One read of the socket. A frame that ends in the next read is queued whole. */
const oneRead = 64 * 1024

/** Waits until the server's buffer has not changed for many turns of the event loop. */
const standstill = async (socket: WebSocket): Promise<void> => {
  let waiting = socket.bufferedAmount
  for (let still = 0; still < 300; still++) {
    await setImmediate()
    if (socket.bufferedAmount !== waiting) still = 0
    waiting = socket.bufferedAmount
  }
}

/** A link without a reader whose server has sent so many messages of this size. */
const flooded = Effect.fn(function* (count: number, size: number) {
  const sockets = yield* Queue.unbounded<WebSocket>()
  const { url } = yield* scriptedServer((socket) => {
    socket.send(openPacket)
    sockets.unsafeOffer(socket)
  })
  const engine = yield* EngineIo.connect({ url, headers: {} })
  const socket = yield* Queue.take(sockets)
  for (let number = 0; number < count; number++) socket.send(`4${number}`.padEnd(size, " "))
  yield* Effect.promise(() => standstill(socket))
  return { engine, socket }
})

/** Pulls `count` messages and gives their numbers. */
const pullAll = Effect.fn(function* (engine: EngineIo.EngineIo, count: number) {
  const numbers: Array<number> = []
  while (numbers.length < count)
    for (const { data } of yield* engine.pull) numbers.push(Number(data.toString()))
  return numbers
})

const upTo = (count: number) => Array.from({ length: count }, (_, number) => number)

describe("a flood of frames without a reader", () => {
  it.scoped("a flood waits at the server beyond 1 MB and is then read whole and in order", () =>
    Effect.gen(function* () {
      const { engine, socket } = yield* flooded(4_096, 16 * 1024)
      // The kernel's buffers hold a part; most of the 64 MB is still at the server.
      expect(socket.bufferedAmount).toBeGreaterThan(32 * megabyte)
      expect(yield* engine.heard).toMatchObject({ isHeldBack: true })
      const first = [...(yield* engine.pull)]
      const queued = first.reduce((sum, { data }) => sum + data.length, 0)
      expect(queued).toBeGreaterThan(0.75 * megabyte)
      expect(queued).toBeLessThanOrEqual(megabyte + oneRead + 16 * 1024)
      const rest = yield* pullAll(engine, 4_096 - first.length)
      expect([...first.map(({ data }) => Number(data.toString())), ...rest]).toEqual(upTo(4_096))
    })
  )

  it.scoped("a flood of small messages is held back by their number", () =>
    Effect.gen(function* () {
      const size = 1_000
      const { engine } = yield* flooded(20_000, size)
      const first = yield* engine.pull
      expect(first.length).toBeGreaterThan(1_000)
      expect(first.length).toBeLessThanOrEqual(1_024 + Math.ceil(oneRead / size) + 1)
      expect(yield* pullAll(engine, 20_000 - first.length)).toHaveLength(20_000 - first.length)
    })
  )

  it.scoped("a paused socket misses no heartbeat", () =>
    Effect.gen(function* () {
      const { engine, socket } = yield* flooded(1_024, 16 * 1024)
      yield* TestClock.adjust("10 minutes")
      expect(yield* pullAll(engine, 1_024)).toEqual(upTo(1_024))
      socket.send("4after")
      expect([...(yield* engine.pull)]).toMatchObject([{ data: Buffer.from("after") }])
      const end = yield* Effect.fork(Effect.flip(engine.pull))
      yield* TestClock.adjust("44999 millis")
      expect(end.unsafePoll()).toBeNull()
      yield* TestClock.adjust("1 millis")
      expect(yield* Fiber.join(end)).toMatchObject({ value: { _tag: "HeartbeatMissed" } })
    })
  )

  it.scoped("pings are answered again once the flood is read", () =>
    Effect.gen(function* () {
      const { engine, socket } = yield* flooded(1_024, 16 * 1024)
      yield* pullAll(engine, 1_024)
      const pong = yield* Effect.fork(
        Effect.async<string>((resume) => {
          socket.once("message", (data) => resume(Effect.succeed(data.toString())))
        })
      )
      yield* Effect.yieldNow()
      // More than one read of the socket, and less than the bound of the queue.
      for (let count = 0; count < 10; count++) socket.send("4".padEnd(oneRead))
      socket.send("2")
      expect(yield* Fiber.join(pong)).toBe("3")
    })
  )

  it.scoped("messages before the server's close frame are not lost", () =>
    Effect.gen(function* () {
      const { engine, socket } = yield* flooded(1_024, 16 * 1024)
      socket.close(1001, "going away")
      expect(yield* pullAll(engine, 1_024)).toEqual(upTo(1_024))
      expect(yield* Effect.flip(engine.pull)).toMatchObject({
        value: { _tag: "ConnectionLost", code: 1001, reason: "going away" }
      })
    })
  )

  it.scoped("the scope closes a link whose flood is not read", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { socket } = yield* Scope.extend(flooded(1_024, 16 * 1024), scope)
      const closed = yield* Effect.fork(
        Effect.async<void>((resume) => {
          socket.once("close", () => resume(Effect.void))
        })
      )
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(closing)
      yield* Fiber.join(closed)
    })
  )
})
