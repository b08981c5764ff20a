import { setImmediate } from "node:timers/promises"
import { describe, expect, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Queue, TestClock } from "effect"
import type { WebSocket } from "ws"
import * as EngineIo from "../../../src/Evolution/Wire/EngineIo.ts"
import { openPacket, scriptedServer } from "../../support/ScriptedServer.ts"

/** A link to a server that sends frames when the test says so. */
const linked = Effect.gen(function* () {
  const answers = yield* Queue.unbounded<string>()
  const sockets = yield* Queue.unbounded<WebSocket>()
  const { url } = yield* scriptedServer((socket) => {
    socket.on("message", (data) => answers.unsafeOffer(data.toString()))
    socket.send(openPacket)
    sockets.unsafeOffer(socket)
  })
  const engine = yield* EngineIo.connect({ url, headers: {} })
  const socket = yield* Queue.take(sockets)
  /** Sends these frames and a ping. Our pong proves that they were received. */
  const says = (...frames: ReadonlyArray<string | Buffer>) =>
    Effect.zipRight(
      Effect.sync(() => {
        for (const frame of [...frames, "2"]) socket.send(frame)
      }),
      Queue.take(answers)
    )
  return { engine, says, socket }
})

/** More than the queue holds before the socket is paused. */
const flood = (socket: WebSocket, count = 200) =>
  Effect.promise(async () => {
    for (let number = 0; number < count; number++) socket.send(`4${number}`.padEnd(16 * 1024))
    for (let still = 0, before = -1; still < 300; before = socket.bufferedAmount) {
      still = before === socket.bufferedAmount ? still + 1 : 0
      await setImmediate()
    }
  })

const pullAll = Effect.fn(function* (engine: EngineIo.EngineIo, count: number) {
  for (let pulled = 0; pulled < count; ) pulled += (yield* engine.pull).length
})

const heldUntil = (until: number) => ({ until, isHeldBack: true })
const until = (until: number) => ({ until, isHeldBack: false })

describe("heard", () => {
  it.scoped("heard begins at the dial", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(5_000)
      const { engine } = yield* linked
      expect(yield* engine.heard).toEqual(until(5_000))
      yield* TestClock.adjust("20 seconds")
      expect(yield* engine.heard).toEqual(until(5_000))
    })
  )

  it.scoped("heard follows every frame: ping, text and binary", () =>
    Effect.gen(function* () {
      const { engine, says, socket } = yield* linked
      yield* TestClock.adjust("10 seconds")
      yield* says()
      expect(yield* engine.heard).toEqual(until(10_000))
      yield* TestClock.adjust("3 seconds")
      socket.send("4text")
      yield* engine.pull
      expect(yield* engine.heard).toEqual(until(13_000))
      yield* TestClock.adjust("1 second")
      socket.send(Buffer.from([1]))
      yield* engine.pull
      expect(yield* engine.heard).toEqual(until(14_000))
    })
  )

  it.scoped("heard stays at the oldest message that is not read", () =>
    Effect.gen(function* () {
      const { engine, says } = yield* linked
      yield* TestClock.adjust("10 seconds")
      yield* says("4first")
      yield* TestClock.adjust("25 seconds")
      yield* says("4second")
      expect(yield* engine.heard).toEqual(until(10_000))
      yield* engine.pull
      expect(yield* engine.heard).toEqual(until(35_000))
    })
  )

  it.scoped("heard stays at the last frame when the link has ended", () =>
    Effect.gen(function* () {
      const { engine, says, socket } = yield* linked
      yield* TestClock.adjust("10 seconds")
      yield* says("4last")
      yield* TestClock.adjust("5 seconds")
      socket.terminate()
      yield* engine.pull
      yield* Effect.flip(engine.pull)
      yield* TestClock.adjust("5 seconds")
      expect(yield* engine.heard).toEqual(until(10_000))
    })
  )

  it.scoped("heard stays where it is after end", () =>
    Effect.gen(function* () {
      const { engine, says, socket } = yield* linked
      yield* says()
      yield* engine.end
      yield* TestClock.adjust("5 seconds")
      for (let number = 0; number < 10; number++) socket.send(`4${number}`)
      yield* Effect.promise(() => setImmediate())
      expect(yield* engine.heard).toEqual(until(0))
    })
  )
})

