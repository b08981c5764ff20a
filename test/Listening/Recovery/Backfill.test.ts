import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { row } from "./Evolution.ts"
import { at, makeWorld, shop, start } from "./World.ts"

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

/** `count` messages, `perSecond` in each second, starting `from` seconds into the test. */
const said = (count: number, perSecond: number, from: number) =>
  numbers(count).map((n) => row(`M${n}`, start + from + Math.floor(n / perSecond)))

const idsOf = (rows: ReadonlyArray<{ readonly key: { readonly id: string } }>) =>
  rows.map(({ key }) => key.id)

const idsOfLog = (messages: ReadonlyArray<{ readonly id: string }>) => messages.map(({ id }) => id)

describe("Back-fill", () => {
  it.scoped("fetches every message of a gap once, oldest first", () =>
    Effect.gen(function* () {
      for (const seed of [1, 2, 3]) {
        const { backfill, evolution, gap, isDone, messages, verdict } = yield* makeWorld({ seed })
        const rows = said(4000, 10, 10)
        evolution.stores(shop, rows)
        yield* gap(0, 420)
        yield* backfill()
        yield* TestClock.adjust("1 minute")
        expect(isDone()).toBe(true)
        // Messages of one second keep the order in which Evolution stored them.
        expect(messages().map(({ id }) => id)).toEqual(idsOf(rows))
        expect(verdict()).toMatchObject({ recovered: true, fetched: 4000, note: null })
      }
    })
  )

  it.scoped("logs a message with origin backfill and with every field that Evolution stores", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, log } = yield* makeWorld()
      const message = row("M1", start + 10)
      evolution.stores(shop, [message])
      yield* gap(0, 20)
      yield* backfill()
      yield* TestClock.adjust("10 seconds")
      const [event] = log.filter((one) => one.event === "messages.upsert")
      expect(event).toMatchObject({ instance: shop, origin: "backfill", extra: null })
      expect(JSON.parse(String(event?.json ?? ""))).toEqual(message)
      expect(event?.receivedAt).toBeGreaterThan(at(25).epochMillis)
      // The log has the verdict after the messages it covers.
      expect(log.at(-1)?.gap).toMatchObject({ recovered: true })
    })
  )

  it.scoped("queries from one minute before the gap to one minute after it", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, messages, verdict } = yield* makeWorld()
      const seconds = [-61, -60, -1, 0, 20, 21, 80, 81]
      evolution.stores(
        shop,
        seconds.map((n) => row(`${n}`, start + n))
      )
      yield* gap(0, 20)
      yield* backfill()
      yield* TestClock.adjust("90 seconds")
      expect(messages().map(({ id }) => Number(id))).toEqual(seconds.slice(1, -1))
      expect(verdict()?.fetched).toBe(6)
    })
  )

  it.scoped("waits 5 s for events in flight before its first query", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, isDone } = yield* makeWorld()
      evolution.stores(shop, said(1, 1, 0))
      yield* gap(0, 20)
      yield* backfill()
      yield* TestClock.adjust(4999)
      expect(evolution.asked).toEqual([])
      yield* TestClock.adjust(1)
      expect(evolution.asked).toHaveLength(1)
      yield* TestClock.adjust("5 seconds")
      expect(isDone()).toBe(true)
    })
  )

  it.scoped(
    "waits no longer than 5 s when a clock set back puts the end of the gap in the future",
    () =>
      Effect.gen(function* () {
        const { backfill, evolution, gap, verdict } = yield* makeWorld()
        evolution.stores(shop, said(1, 1, 0))
        yield* gap(0, 3600)
        yield* TestClock.setTime(at(20).epochMillis)
        yield* backfill()
        yield* TestClock.adjust("6 seconds")
        expect(verdict()).toMatchObject({ recovered: true, fetched: 1 })
      })
  )

  it.scoped("fetches both messages when two chats share a message id", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, messages, verdict } = yield* makeWorld()
      const other = "5511977776666@s.whatsapp.net"
      evolution.stores(shop, [row("M1", start + 10), row("M1", start + 11, other)])
      yield* gap(5, 20)
      yield* backfill()
      yield* TestClock.adjust("1 minute")
      expect(messages().map(({ id }) => id)).toEqual(["M1", "M1"])
      expect(verdict()).toMatchObject({ recovered: true, fetched: 2 })
    })
  )

  it.scoped("queries nothing when the instance has no gap", () =>
    Effect.gen(function* () {
      const { backfill, evolution, isDone, log } = yield* makeWorld()
      yield* backfill()
      expect(isDone()).toBe(true)
      expect([evolution.asked, log]).toEqual([[], []])
    })
  )

  it.scoped.each([
    ["1 300 more messages than a page", 2300],
    ["one message more than a page", 1001]
  ] as const)("fetches every message of a second that has %s", ([, count]) =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, messages, verdict } = yield* makeWorld()
      const rows = [
        ...numbers(100).map((n) => row(`A${n}`, start + 29)),
        ...numbers(count).map((n) => row(`B${n}`, start + 30)),
        ...numbers(100).map((n) => row(`C${n}`, start + 31))
      ]
      evolution.stores(shop, rows)
      yield* gap(0, 60)
      yield* backfill()
      yield* TestClock.adjust("1 minute")
      expect(messages().map(({ id }) => id)).toEqual(idsOf(rows))
      expect(verdict()).toMatchObject({ recovered: true, fetched: rows.length })
    })
  )

  it.scoped("logs no message again that was heard before the gap, after it or in another gap", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, hears, messages, verdict } = yield* makeWorld()
      const rows = said(60, 1, -20)
      evolution.stores(shop, rows)
      const before = rows.slice(0, 20)
      const after = rows.slice(40)
      yield* hears(before)
      yield* gap(0, 19)
      yield* hears(after)
      yield* backfill()
      yield* TestClock.adjust("20 seconds")
      const missed = rows.slice(20, 40)
      expect(messages().map(({ id }) => id)).toEqual(idsOf([...before, ...after, ...missed]))
      expect(verdict()).toMatchObject({ recovered: true, fetched: 20 })
      // The minute before this gap overlaps the first gap's query.
      yield* gap(45, 50)
      yield* backfill()
      yield* TestClock.adjust("20 seconds")
      expect(messages()).toHaveLength(60)
      expect(verdict()).toMatchObject({ recovered: true, fetched: 0 })
    })
  )

  it.scoped("leaves a message to the live feed while Evolution may still emit it", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, hears, messages, verdict } = yield* makeWorld()
      const [missed, late, never] = [
        row("A", start + 10),
        row("B", start + 23),
        row("C", start + 24)
      ]
      evolution.stores(shop, [missed, late, never])
      yield* gap(0, 20)
      yield* backfill()
      yield* TestClock.adjust("7 seconds")
      // Evolution emits late, for example after it has uploaded a picture.
      yield* hears([late])
      expect([idsOfLog(messages()), verdict()?.recovered]).toEqual([["A", "B"], null])
      yield* TestClock.adjust("10 seconds")
      expect(idsOfLog(messages())).toEqual(["A", "B", "C"])
      expect(verdict()).toMatchObject({ recovered: true, fetched: 2 })
    })
  )

  it.scoped("does not wait for late messages when all messages after the gap were heard", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, hears, verdict } = yield* makeWorld()
      const rows = said(25, 1, 0)
      evolution.stores(shop, rows)
      yield* gap(0, 20)
      yield* hears(rows.slice(20))
      yield* backfill()
      yield* TestClock.adjust("6 seconds")
      expect(verdict()).toMatchObject({ recovered: true, fetched: 20 })
    })
  )

  it.scoped("continues after a message that the database refuses", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, isDone, messages, verdict } = yield* makeWorld()
      const rows = said(20, 1, 0)
      evolution.stores(shop, [...rows, row("poison", start + 10)])
      yield* gap(0, 30)
      yield* backfill()
      yield* TestClock.adjust("10 seconds")
      expect(isDone()).toBe(true)
      expect(messages().map(({ id }) => id)).toEqual(idsOf(rows))
      expect(verdict()?.fetched).toBe(20)
    })
  )

  it.scoped("sends fewer than 20 queries for 5 000 messages in a gap of a month", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, verdict } = yield* makeWorld()
      const month = 30 * 24 * 3600
      evolution.stores(
        shop,
        numbers(5000).map((n) => row(`M${n}`, start + n * 500))
      )
      yield* gap(0, month)
      yield* backfill()
      yield* TestClock.adjust("1 minute")
      expect(verdict()).toMatchObject({ recovered: true, fetched: 5000 })
      expect(evolution.asked.length).toBeLessThan(20)
    })
  )
})
