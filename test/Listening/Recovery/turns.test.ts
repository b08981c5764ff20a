import { describe, expect, it } from "@effect/vitest"
import { Clock, Effect, Fiber, TestClock } from "effect"
import { away, row } from "./Evolution.ts"
import { at, bar, makeWorld, settle, shop, start } from "./World.ts"

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

/** `count` messages, ten in each second, starting `from` seconds into the test. */
const said = (count: number, from = 0, name = "M") =>
  numbers(count).map((n) => row(`${name}${n}`, start + from + Math.floor(n / 10)))

/** Advances the clock in steps of 50 ms until the condition holds. */
const until = (condition: () => boolean) =>
  Effect.gen(function* () {
    for (let turn = 0; turn < 400 && !condition(); turn++) yield* TestClock.adjust("50 millis")
    expect(condition()).toBe(true)
  })

describe("Interrupted back-fill", () => {
  it.scoped("resumes 5 s before the second it reached and logs no message twice", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, ledger, messages, verdict } = yield* makeWorld()
      const rows = said(3000)
      evolution.stores(shop, rows)
      yield* gap(0, 300)
      yield* TestClock.adjust("5 seconds")
      for (const share of [1, 3]) {
        const fiber = yield* backfill()
        yield* until(() => messages().length >= share * 600)
        yield* settle
        yield* Fiber.interrupt(fiber)
        const sofar = ledger.pending(shop)[0]
        expect(sofar).toMatchObject({ recovered: null, fetched: messages().length })
        const reached = (sofar?.fetchedUntil?.epochMillis ?? 0) / 1000
        expect(messages().every(({ seconds }) => start + seconds < reached)).toBe(true)
        const before = evolution.stretches().length
        yield* TestClock.adjust("1 hour")
        expect(evolution.stretches()).toHaveLength(before)
        const next = yield* backfill()
        yield* until(() => evolution.stretches().length > before)
        expect(evolution.stretches()[before]?.[0]).toBe(reached - 5)
        yield* Fiber.interrupt(next)
      }
      yield* backfill()
      yield* TestClock.adjust("1 minute")
      expect(messages()).toHaveLength(3000)
      expect(new Set(messages().map(({ id }) => id)).size).toBe(3000)
      expect(verdict()).toMatchObject({ recovered: true, fetched: 3000 })
    })
  )

  it.scoped("logs no message twice when it is interrupted while a page awaits its commit", () =>
    Effect.gen(function* () {
      const { backfill, database, evolution, gap, log, messages, verdict } = yield* makeWorld()
      evolution.stores(shop, said(200))
      yield* gap(0, 20)
      yield* settle
      yield* database.close
      const fiber = yield* backfill()
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("10 seconds")
      yield* backfill()
      yield* TestClock.adjust("10 seconds")
      expect(messages()).toEqual([])
      yield* database.open
      yield* TestClock.adjust("10 seconds")
      expect(messages()).toHaveLength(200)
      expect(verdict()).toMatchObject({ recovered: true })
      expect(log.at(-1)?.gap).toEqual(verdict())
    })
  )

  it.scoped("resumes 5 s before the second it reached when a retry follows a failure", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, ledger, messages, verdict } = yield* makeWorld()
      evolution.stores(shop, said(3000))
      evolution.refuses = ({ seconds }) =>
        seconds !== undefined && seconds[1] > start + 200 && messages().length > 1000
          ? away
          : undefined
      yield* gap(0, 300)
      yield* backfill()
      yield* TestClock.adjust("30 seconds")
      const [failed] = ledger.pending(shop)
      expect(failed).toMatchObject({ recovered: false, fetched: messages().length })
      expect(failed?.fetched).toBeGreaterThan(1000)
      evolution.refuses = () => undefined
      const before = evolution.stretches().length
      yield* TestClock.adjust("10 minutes")
      expect(evolution.stretches()[before]?.[0]).toBe(
        (failed?.fetchedUntil?.epochMillis ?? 0) / 1000 - 5
      )
      expect(messages()).toHaveLength(3000)
      expect(verdict()).toMatchObject({ recovered: true, fetched: 3000, note: null })
    })
  )

  it.scoped("fetches no message again when a retry follows a failure of its last query", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, hears, verdict } = yield* makeWorld()
      const rows = said(900)
      evolution.stores(shop, rows)
      yield* hears(rows.slice(0, 10))
      evolution.refuses = ({ keyId }) => (keyId === undefined ? undefined : away)
      yield* gap(1, 90)
      yield* backfill()
      yield* TestClock.adjust("30 seconds")
      expect(verdict()).toMatchObject({ recovered: false, fetched: 890 })
      const before = evolution.stretches().length
      evolution.refuses = () => undefined
      yield* TestClock.adjust("2 minutes")
      expect(verdict()).toMatchObject({ recovered: true, fetched: 890 })
      expect(evolution.stretches()).toHaveLength(before)
    })
  )

  it.scoped("also fetches the messages of the gap that a lost link extends", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, ledger, messages, verdict } = yield* makeWorld()
      evolution.stores(shop, said(300))
      yield* gap(0, 30)
      // Evolution becomes unreachable once all 300 messages are logged, before the verdict.
      evolution.refuses = () => (messages().length === 300 ? away : undefined)
      const fiber = yield* backfill()
      yield* until(() => ledger.pending(shop)[0]?.recovered === false)
      yield* Fiber.interrupt(fiber)
      yield* ledger.open(shop, at(30).epochMillis, "connection_lost")
      expect(ledger.pending(shop)).toEqual([])
      const now = Math.ceil((yield* Clock.currentTimeMillis) / 1000) - start
      const meanwhile = numbers(50).map((n) => row(`C${n}`, start + now + n))
      evolution.stores(shop, meanwhile)
      evolution.refuses = () => undefined
      yield* TestClock.setTime(at(100).epochMillis)
      yield* ledger.close(shop)
      yield* backfill()
      yield* TestClock.adjust("1 minute")
      expect(verdict()).toMatchObject({ recovered: true })
      expect(verdict()?.from).toEqual(at(0))
      const brought = messages().slice(300)
      expect(brought.map(({ id }) => id)).toEqual(meanwhile.map(({ key }) => key.id))
    })
  )
})

