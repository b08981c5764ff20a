import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Option, TestClock } from "effect"
import * as Gap from "../../src/Domain/Gap.ts"
import { at, bar, makeWorld, millis, settle, shop, stored, type World } from "./World.ts"

/** Whether somebody who began to wait is done with it. */
const waitFor = ({ ledger }: World, instance = shop) =>
  Effect.map(Effect.fork(ledger.awaitPending(instance)), (fiber) =>
    Effect.zipRight(settle, Effect.map(Fiber.poll(fiber), Option.isSome))
  )

describe("whoever waits for a gap to fetch", () => {
  it.scoped("waits until one of the instance closes, and not for an open one", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      const { ledger } = world
      const isDone = yield* waitFor(world)
      yield* ledger.open(shop, millis(-5), "connection_lost")
      yield* ledger.open(bar, millis(-5), "connection_lost")
      yield* ledger.close(bar)
      expect(yield* isDone).toBe(false)
      yield* ledger.close(shop)
      expect(yield* isDone).toBe(true)
    })
  )

  it.scoped("does not wait while there is one, and waits again when it has its verdict", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld({ unfinished: [stored(-60, -50)] })
      const { ledger } = world
      expect(yield* yield* waitFor(world)).toBe(true)
      const [gap] = ledger.pending(shop)
      if (gap === undefined) throw new Error("There is no gap")
      yield* ledger.update(Gap.unrecovered(gap, "later", at(600)))
      expect(yield* yield* waitFor(world)).toBe(true)
      yield* ledger.update(Gap.recovered(gap))
      for (const cause of ["connection_lost", "heartbeat_missed"] as const) {
        const isDone = yield* waitFor(world)
        expect(yield* isDone).toBe(false)
        yield* ledger.open(shop, millis(-5), cause)
        yield* ledger.close(shop)
        expect(yield* isDone).toBe(true)
        for (const one of ledger.pending(shop)) yield* ledger.update(Gap.recovered(one))
      }
    })
  )

  it.scoped("is told, however many wait", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      const waiting = yield* Effect.replicateEffect(waitFor(world), 3)
      yield* settle
      yield* world.ledger.open(shop, millis(-5), "connection_lost")
      yield* world.ledger.close(shop)
      expect(yield* Effect.all(waiting)).toEqual([true, true, true])
    })
  )
})

describe("the ledger of an instance that is deleted", () => {
  it.scoped("gives up what was left to try, says so, and knows of nothing any more", () =>
    Effect.gen(function* () {
      const waiting = [stored(-600, -500), stored(-400, -300)]
      const { gaps, ledger } = yield* makeWorld({ unfinished: waiting, lost: [["shop-1", 7]] })
      yield* ledger.open(shop, millis(-5), "connection_lost")
      yield* ledger.open(bar, millis(-5), "connection_lost")
      const { open } = ledger.summary(shop)
      yield* TestClock.adjust("10 seconds")
      yield* settle
      const before = gaps().length
      yield* ledger.forget(shop)
      expect(ledger.summary(shop)).toEqual({ open: null, unrecovered: 0 })
      expect(ledger.pending(shop)).toEqual([])
      expect(ledger.summary(bar).open).not.toBeNull()
      yield* settle
      const closed = { ...open, to: at(10), recovered: false, note: "The instance was deleted" }
      const givenUp = waiting.map((gap) => Gap.unrecovered(gap, "The instance was deleted"))
      const told = gaps().slice(before)
      expect(told.filter(({ id }) => id === open?.id).at(-1)).toEqual(closed)
      expect(told.filter(({ id }) => id !== open?.id)).toEqual(givenUp)
    })
  )

  it.scoped("begins anew when another one bears its name", () =>
    Effect.gen(function* () {
      const { ledger } = yield* makeWorld()
      yield* ledger.open(shop, millis(-5), "connection_lost")
      const { open } = ledger.summary(shop)
      yield* ledger.forget(shop)
      yield* ledger.open(shop, millis(-5), "not_reached")
      const again = ledger.summary(shop)
      expect(again).toMatchObject({ open: { cause: "not_reached" }, unrecovered: 0 })
      expect(again.open?.id).not.toBe(open?.id)
    })
  )
})

describe("the ledger of a service that stops", () => {
  it.scoped("does not hand over again what ingest has taken in", () =>
    Effect.gen(function* () {
      const { close, ingest, ledger, taken } = yield* makeWorld()
      yield* ingest.close
      yield* ledger.open(shop, millis(-5), "connection_lost")
      yield* settle
      yield* ledger.open(bar, millis(-5), "connection_lost")
      const closing = yield* Effect.fork(close)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(closing)
      expect(taken.map(({ instance }) => instance)).toEqual([shop, bar])
    })
  )

  it.scoped("hands over what ingest had no room for, as soon as it has", () =>
    Effect.gen(function* () {
      const { close, gaps, ledger, room } = yield* makeWorld()
      yield* room.close
      yield* ledger.open(shop, millis(-5), "connection_lost")
      yield* settle
      const closing = yield* Effect.fork(close)
      yield* TestClock.adjust("400 millis")
      yield* room.open
      yield* Fiber.join(closing)
      expect(gaps()).toMatchObject([{ instance: shop, to: null }])
    })
  )
})
