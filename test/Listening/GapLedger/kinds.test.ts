import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import * as Gap from "../../../src/Domain/Gap.ts"
import { at, makeWorld, millis, settle, shop, stored } from "./World.ts"

describe("a subscription that was not whole, after a lost link", () => {
  it.scoped.each([
    ["it touches the gap of the link", 60],
    ["it overlaps with that", 10]
  ] as const)("is an entry of its own, with its own cause, although %s", ([, from]) =>
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
      // Whichever of them is lost next goes on with its own kind.
      yield* ledger.open(shop, millis(60), "heartbeat_missed")
      expect(ledger.summary(shop).open).toEqual({ ...lost, to: null })
    })
  )

  it.scoped("goes on when it is found again and again", () =>
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

  it.scoped("is drawn out when a hundred gaps wait, and not the link's", () =>
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

describe("what back-fill has come to", () => {
  it.scoped("is of no account when the gap was not over after all", () =>
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

  it.scoped("is of no account when the instance was deleted", () =>
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