describe("Back-fill of several gaps", () => {
  it.scoped("takes the gap first that is due first", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, gaps, isDone, ledger } = yield* makeWorld()
      evolution.stores(shop, said(100))
      evolution.refuses = () => away
      yield* gap(0, 2)
      const first = yield* backfill()
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.interrupt(first)
      // The first gap is due again in a minute; the second and the third are due now.
      yield* gap(18, 20)
      yield* gap(21, 22)
      const [one, two, three] = ledger.pending(shop).map(({ id }) => id)
      evolution.refuses = () => undefined
      const before = gaps().length
      yield* backfill()
      yield* TestClock.adjust("2 minutes")
      expect(isDone()).toBe(true)
      const verdicts = gaps()
        .slice(before)
        .filter(({ recovered }) => recovered === true)
      expect(verdicts.map(({ id }) => id)).toEqual([two, three, one])
    })
  )

  it.scoped("takes a newly closed gap before the next retry of an older one", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, ledger, messages, recovery } = yield* makeWorld()
      evolution.stores(shop, said(1))
      evolution.refuses = () => away
      yield* gap(0, 2)
      yield* backfill()
      // After an hour the retries of this gap are more than 5 minutes apart.
      yield* TestClock.adjust("1 hour")
      const due = ledger.pending(shop)[0]?.retryAt?.epochMillis ?? 0
      expect(due - (yield* Clock.currentTimeMillis)).toBeGreaterThan(5 * 60_000)
      evolution.refuses = () => undefined
      const now = yield* Clock.currentTimeMillis
      evolution.stores(shop, [row("N", Math.floor(now / 1000) - 120)])
      yield* ledger.open(shop, now - 150_000, "not_subscribed")
      yield* ledger.close(shop)
      yield* recovery.wake(shop)
      yield* TestClock.adjust("10 seconds")
      expect(messages().map(({ id }) => id)).toEqual(["N"])
      yield* TestClock.setTime(due + 10_000)
      yield* settle
      expect(messages().map(({ id }) => id)).toEqual(["N", "M0"])
    })
  )

  it.scoped("sends one query at a time over all instances, and pauses 100 ms after each", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, messages } = yield* makeWorld()
      const instances = [shop, bar] as const
      for (const instance of instances) evolution.stores(instance, said(3000))
      for (const instance of instances) yield* gap(0, 300, instance)
      const fibers = [yield* backfill(), yield* backfill(bar)]
      for (const _ of numbers(4)) fibers.push(yield* backfill(), yield* backfill(bar))
      yield* TestClock.adjust("5 seconds")
      yield* until(() => evolution.asked.length > 40)
      expect(evolution.most).toBe(1)
      // A query takes 50 ms, and a pause of 100 ms follows it.
      const times = evolution.asked.map((question) => question.at)
      for (const [n, time] of times.slice(1).entries())
        expect(time - (times[n] ?? 0)).toBeGreaterThanOrEqual(150)
      yield* Fiber.interruptAll(fibers)
      expect(messages(bar).length).toBeGreaterThan(0)
    })
  )
})
