import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import * as Gap from "../../../src/Domain/Gap.ts"
import { at, bar, makeWorld, millis, settle, shop, stored } from "./World.ts"

describe("GapLedger.pending", () => {
  it.scoped("returns the closed gaps of one instance", () =>
    Effect.gen(function* () {
      const { ledger } = yield* makeWorld()
      const pending = () => [ledger.pending(shop).length, ledger.pending(bar).length]
      yield* ledger.open(shop, millis(-5), "connection_lost")
      yield* ledger.open(bar, millis(-5), "connection_lost")
      expect(pending()).toEqual([0, 0])
      yield* ledger.close(bar)
      expect(pending()).toEqual([0, 1])
      yield* ledger.close(shop)
      // This instance has no open gap: a second close changes nothing.
      yield* ledger.close(bar)
      expect(pending()).toEqual([1, 1])
    })
  )

  it.scoped("returns a gap until its verdict", () =>
    Effect.gen(function* () {
      const { ledger } = yield* makeWorld({ unfinished: [stored(-60, -50)] })
      const [gap] = ledger.pending(shop)
      if (gap === undefined) throw new Error("There is no gap")
      yield* ledger.update(Gap.retrying(gap, "later", at(600)))
      expect(ledger.pending(shop)).toHaveLength(1)
      yield* ledger.update(Gap.recovered(gap))
      for (const cause of ["connection_lost", "heartbeat_missed"] as const) {
        expect(ledger.pending(shop)).toEqual([])
        yield* ledger.open(shop, millis(-5), cause)
        yield* ledger.close(shop)
        expect(ledger.pending(shop)).toHaveLength(1)
        for (const one of ledger.pending(shop)) yield* ledger.update(Gap.recovered(one))
      }
    })
  )
})

describe("GapLedger.forget", () => {
  it.scoped("gives up and logs all pending gaps of the instance, and drops its counts", () =>
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
      const note = "The instance was deleted"
      const closed = { ...open, to: at(10), recovered: false, note, reason: "deleted" }
      const givenUp = waiting.map((gap) => Gap.lost(gap, "deleted", note))
      const told = gaps().slice(before)
      expect(told.filter(({ id }) => id === open?.id).at(-1)).toEqual(closed)
      expect(told.filter(({ id }) => id !== open?.id)).toEqual(givenUp)
    })
  )

  it.scoped("leaves no gap to a new instance of the same name", () =>
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

describe("The ledger of a stopping service", () => {
  it.scoped("passes no change twice to Ingest", () =>
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

  it.scoped("passes a change to Ingest as soon as the queue has room", () =>
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
