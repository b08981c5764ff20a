import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { row } from "./Evolution.ts"
import { makeWorld, shop, start } from "./World.ts"

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

/** `count` messages, ten in each second. */
const said = (count: number) => numbers(count).map((n) => row(`M${n}`, start + Math.floor(n / 10)))

describe("BACKFILL_LIMIT", () => {
  it.scoped.each([
    ["is smaller than a page", 30, 100],
    ["spans several pages", 2400, 4000],
    ["is one below the number of messages", 1705, 1706]
  ] as const)(
    "restricts back-fill to the oldest messages of a gap when the limit %s",
    ([, limit, count]) =>
      Effect.gen(function* () {
        const { backfill, evolution, gap, isDone, ledger, messages, verdict } = yield* makeWorld({
          limit
        })
        const rows = said(count)
        evolution.stores(shop, rows)
        yield* gap(0, 450)
        yield* backfill()
        yield* TestClock.adjust("1 minute")
        expect(isDone()).toBe(true)
        expect(messages()).toHaveLength(limit)
        expect(messages().at(-1)?.seconds).toBe(Math.floor((limit - 1) / 10))
        expect(verdict()).toMatchObject({ recovered: false, fetched: limit, retryAt: null })
        expect(verdict()?.note).toMatch(new RegExp(`more than ${limit} .*BACKFILL_LIMIT`))
        expect(ledger.summary(shop)).toEqual({ open: null, unrecovered: 1 })
      })
  )

  it.scoped("counts only messages that were not heard", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, hears, messages, verdict } = yield* makeWorld({ limit: 50 })
      const rows = said(200)
      evolution.stores(shop, rows)
      yield* hears(rows.slice(0, 120))
      yield* gap(0, 450)
      yield* backfill()
      yield* TestClock.adjust("1 minute")
      expect(messages()).toHaveLength(170)
      expect(messages().at(-1)?.seconds).toBe(16)
      expect(verdict()).toMatchObject({ recovered: false, fetched: 50 })
    })
  )

  it.scoped("leaves a gap recovered that has exactly as many messages as the limit", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, messages, verdict } = yield* makeWorld({ limit: 3000 })
      evolution.stores(shop, said(3000))
      yield* gap(0, 450)
      yield* backfill()
      yield* TestClock.adjust("1 minute")
      expect(messages()).toHaveLength(3000)
      expect(verdict()).toMatchObject({ recovered: true, note: null, fetched: 3000 })
    })
  )

  it.scoped("leaves a gap recovered when all messages beyond the limit were heard", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, hears, messages, verdict } = yield* makeWorld({ limit: 50 })
      const rows = said(200)
      evolution.stores(shop, rows)
      yield* gap(0, 5)
      yield* hears(rows.slice(50))
      yield* backfill()
      yield* TestClock.adjust("1 minute")
      expect(messages()).toHaveLength(200)
      expect(verdict()).toMatchObject({ recovered: true, note: null, fetched: 50 })
    })
  )

  it.scoped("stops back-fill before its first query when the limit is 0", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, isDone, messages, verdict } = yield* makeWorld({ limit: 0 })
      evolution.stores(shop, said(1))
      yield* gap(0, 450)
      yield* backfill()
      yield* TestClock.adjust("1 minute")
      expect(isDone()).toBe(true)
      expect([messages(), evolution.asked]).toEqual([[], []])
      expect(verdict()).toMatchObject({
        recovered: false,
        retryAt: null,
        note: expect.stringContaining("BACKFILL_LIMIT is 0")
      })
    })
  )
})
