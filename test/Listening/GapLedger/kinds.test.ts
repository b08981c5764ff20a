import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import * as Gap from "../../../src/Domain/Gap.ts"
import { at, makeWorld, millis, settle, shop, stored } from "./World.ts"

describe("The gap of an incomplete subscription", () => {
  it.scoped.each([
    ["touches", 60],
    ["overlaps", 10]
  ] as const)("stays a gap of its own when it %s the gap of a lost link", ([, from]) =>
    Effect.gen(function* () {
      const { ledger } = yield* makeWorld()
      yield* ledger.open(shop, millis(0), "connection_lost")
      yield* TestClock.adjust("1 minute")
      yield* ledger.close(shop)
      const [lost] = ledger.pending(shop)
      yield* ledger.open(shop, millis(from), "not_subscribed")
      const { open } = ledger.summary(shop)
      expect(open).toMatchObject({ cause: "not_subscribed", from: at(from) })
      expect(ledger.pending(shop)).toEqual([lost])
      yield* TestClock.adjust("1 second")
      yield* ledger.close(shop)
      expect(new Set(ledger.pending(shop))).toEqual(new Set([lost, { ...open, to: at(61) }]))
      // The next lost link reopens the gap of the lost link.
      yield* ledger.open(shop, millis(60), "heartbeat_missed")
      expect(ledger.summary(shop).open).toEqual({ ...lost, to: null })
    })
  )

  it.scoped("is reopened each time the subscription is found incomplete", () =>
    Effect.gen(function* () {
      const { ledger } = yield* makeWorld()
      for (const minute of [0, 1, 2]) {
        yield* TestClock.setTime(millis(60 * minute + 60))
        yield* ledger.open(shop, millis(60 * minute), "not_subscribed")
        yield* ledger.close(shop)
      }
      expect(ledger.pending(shop)).toMatchObject([{ from: at(0), to: at(180) }])
    })
  )

  it.scoped("reopens the last gap of its own kind when a hundred are pending", () =>
    Effect.gen(function* () {
      const unfinished = Array.from({ length: 100 }, (_, n) =>
        stored(100 * (n - 100), 100 * (n - 100) + 10, n === 7 ? "not_subscribed" : undefined)
      )
      const { ledger } = yield* makeWorld({ unfinished })
      yield* ledger.open(shop, millis(-5), "not_subscribed")
      expect(ledger.summary(shop).open).toEqual({ ...unfinished[7], to: null })
    })
  )
})

describe("GapLedger.update", () => {
  it.scoped("ignores a verdict on a gap that was reopened meanwhile", () =>
    Effect.gen(function* () {
      const { gaps, ledger } = yield* makeWorld({ unfinished: [stored(-60, -1)] })
      const [gap] = ledger.pending(shop)
      if (gap === undefined) throw new Error("There is no gap")
      yield* ledger.open(shop, millis(-5), "connection_lost")
      const { open } = ledger.summary(shop)
      expect(open?.id).toBe(gap.id)
      yield* ledger.update(Gap.recovered(gap))
      expect(ledger.summary(shop).open).toEqual(open)
      yield* TestClock.adjust("10 seconds")
      yield* ledger.close(shop)
      yield* ledger.update(Gap.recovered(gap))
      expect(ledger.pending(shop)).toEqual([{ ...gap, to: at(10) }])
      yield* settle
      expect(gaps().filter(({ recovered }) => recovered !== null)).toEqual([])
    })
  )

  it.scoped("ignores the progress of a gap whose instance was deleted", () =>
    Effect.gen(function* () {
      const { ledger } = yield* makeWorld({ unfinished: [stored(-60, -1)] })
      const [gap] = ledger.pending(shop)
      if (gap === undefined) throw new Error("There is no gap")
      yield* ledger.forget(shop)
      yield* ledger.update(Gap.progressed(gap, 7, at(-30)))
      expect([ledger.pending(shop), ledger.summary(shop).unrecovered]).toEqual([[], 0])
    })
  )
})
