import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, TestClock } from "effect"
import {
  EvolutionRefused,
  InstanceNotFound,
  KeyRefused,
  LicenseRequired
} from "../../../src/Domain/EvolutionError.ts"
import { sqlError } from "../../Log/Ingest/World.ts"
import { away, row } from "./Evolution.ts"
import { at, makeWorld, shop, start } from "./World.ts"

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

/** `count` messages, ten in each second, starting `from` seconds into the test. */
const said = (count: number, from = 0, name = "M") =>
  numbers(count).map((n) => row(`${name}${n}`, start + from + Math.floor(n / 10)))

describe("The verdict of back-fill", () => {
  it.scoped(
    "is unrecovered when Evolution stores neither of the last two messages before the gap",
    () =>
      Effect.gen(function* () {
        const { backfill, evolution, gap, hears, isDone, messages, verdict } = yield* makeWorld()
        const heard = said(90)
        yield* hears(heard)
        // Evolution stopped storing after message 87, and has five messages of the gap by other ways.
        evolution.stores(shop, [...heard.slice(0, 88), ...said(5, 100, "N")])
        yield* gap(90, 110)
        yield* backfill()
        yield* TestClock.adjust("1 minute")
        expect(isDone()).toBe(true)
        expect(evolution.asked.flatMap(({ keyId }) => keyId ?? [])).toEqual(["M89", "M88"])
        // Back-fill logs these five messages all the same.
        expect(messages().slice(90)).toHaveLength(5)
        expect(verdict()).toMatchObject({
          recovered: false,
          fetched: 5,
          retryAt: null,
          note: expect.stringContaining("DATABASE_SAVE_DATA_NEW_MESSAGE")
        })
      })
  )

  it.scoped(
    "is unrecovered when Evolution stores neither of the first two messages after the gap",
    () =>
      Effect.gen(function* () {
        const { backfill, evolution, gap, hears, verdict } = yield* makeWorld()
        const [before, after] = [said(90), said(30, 111, "A")]
        yield* hears(before)
        evolution.stores(shop, before)
        yield* gap(90, 110)
        yield* hears(after)
        yield* backfill()
        yield* TestClock.adjust("1 minute")
        expect(evolution.asked.flatMap(({ keyId }) => keyId ?? [])).toEqual(["M89", "A0", "A1"])
        expect(verdict()).toMatchObject({
          recovered: false,
          retryAt: null,
          note: expect.stringContaining("DATABASE_SAVE_DATA_NEW_MESSAGE")
        })
      })
  )

  it.scoped("is recovered when Evolution stores one of two messages on each side of the gap", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, hears, verdict } = yield* makeWorld()
      const [before, after] = [said(90), said(30, 111, "A")]
      yield* hears(before)
      evolution.stores(shop, before.slice(0, 89))
      yield* gap(90, 110)
      yield* hears(after)
      evolution.stores(shop, after.slice(1))
      yield* backfill()
      yield* TestClock.adjust("1 minute")
      const asked = evolution.asked.flatMap(({ keyId }) => keyId ?? [])
      expect(asked).toEqual(["M89", "M88", "A0", "A1"])
      // A stored message proves that Evolution stores messages: no further query follows.
      expect(evolution.asked).toHaveLength(evolution.stretches().length + asked.length)
      expect(verdict()).toMatchObject({ recovered: true, fetched: 0 })
    })
  )

  it.scoped("stays pending when Evolution stores no message of a paired instance", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, isDone, ledger, messages, verdict } = yield* makeWorld()
      yield* gap(0, 20)
      yield* backfill()
      yield* TestClock.adjust("10 seconds")
      const given = verdict()
      expect(given).toMatchObject({ recovered: false, note: expect.stringContaining("no message") })
      expect(DateTime.distance(at(25), given?.retryAt ?? at(0)) / 1000).toBeCloseTo(60, 0)
      expect(ledger.summary(shop).unrecovered).toBe(1)
      evolution.stores(shop, said(3))
      yield* TestClock.adjust("2 minutes")
      expect(isDone()).toBe(true)
      expect(messages()).toHaveLength(3)
      expect(verdict()).toMatchObject({ recovered: true, retryAt: null, note: null, fetched: 3 })
      expect(ledger.summary(shop).unrecovered).toBe(0)
    })
  )

  it.scoped("is recovered when Evolution stores no message of an instance without a phone", () =>
    Effect.gen(function* () {
      const { backfill, gap, isDone, verdict } = yield* makeWorld({ phone: null })
      yield* gap(0, 20)
      yield* backfill()
      yield* TestClock.adjust("10 seconds")
      expect(isDone()).toBe(true)
      expect(verdict()).toMatchObject({ recovered: true, fetched: 0 })
    })
  )

  it.scoped("stays pending with retries ever further apart until Evolution answers", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, gaps, isDone, messages, verdict } = yield* makeWorld()
      evolution.stores(shop, said(3))
      evolution.refuses = () => away
      yield* gap(0, 20)
      yield* backfill()
      yield* TestClock.adjust("30 hours")
      const tries = evolution.asked.map((question) => question.at)
      const minutes = tries.slice(1).map((time, n) => (time - (tries[n] ?? 0)) / 60_000)
      expect(minutes[0]).toBeCloseTo(1, 1)
      // Delays grow up to one hour.
      expect(minutes).toEqual([...minutes].sort((left, right) => left - right))
      expect(minutes.filter((wait) => wait < 59).length).toBeLessThan(10)
      expect(Math.max(...minutes)).toBeCloseTo(60, 1)
      expect(minutes.length).toBeLessThan(40)
      for (const gap of gaps().slice(2))
        expect(gap).toMatchObject({
          recovered: false,
          note: "Cannot fetch messages: Cannot reach Evolution"
        })
      evolution.refuses = () => undefined
      yield* TestClock.adjust("61 minutes")
      expect(isDone()).toBe(true)
      expect([messages().length, verdict()?.recovered]).toEqual([3, true])
    })
  )

  it.scoped.each([
    new KeyRefused({ message: "Evolution refused the API key" }),
    new LicenseRequired({ message: "Evolution is not activated" }),
    new EvolutionRefused({ message: "no reason given", status: 400 })
  ])("stays pending after a refusal that may pass: $_tag", (error) =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, verdict } = yield* makeWorld()
      evolution.stores(shop, said(3))
      evolution.refuses = () => error
      yield* gap(0, 20)
      yield* backfill()
      yield* TestClock.adjust("10 seconds")
      expect(verdict()).toMatchObject({ recovered: false, retryAt: expect.anything() })
      expect(verdict()?.note).toContain(error.message)
      evolution.refuses = () => undefined
      yield* TestClock.adjust("2 minutes")
      expect(verdict()).toMatchObject({ recovered: true, retryAt: null })
    })
  )

  it.scoped("is unrecovered, without a retry, when Evolution no longer has the instance", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, isDone, verdict } = yield* makeWorld()
      evolution.refuses = () => new InstanceNotFound({ message: "It is gone", instance: shop })
      yield* gap(0, 20)
      yield* backfill()
      yield* TestClock.adjust("10 seconds")
      expect(isDone()).toBe(true)
      expect(verdict()).toMatchObject({ recovered: false, retryAt: null, note: "It is gone" })
    })
  )
})

describe("Back-fill", () => {
  it.scoped("retries after the log could not be read", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      world.evolution.stores(shop, said(3))
      world.logFails = sqlError("57P03")
      yield* world.gap(0, 20)
      yield* world.backfill()
      yield* TestClock.adjust("10 seconds")
      expect(world.verdict()).toMatchObject({
        recovered: false,
        retryAt: expect.anything(),
        note: "Cannot fetch messages: words of 57P03"
      })
      world.logFails = undefined
      yield* TestClock.adjust("2 minutes")
      expect(world.verdict()).toMatchObject({ recovered: true, fetched: 3 })
    })
  )
})
