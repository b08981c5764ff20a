import { describe, expect, it } from "@effect/vitest"
import { Effect, Logger, TestClock } from "effect"
import { InstanceNotFound } from "../../../src/Domain/EvolutionError.ts"
import { row } from "./Evolution.ts"
import { makeWorld, shop, start } from "./World.ts"

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

/** `count` messages, ten in each second, starting `from` seconds into the test. */
const said = (count: number, from = 0, name = "M") =>
  numbers(count).map((n) => row(`${name}${n}`, start + from + Math.floor(n / 10)))

const gone = new InstanceNotFound({ message: "It is gone", instance: shop })

describe("A verdict", () => {
  it.scoped("is taken back by a command, and the gap is fetched from its beginning", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, ledger, messages, recovery, verdict } = yield* makeWorld({
        phone: null
      })
      yield* gap(0, 20)
      yield* backfill()
      yield* TestClock.adjust("10 seconds")
      const given = verdict()
      expect(given).toMatchObject({ recovered: true, fetched: 0 })
      // Evolution has a history that WhatsApp sent later.
      evolution.stores(shop, said(30))
      if (given?.to == null) return expect.fail("the gap is open")
      yield* ledger.retry(given)
      expect(ledger.summary(shop).unrecovered).toBe(1)
      yield* recovery.wake(shop)
      yield* TestClock.adjust("10 seconds")
      expect(messages()).toHaveLength(30)
      expect(verdict()).toMatchObject({ id: given.id, recovered: true, fetched: 30 })
      expect(ledger.summary(shop).unrecovered).toBe(0)
    })
  )

  it.scoped("of the limit is taken back with what was fetched", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, ledger, messages, verdict } = yield* makeWorld({
        limit: 50
      })
      evolution.stores(shop, said(200))
      yield* gap(0, 450)
      yield* backfill()
      yield* TestClock.adjust("1 minute")
      const given = verdict()
      expect(given).toMatchObject({ recovered: false, reason: "limit", fetched: 50 })
      if (given?.to == null) return expect.fail("the gap is open")
      yield* ledger.retry(given)
      expect(ledger.pending(shop)).toEqual([
        { ...given, recovered: null, reason: null, note: null }
      ])
      expect(ledger.summary(shop).unrecovered).toBe(1)
      expect(messages()).toHaveLength(50)
    })
  )

  it.scoped("for want of the instance is taken back with the next session", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, ledger, messages, verdict } = yield* makeWorld()
      evolution.stores(shop, said(3))
      evolution.refuses = () => gone
      yield* gap(0, 20)
      yield* backfill()
      yield* TestClock.adjust("10 seconds")
      expect(verdict()).toMatchObject({ recovered: false, retryAt: null, reason: "not_found" })
      evolution.refuses = () => undefined
      yield* backfill()
      yield* TestClock.adjust("10 seconds")
      expect(messages()).toHaveLength(3)
      expect(verdict()).toMatchObject({ recovered: true, reason: null, fetched: 3 })
      expect(ledger.summary(shop).unrecovered).toBe(0)
    })
  )

  it.scoped("is not final while Evolution lists the instance that it does not find", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, verdict } = yield* makeWorld()
      evolution.stores(shop, said(3))
      // Evolution has just started, and has not loaded it
      evolution.instances = [{ name: shop }]
      evolution.refuses = () => gone
      yield* gap(0, 20)
      yield* backfill()
      yield* TestClock.adjust("10 seconds")
      expect(verdict()).toMatchObject({ recovered: false, retryAt: expect.anything() })
      evolution.refuses = () => undefined
      yield* TestClock.adjust("2 minutes")
      expect(verdict()).toMatchObject({ recovered: true, fetched: 3 })
    })
  )

  it.scoped("for want of storing is taken back once, when messages are stored again", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, gaps, hears } = yield* makeWorld()
      yield* hears(said(10))
      yield* gap(10, 30)
      yield* backfill()
      yield* TestClock.adjust("10 seconds")
      expect(gaps().at(-1)).toMatchObject({ recovered: false, reason: "not_stored" })
      const first = gaps().at(-1)?.id
      for (const from of [100, 200]) {
        const later = said(10, from, `L${from}-`)
        evolution.stores(shop, later)
        yield* hears(later)
        yield* gap(from + 20, from + 40)
        yield* backfill()
        yield* TestClock.adjust("20 seconds")
      }
      const verdicts = gaps().filter(
        ({ id, recovered, retryAt }) => id === first && recovered === false && retryAt === null
      )
      expect(verdicts.map(({ reason }) => reason)).toEqual(["not_stored", "never_stored"])
    })
  )

  it.scoped("that is final has one line in the log", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) => {
        lines.push(`${logLevel.label} ${String(message)}`)
      })
      yield* Effect.gen(function* () {
        const { backfill, evolution, gap } = yield* makeWorld({ limit: 50 })
        evolution.stores(shop, said(20))
        yield* gap(0, 20)
        yield* backfill()
        yield* TestClock.adjust("10 seconds")
        evolution.stores(shop, said(200, 1000, "N"))
        yield* gap(1000, 1450)
        yield* backfill()
        yield* TestClock.adjust("10 seconds")
      }).pipe(Effect.provide(Logger.replace(Logger.defaultLogger, logger)))
      expect(lines).toEqual([
        "INFO The gap from 2026-01-02T03:04:05.000Z to 2026-01-02T03:04:25.000Z is recovered: 20 messages fetched",
        expect.stringMatching(
          /^WARN Messages of the gap from .* are missing: There are more than 50 messages/
        )
      ])
    })
  )
})
