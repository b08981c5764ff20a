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

/** So many messages, ten in each second, from a second of the test on. */
const said = (count: number, from = 0, name = "M") =>
  numbers(count).map((n) => row(`${name}${n}`, start + from + Math.floor(n / 10)))

describe("an Evolution that", () => {
  it.scoped("has neither of the messages heard last, does not store them: the gap is lost", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, hears, isDone, messages, verdict } = yield* makeWorld()
      const heard = said(90)
      yield* hears(heard)
      // What it stored before it was told not to, and what it has of the gap by other ways.
      evolution.stores(shop, [...heard.slice(0, 88), ...said(5, 100, "N")])
      yield* gap(90, 110)
      yield* backfill()
      yield* TestClock.adjust("1 minute")
      expect(isDone()).toBe(true)
      expect(evolution.asked.flatMap(({ keyId }) => keyId ?? [])).toEqual(["M89", "M88"])
      // What there is of it is taken all the same.
      expect(messages().slice(90)).toHaveLength(5)
      expect(verdict()).toMatchObject({
        recovered: false,
        fetched: 5,
        retryAt: null,
        note: expect.stringContaining("DATABASE_SAVE_DATA_NEW_MESSAGE")
      })
    })
  )

  it.scoped("has neither of the messages heard first after it, did not store it either", () =>
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

  it.scoped("has one of the two heard on either side, is believed: the other may be deleted", () =>
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
      // So there is no need to ask whether it has anything at all.
      expect(evolution.asked).toHaveLength(evolution.stretches().length + asked.length)
      expect(verdict()).toMatchObject({ recovered: true, fetched: 0 })
    })
  )

  it.scoped("has no message at all of an instance with a phone, is asked again", () =>
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

  it.scoped("has no message of an instance without a phone, has told all there was", () =>
    Effect.gen(function* () {
      const { backfill, gap, isDone, verdict } = yield* makeWorld({ phone: null })
      yield* gap(0, 20)
      yield* backfill()
      yield* TestClock.adjust("10 seconds")
      expect(isDone()).toBe(true)
      expect(verdict()).toMatchObject({ recovered: true, fetched: 0 })
    })
  )

  it.scoped("does not answer, is asked again, ever later, until it does", () =>
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
      // As much time again, and an hour at the most.
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
  ])("may change its mind, is asked again: $_tag", (error) =>
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

  it.scoped("does not know the instance any more, is not asked again", () =>
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

describe("a log that cannot be read", () => {
  it.scoped("is asked again, like an Evolution that does not answer", () =>
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