describe("heard while the socket is held back", () => {
  it.scoped("heard stands still, since the frames that arrive may be old", () =>
    Effect.gen(function* () {
      const { engine, socket } = yield* linked
      yield* TestClock.adjust("10 seconds")
      yield* flood(socket)
      expect(yield* engine.heard).toEqual(heldUntil(10_000))
      yield* TestClock.adjust("10 minutes")
      socket.send("4more")
      yield* engine.pull
      // The socket is read again, but these frames were sent long ago.
      expect(yield* engine.heard).toEqual(heldUntil(10_000))
      yield* pullAll(engine, 100)
      expect(yield* engine.heard).toEqual(heldUntil(10_000))
    })
  )

  it.scoped("heard stands still when the link ends meanwhile", () =>
    Effect.gen(function* () {
      const { engine, socket } = yield* linked
      yield* TestClock.adjust("10 seconds")
      yield* flood(socket)
      yield* TestClock.adjust("1 minute")
      socket.terminate()
      yield* pullAll(engine, 1)
      yield* Effect.flip(Effect.forever(engine.pull))
      expect(yield* engine.heard).toEqual(heldUntil(10_000))
    })
  )

  it.scoped("heard goes on with the first frame after the backlog is read", () =>
    Effect.gen(function* () {
      const { engine, says, socket } = yield* linked
      yield* flood(socket)
      yield* TestClock.adjust("1 minute")
      yield* pullAll(engine, 200)
      const reading = yield* Effect.forkScoped(Effect.forever(engine.pull))
      // The queue is empty, but the backlog may take a second to arrive.
      yield* says("4soon")
      expect(yield* engine.heard).toEqual(heldUntil(0))
      yield* TestClock.adjust("2 seconds")
      yield* says("4later")
      yield* says("4still later")
      expect(yield* engine.heard).toEqual(until(62_000))
      expect(reading.unsafePoll()).toBeNull()
    })
  )

  it.scoped("heard goes on with pings alone once the backlog is read", () =>
    Effect.gen(function* () {
      const { engine, says, socket } = yield* linked
      yield* flood(socket)
      yield* TestClock.adjust("1 minute")
      yield* pullAll(engine, 200)
      yield* Effect.forkScoped(Effect.forever(engine.pull))
      for (let ping = 1; ping <= 4; ping++) {
        yield* TestClock.adjust("25 seconds")
        yield* says()
      }
      expect(yield* engine.heard).toEqual(until(160_000))
    })
  )
})

describe("a wall clock that jumps", () => {
  /** The wall clock jumps; the monotonic clock goes on as before. */
  const jumping = Effect.gen(function* () {
    const clock = yield* Effect.clock
    let offset = 0
    const now = () => clock.unsafeCurrentTimeMillis() + offset
    const double: Clock.Clock = {
      [Clock.ClockTypeId]: Clock.ClockTypeId,
      unsafeCurrentTimeMillis: now,
      unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos(),
      currentTimeMillis: Effect.sync(now),
      currentTimeNanos: clock.currentTimeNanos,
      sleep: (duration) => clock.sleep(duration)
    }
    const link = yield* Effect.withClock(linked, double)
    return {
      ...link,
      jump: (millis: number) => {
        offset += millis
      }
    }
  })
  const hour = 3_600_000

  it.scoped.each([hour, -hour])("a jump of %s ms does not end a link", (millis) =>
    Effect.gen(function* () {
      const { engine, jump, says } = yield* jumping
      const end = yield* Effect.fork(Effect.flip(engine.pull))
      yield* TestClock.adjust("20 seconds")
      jump(millis)
      yield* TestClock.adjust("24 seconds")
      expect(end.unsafePoll()).toBeNull()
      yield* says()
      yield* TestClock.adjust("44 seconds")
      expect(end.unsafePoll()).toBeNull()
    })
  )

  it.scoped.each([hour, -hour])("a jump of %s ms does not keep a dead link alive", (millis) =>
    Effect.gen(function* () {
      const { engine, jump, says } = yield* jumping
      const end = yield* Effect.fork(Effect.flip(engine.pull))
      yield* says()
      jump(millis)
      yield* TestClock.adjust(44_999)
      expect(end.unsafePoll()).toBeNull()
      yield* TestClock.adjust(1)
      expect(yield* Fiber.join(end)).toMatchObject({ value: { _tag: "HeartbeatMissed" } })
    })
  )

  it.scoped("a frame's time is the wall clock's after the jump", () =>
    Effect.gen(function* () {
      const { engine, jump, says } = yield* jumping
      yield* TestClock.adjust("5 seconds")
      jump(hour)
      yield* says()
      expect(yield* engine.heard).toEqual(until(hour + 5_000))
    })
  )

  it.scoped("a jump does not make the backlog look new", () =>
    Effect.gen(function* () {
      const { engine, jump, socket } = yield* jumping
      yield* flood(socket)
      yield* pullAll(engine, 1)
      jump(hour)
      yield* pullAll(engine, 100)
      expect(yield* engine.heard).toMatchObject({ isHeldBack: true, until: 0 })
    })
  )
})
