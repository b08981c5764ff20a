import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Scope } from "effect"
import * as Connections from "../../../src/Delivery/Sink/Connections.ts"

/** Connections that count: opened, and closed. */
const counted = (before: (count: number) => Effect.Effect<void, string> = () => Effect.void) => {
  const closed: Array<number> = []
  const retires: Array<() => void> = []
  let opened = 0
  return {
    closed,
    retires,
    opened: () => opened,
    open: (retire: () => void) =>
      Effect.suspend(() => {
        const count = ++opened
        retires.push(retire)
        return Effect.acquireRelease(Effect.as(before(count), count), () =>
          Effect.sync(() => closed.push(count))
        )
      })
  }
}

const number = (count: number) => Effect.succeed(count)

describe("a shared connection", () => {
  it.scoped("is opened at the first use, once for all of them", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { open, opened } = counted(() => Deferred.await(gate))
      const { use } = yield* Connections.make(open)
      expect(opened()).toBe(0)
      const uses = yield* Effect.fork(
        Effect.all([use(number), use(number), use(number)], { concurrency: "unbounded" })
      )
      yield* Effect.yieldNow()
      yield* Deferred.succeed(gate, undefined)
      expect(yield* Fiber.join(uses)).toEqual([1, 1, 1])
      expect(yield* use(number)).toBe(1)
    })
  )

  it.scoped("fails for all who wait, and is tried again at the next use", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { open, opened } = counted((count) =>
        count === 1 ? Effect.zipRight(Deferred.await(gate), Effect.fail("down")) : Effect.void
      )
      const { use } = yield* Connections.make(open)
      const uses = yield* Effect.fork(
        Effect.all([Effect.either(use(number)), Effect.either(use(number))], {
          concurrency: "unbounded"
        })
      )
      yield* Effect.yieldNow()
      yield* Deferred.succeed(gate, undefined)
      const failed = yield* Fiber.join(uses)
      expect(failed.map(({ _tag }) => _tag)).toEqual(["Left", "Left"])
      expect(opened()).toBe(1)
      expect(yield* use(number)).toBe(2)
    })
  )

  it.scoped("goes on opening when one of those who wait is interrupted", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { open } = counted(() => Deferred.await(gate))
      const { use } = yield* Connections.make(open)
      const first = yield* Effect.fork(use(number))
      const second = yield* Effect.fork(use(number))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(first)
      yield* Deferred.succeed(gate, undefined)
      expect(yield* Fiber.join(second)).toBe(1)
    })
  )

  it.scoped("is replaced when it is retired, and closed when its last use is over", () =>
    Effect.gen(function* () {
      const { closed, open } = counted()
      const { use } = yield* Connections.make(open)
      const gate = yield* Deferred.make<void>()
      const slow = yield* Effect.fork(use(() => Deferred.await(gate)))
      yield* Effect.yieldNow()
      yield* use((_, retire) => Effect.sync(retire))
      expect(yield* use(number)).toBe(2)
      expect(closed).toEqual([])
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(slow)
      yield* Effect.yieldNow()
      expect(closed).toEqual([1])
    })
  )

  it.scoped("that ended by itself is closed at the next use", () =>
    Effect.gen(function* () {
      const { closed, open, retires } = counted()
      const { use } = yield* Connections.make(open)
      yield* use(number)
      retires[0]?.()
      retires[0]?.()
      expect(yield* use(number)).toBe(2)
      yield* Effect.yieldNow()
      expect(closed).toEqual([1])
    })
  )

  it.effect("is closed with its scope, also while it is opened", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { closed, open } = counted((count) => (count === 2 ? Effect.never : Effect.void))
      const { use } = yield* Scope.extend(Connections.make(open), scope)
      yield* use((_, retire) => Effect.sync(retire))
      const waits = yield* Effect.fork(use(number))
      yield* Effect.yieldNow()
      yield* Scope.close(scope, Exit.void)
      expect(Exit.isInterrupted(yield* Fiber.await(waits))).toBe(true)
      expect(closed).toEqual([1])
    })
  )
})
