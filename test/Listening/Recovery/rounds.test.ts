import { describe, expect, it } from "@effect/vitest"
import { Clock, Effect, Fiber, TestClock } from "effect"
import { row } from "./Evolution.ts"
import { makeWorld, shop } from "./World.ts"

/** A gap that is open for 300 s; one message was sent long ago, and one just now. */
const deaf = Effect.gen(function* () {
  const world = yield* makeWorld()
  yield* TestClock.adjust("1 hour")
  const now = yield* Clock.currentTimeMillis
  const seconds = Math.floor(now / 1000)
  world.evolution.stores(shop, [row("OLD", seconds - 200), row("YOUNG", seconds - 3)])
  yield* world.ledger.open(shop, now - 300_000, "not_broadcast")
  const round = Effect.gen(function* () {
    const fiber = yield* Effect.fork(world.recovery.round(shop))
    yield* TestClock.adjust("10 seconds")
    return yield* Fiber.join(fiber)
  })
  return { ...world, round }
})

describe("A round of an open gap", () => {
  it.scoped("fetches what is old enough, leaves the rest, and keeps the gap open", () =>
    Effect.gen(function* () {
      const { ledger, messages, round } = yield* deaf
      expect(yield* round).toBe(true)
      expect(messages().map(({ id }) => id)).toEqual(["OLD"])
      expect(ledger.summary(shop).open).toMatchObject({
        cause: "not_broadcast",
        to: null,
        fetched: 1
      })
      yield* TestClock.adjust("2 minutes")
      yield* round
      expect(messages().map(({ id }) => id)).toEqual(["OLD", "YOUNG"])
      expect(ledger.summary(shop).open).toMatchObject({ fetched: 2 })
    })
  )

  it.scoped("is followed by a back-fill of the whole gap when it closes", () =>
    Effect.gen(function* () {
      const { evolution, ledger, messages, recovery, round, verdict } = yield* deaf
      yield* round
      yield* TestClock.adjust("2 minutes")
      yield* round
      // Evolution stored it after the rounds that would have found it by its time.
      const seconds = Math.floor((yield* Clock.currentTimeMillis) / 1000)
      evolution.stores(shop, [row("LATE", seconds - 300)])
      yield* ledger.close(shop)
      yield* recovery.wake(shop)
      yield* TestClock.adjust("10 minutes")
      expect(
        messages()
          .map(({ id }) => id)
          .sort()
      ).toEqual(["LATE", "OLD", "YOUNG"])
      expect(verdict()).toMatchObject({ recovered: true, fetched: 3 })
    })
  )

  it.scoped("does nothing for a gap of a link that is down", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      const now = yield* Clock.currentTimeMillis
      yield* world.ledger.open(shop, now - 300_000, "connection_lost")
      expect(yield* world.recovery.round(shop)).toBe(true)
      expect(world.evolution.asked).toEqual([])
    })
  )
})
