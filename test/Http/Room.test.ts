import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { Room } from "../../src/Http/Room.ts"

const MiB = 1024 * 1024
const room = Effect.map(Room, () => Room.defaultValue())
const settle = Effect.replicateEffect(Effect.yieldNow(), 50)

const waits = (fiber: Fiber.RuntimeFiber<unknown>) =>
  Effect.map(Fiber.poll(fiber), ({ _tag }) => _tag === "None")

describe("the room for pages", () => {
  it.effect("lets pages be read, one at a time, until 16 MiB are held", () =>
    Effect.gen(function* () {
      const { hold, isFull, turn } = yield* room
      const release = hold(Buffer.alloc(15 * MiB), () => undefined)
      expect(isFull()).toBe(false)
      expect(yield* turn(Effect.succeed("read"))).toBe("read")
      hold(Buffer.alloc(2 * MiB), () => undefined)
      expect(isFull()).toBe(true)
      const fiber = yield* Effect.fork(turn(Effect.void))
      yield* settle
      expect(yield* waits(fiber)).toBe(true)
      release()
      yield* Fiber.join(fiber)
    })
  )

  it.effect("counts a page that many share once, and small ones not at all", () =>
    Effect.gen(function* () {
      const { hold, isFull } = yield* room
      const page = Buffer.alloc(9 * MiB)
      const releases = [hold(page, () => undefined), hold(page, () => undefined)]
      for (let nth = 0; nth < 5000; nth++) hold(Buffer.alloc(8 * 1024), () => undefined)
      expect(isFull()).toBe(false)
      releases[0]?.()
      releases[0]?.()
      hold(Buffer.alloc(7 * MiB), () => undefined)
      expect(isFull()).toBe(true)
      releases[1]?.()
      expect(isFull()).toBe(false)
    })
  )

  it.effect("cuts off those who hold a page for 10 s while others wait, and nobody else", () =>
    Effect.gen(function* () {
      const { hold, turn } = yield* room
      const cut: Array<string> = []
      const holder = (name: string, size: number) => {
        const release = hold(Buffer.alloc(size), () => {
          cut.push(name)
          release()
        })
      }
      holder("stalled", 16 * MiB)
      yield* TestClock.adjust("1 hour")
      expect(cut).toEqual([])
      const fiber = yield* Effect.fork(turn(Effect.void))
      yield* TestClock.adjust("9 seconds")
      holder("late", MiB)
      yield* TestClock.adjust("1 seconds")
      yield* Fiber.join(fiber)
      expect(cut).toEqual(["stalled"])
    })
  )

  it.effect("admits the next when one that waits goes away", () =>
    Effect.gen(function* () {
      const { hold, turn } = yield* room
      const release = hold(Buffer.alloc(16 * MiB), () => undefined)
      const gone = yield* Effect.fork(turn(Effect.void))
      yield* settle
      const next = yield* Effect.fork(turn(Effect.void))
      yield* settle
      yield* Fiber.interrupt(gone)
      expect(yield* waits(next)).toBe(true)
      release()
      yield* Fiber.join(next)
    })
  )
})
