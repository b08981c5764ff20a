import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import * as Gap from "../../../src/Domain/Gap.ts"
import { row } from "./Evolution.ts"
import { at, makeWorld, shop, start } from "./World.ts"

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

/** `count` messages, ten in each second, starting `from` seconds into the test. */
const said = (count: number, from = 0, name = "M") =>
  numbers(count).map((n) => row(`${name}${n}`, start + from + Math.floor(n / 10)))

const entry = (from: number, to: number, limit: number | null = null) =>
  Gap.imported({ id: crypto.randomUUID(), instance: shop, from: at(from), to: at(to), limit })

const originsOf = (messages: ReadonlyArray<{ readonly origin: string }>) => [
  ...new Set(messages.map(({ origin }) => origin))
]

describe("An import", () => {
  it.scoped("fetches the messages of its time, the ends included, with origin import", () =>
    Effect.gen(function* () {
      const { backfill, evolution, ledger, messages, verdict } = yield* makeWorld()
      evolution.stores(shop, said(1000))
      yield* TestClock.setTime(at(3600).epochMillis)
      yield* ledger.importing(entry(20, 49))
      yield* backfill()
      yield* TestClock.adjust("10 seconds")
      expect(messages()).toHaveLength(300)
      expect([messages()[0]?.seconds, messages().at(-1)?.seconds]).toEqual([20, 49])
      expect(originsOf(messages())).toEqual(["import"])
      expect(verdict()).toMatchObject({ cause: "import", recovered: true, fetched: 300 })
    })
  )

  it.scoped("logs no message again, and is no unrecovered gap", () =>
    Effect.gen(function* () {
      const { backfill, evolution, hears, ledger, messages, verdict } = yield* makeWorld()
      const rows = said(100)
      evolution.stores(shop, rows)
      yield* hears(rows.slice(0, 60))
      yield* TestClock.setTime(at(3600).epochMillis)
      yield* ledger.importing(entry(0, 10))
      expect(ledger.summary(shop)).toEqual({ open: null, unrecovered: 0 })
      yield* backfill()
      yield* TestClock.adjust("10 seconds")
      expect(messages()).toHaveLength(100)
      expect(verdict()).toMatchObject({ recovered: true, fetched: 40 })
    })
  )

  it.scoped.each([
    ["its own limit", 100, 10_000],
    ["BACKFILL_LIMIT", null, 100]
  ] as const)("ends at %s, and counts as no unrecovered gap", ([, own, limit]) =>
    Effect.gen(function* () {
      const { backfill, evolution, ledger, messages, verdict } = yield* makeWorld({ limit })
      evolution.stores(shop, said(400))
      yield* TestClock.setTime(at(3600).epochMillis)
      yield* ledger.importing(entry(0, 100, own))
      yield* backfill()
      yield* TestClock.adjust("10 seconds")
      expect(messages()).toHaveLength(100)
      expect(verdict()).toMatchObject({ recovered: false, reason: "limit", fetched: 100 })
      expect(ledger.summary(shop).unrecovered).toBe(0)
    })
  )

  it.scoped("goes on where it was interrupted", () =>
    Effect.gen(function* () {
      const { backfill, evolution, ledger, messages, verdict } = yield* makeWorld()
      evolution.stores(shop, said(5000))
      yield* TestClock.setTime(at(3600).epochMillis)
      yield* ledger.importing(entry(0, 500))
      const fiber = yield* backfill()
      for (let turn = 0; turn < 200 && messages().length < 1000; turn++)
        yield* TestClock.adjust("50 millis")
      yield* Fiber.interrupt(fiber)
      const [left] = ledger.pending(shop)
      expect(left?.fetched).toBeGreaterThan(0)
      const before = evolution.stretches().length
      yield* backfill()
      yield* TestClock.adjust("1 minute")
      expect(evolution.stretches()[before]?.[0]).toBeGreaterThan(start + 10)
      expect(new Set(messages().map(({ id }) => id)).size).toBe(5000)
      expect(messages()).toHaveLength(5000)
      expect(verdict()).toMatchObject({ recovered: true, fetched: 5000 })
    })
  )

  it.scoped("lets a gap go first that closes meanwhile", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gaps, ledger, messages } = yield* makeWorld()
      evolution.stores(shop, [...said(5000), ...said(10, 3590, "N")])
      yield* TestClock.setTime(at(3600).epochMillis)
      yield* ledger.importing(entry(0, 500))
      yield* backfill()
      for (let turn = 0; turn < 200 && messages().length < 1000; turn++)
        yield* TestClock.adjust("50 millis")
      yield* ledger.open(shop, at(3580).epochMillis, "connection_lost")
      yield* ledger.close(shop)
      yield* TestClock.adjust("2 minutes")
      const verdicts = gaps().filter(({ recovered }) => recovered === true)
      expect(verdicts.map(({ cause }) => cause)).toEqual(["connection_lost", "import"])
      expect(messages()).toHaveLength(5010)
    })
  )

  it.scoped("is one at a time for an instance, and continues no gap", () =>
    Effect.gen(function* () {
      const { ledger } = yield* makeWorld()
      yield* TestClock.setTime(at(3600).epochMillis)
      const first = entry(0, 3600)
      expect(yield* ledger.importing(first)).toBe(true)
      expect(yield* ledger.importing(entry(0, 100))).toBe(false)
      yield* ledger.open(shop, at(3590).epochMillis, "connection_lost")
      expect(ledger.pending(shop)).toEqual([first])
      expect(ledger.summary(shop).open?.from).toEqual(at(3590))
    })
  )
})
