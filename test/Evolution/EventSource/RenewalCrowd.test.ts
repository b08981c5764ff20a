import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope, TestClock } from "effect"
import { listened, lost, settle } from "./Exchange.ts"

describe("renewals requested while one is under way", () => {
  it.scoped("renewals run one after the other, with at most two connections", () =>
    Effect.gen(function* () {
      const { link, server } = yield* listened
      const there = () => server.connections.filter(({ isLeft }) => !isLeft).length
      let most = 0
      server.beforeDial = Effect.sync(() => {
        most = Math.max(most, there() + 1)
      })
      const renewing: Array<Fiber.Fiber<void, unknown>> = []
      for (let asked = 0; asked < 5; asked++) {
        renewing.push(yield* Effect.fork(link.renew))
        yield* TestClock.adjust("1 second")
      }
      yield* TestClock.adjust("30 seconds")
      yield* Fiber.joinAll(renewing)
      expect([most, there()]).toEqual([2, 1])
    })
  )

  it.scoped("renewals requested by several instances before one begins share that one", () =>
    Effect.gen(function* () {
      const { link, server } = yield* listened
      const first = yield* Effect.fork(link.renew)
      yield* settle
      // Their fault may be on the first new connection too, so a second one is dialled.
      const others = yield* Effect.replicateEffect(Effect.fork(link.renew), 500)
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(first)
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.joinAll(others)
      expect(server.connections.length).toBe(3)
    })
  )

  it.scoped("renewals that share one fail together, and the next one dials again", () =>
    Effect.gen(function* () {
      const { link, server } = yield* listened
      let dials = 0
      server.beforeDial = Effect.suspend(() => {
        dials++
        return Effect.delay(Effect.fail(lost), "10 seconds")
      })
      yield* Effect.fork(Effect.ignore(link.renew))
      yield* settle
      const others = yield* Effect.replicateEffect(Effect.fork(Effect.flip(link.renew)), 5)
      yield* TestClock.adjust("20 seconds")
      expect(yield* Fiber.join(Fiber.all(others))).toEqual(Array(5).fill(lost))
      expect(dials).toBe(2)
      server.beforeDial = Effect.void
      const next = yield* Effect.fork(link.renew)
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(next)
      expect(server.connections.length).toBe(2)
    })
  )

  it.scoped("a renewal whose caller was interrupted is not shared", () =>
    Effect.gen(function* () {
      const { link, server } = yield* listened
      yield* Effect.fork(link.renew)
      const leaving = yield* Effect.fork(link.renew)
      const staying = yield* Effect.fork(link.renew)
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.interrupt(leaving)
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(staying)
      expect(server.connections.map(({ isLeft }) => isLeft)).toEqual([true, true, true, false])
    })
  )

  it.scoped("a second renewal at once repeats no event of the first", () =>
    Effect.gen(function* () {
      const { link, read, server } = yield* listened
      // A closing handshake takes a few turns of the event loop.
      server.goodbye = Effect.replicateEffect(Effect.yieldNow(), 20, { discard: true })
      yield* Effect.fork(link.renew)
      const second = yield* Effect.fork(link.renew)
      yield* settle
      yield* server.broadcast(1, 2)
      yield* TestClock.adjust("2 seconds")
      yield* server.broadcast(3)
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(second)
      yield* server.broadcast(4)
      yield* settle
      expect(read).toEqual([1, 2, 3, 4])
    })
  )

  it.scoped("a second renewal loses no event while the reader is behind the first", () =>
    Effect.gen(function* () {
      const { goesOn, link, read, server } = yield* listened
      yield* goesOn.close
      yield* server.broadcast(1)
      yield* settle
      yield* Effect.fork(link.renew)
      yield* settle
      yield* server.broadcast(2)
      yield* TestClock.adjust("2 seconds")
      // The old socket is read no further; only its queue is.
      yield* server.broadcast(3)
      yield* Effect.fork(link.renew)
      yield* settle
      yield* server.broadcast(4)
      yield* TestClock.adjust("2 seconds")
      yield* goesOn.open
      yield* TestClock.adjust("10 seconds")
      yield* server.broadcast(5)
      yield* settle
      expect(read).toEqual([1, 2, 3, 4, 5])
      expect(server.connections.filter(({ isLeft }) => !isLeft).length).toBe(1)
    })
  )

  it.scoped("renewals whose link is gone before their turn dial no more", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { link, server } = yield* Scope.extend(listened, scope)
      yield* Effect.fork(link.renew)
      const second = yield* Effect.fork(link.renew)
      yield* TestClock.adjust("1 second")
      yield* Scope.close(scope, Exit.void)
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.await(second)
      expect(server.connections.map(({ isLeft }) => isLeft)).toEqual([true, true])
    })
  )
})
