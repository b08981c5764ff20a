import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, TestClock } from "effect"
import { NamespaceRefused, UpgradeRefused } from "../../../src/Domain/LinkError.ts"
import { about } from "../Listener/scenario.ts"
import { neverUp, pacing, passed, shortlyUp, waiting } from "./paces.ts"

const absent = NamespaceRefused.of("/shop-1", "Invalid namespace")
const badKey = UpgradeRefused.of(400, "Invalid global token")

/** Four waiters, each with its own pace and its own reason to wait. */
const oneForEachReason = Effect.gen(function* () {
  const back = yield* Deferred.make<void>()
  let isAway = false
  const { pace } = yield* pacing({
    awaitReturn: Effect.suspend(() => (isAway ? Deferred.await(back) : Effect.never))
  })
  const flapping = yield* pace
  for (let loss = 1; loss <= 10; loss++) yield* passed(flapping, shortlyUp)
  isAway = true
  const wait = Effect.fn(function* (own: typeof flapping, failure: typeof shortlyUp) {
    return Object.assign(yield* waiting(own, failure), { up: own.up })
  })
  const waiters = {
    reconnecting: yield* wait(yield* pace, neverUp()),
    rejoining: yield* wait(yield* pace, neverUp(absent)),
    parked: yield* wait(yield* pace, neverUp(badKey)),
    flapping: yield* wait(flapping, shortlyUp)
  }
  const all = Object.values(waiters)
  expect(all.map(({ planned }) => planned)).toEqual([500, 500, 300_000, 60_000].map(about))
  return { all, back, waiters }
})

describe("Pacing", () => {
  it.scoped("ends only the waits of reconnecting listeners when Evolution is back", () =>
    Effect.gen(function* () {
      const { all, back, waiters } = yield* oneForEachReason
      yield* Deferred.succeed(back, undefined)
      yield* TestClock.adjust(0)
      expect(all.filter(({ dialledAt }) => dialledAt !== undefined)).toEqual([waiters.reconnecting])
    })
  )

  it.scoped("ends every wait when the link is up", () =>
    Effect.gen(function* () {
      const { all } = yield* oneForEachReason
      for (const { up } of all) yield* up
      yield* TestClock.adjust(0)
      expect(all.filter(({ dialledAt }) => dialledAt === undefined)).toEqual([])
    })
  )

  it.scoped("doubles the next delay after a wait that ended early", () =>
    Effect.gen(function* () {
      const { pace } = yield* pacing({ awaitReturn: Effect.sleep("100 millis") })
      const own = yield* pace
      for (const expected of [500, 1000, 2000, 4000]) {
        const waiter = yield* waiting(own, neverUp())
        expect(waiter.planned).toEqual(about(expected))
        yield* TestClock.adjust(100)
        expect(waiter.dialledAt).toBeDefined()
      }
    })
  )

  it.scoped("stops probing Evolution when the wait ends", () =>
    Effect.gen(function* () {
      let asking = 0
      const awaitReturn = Effect.acquireUseRelease(
        Effect.sync(() => asking++),
        () => Effect.never,
        () => Effect.sync(() => asking--)
      )
      const own = yield* Effect.flatMap(pacing({ awaitReturn }), ({ pace }) => pace)
      const waiter = yield* waiting(own, neverUp())
      expect(asking).toBe(1)
      yield* own.up
      yield* Fiber.join(waiter.fiber)
      expect(asking).toBe(0)
      // A parked listener starts no probe.
      yield* waiting(own, neverUp(badKey))
      expect(asking).toBe(0)
    })
  )

  it.scoped("ignores a link that comes up while no listener waits", () =>
    Effect.gen(function* () {
      const own = yield* Effect.flatMap(pacing({}), ({ pace }) => pace)
      yield* own.up
      const waiter = yield* passed(own, neverUp())
      expect(waiter.planned).toEqual(about(500))
      expect(waiter.dialledAt).toBeDefined()
    })
  )
})
