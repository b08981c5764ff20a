import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import type { Offsets } from "../../../src/Listening/Clocks.ts"
import { row } from "./Evolution.ts"
import { makeWorld, shop, start } from "./World.ts"

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

/** Bounds of an offset in seconds, in ms. */
const about = (seconds: number) => ({ least: seconds * 1000 - 500, most: seconds * 1000 + 500 })

/** Two messages a second in a gap of 45 s, stamped by a clock that ours is `ahead` of. */
const said = (ahead: number) =>
  numbers(113).map((n) => row(`M${n}`, start + 600 - ahead + Math.floor(n * 0.4)))

const fetched = (ahead: number, offsets: Partial<Offsets>) =>
  Effect.gen(function* () {
    const {
      backfill,
      evolution,
      gap,
      isDone,
      messages,
      offsets: known,
      verdict
    } = yield* makeWorld()
    evolution.stores(shop, said(ahead))
    yield* gap(600, 645)
    Object.assign(known, offsets)
    yield* backfill()
    yield* TestClock.adjust("10 minutes")
    expect(isDone()).toBe(true)
    return { messages: messages(), verdict: verdict() }
  })

describe("Back-fill with clocks that differ", () => {
  it.scoped.each([
    ["our clock is 5 min ahead", 300, { evolution: about(300), whatsapp: null }],
    ["our clock is 5 min behind", -300, { evolution: about(-300), whatsapp: null }],
    [
      "Evolution gives no Date, and live messages tell",
      300,
      { evolution: null, whatsapp: about(300) }
    ],
    // A server that runs by local time: EvolutionAPI/evolution-api#1495
    [
      "both are 3 h off and only WhatsApp is right",
      10_800,
      { evolution: about(0), whatsapp: about(10_800) }
    ],
    [
      "Evolution's host is off and WhatsApp is right",
      0,
      { evolution: about(300), whatsapp: about(0) }
    ],
    [
      "Evolution's host is off, WhatsApp is right, and no message has told yet",
      0,
      { evolution: about(300), whatsapp: null }
    ],
    // wwebjs/whatsapp-web.js#43664: messages that the host sends have the host's time
    [
      "the host is off and stamps what it sends",
      300,
      { evolution: about(300), whatsapp: about(0) }
    ],
    ["our clock is a day ahead", 86_400, { evolution: about(86_400), whatsapp: about(86_400) }],
    ["the clocks agree", 0, { evolution: about(0), whatsapp: about(0) }]
  ] as const)("fetches every message of the gap when %s", ([, ahead, offsets]) =>
    Effect.gen(function* () {
      const { messages, verdict } = yield* fetched(ahead, offsets)
      expect(messages).toHaveLength(113)
      expect(verdict).toMatchObject({ recovered: true, fetched: 113 })
    })
  )

  it.scoped.each([
    ["ours and Evolution's are on one host, 5 min ahead", 300, about(0), "before"],
    ["ours and Evolution's are on one host, 5 min behind", -300, about(0), "after"],
    ["ours is 5 min ahead, and Evolution's is 2 min behind", 300, about(420), "after"],
    ["Evolution gives no Date", 300, null, "before"]
  ] as const)(
    "learns from messages beside the gap, after a restart, that %s",
    ([, ahead, evolution, side]) =>
      Effect.gen(function* () {
        const world = yield* makeWorld()
        const beside = row("beside", start - ahead + (side === "before" ? 590 : 646))
        world.evolution.stores(shop, [beside, ...said(ahead)])
        if (side === "before") yield* world.hears([beside], shop, ahead)
        yield* world.gap(600, 645)
        if (side === "after") yield* world.hears([beside], shop, ahead)
        Object.assign(world.offsets, { evolution, whatsapp: null })
        yield* world.backfill()
        yield* TestClock.adjust("3 minutes")
        expect(world.messages()).toHaveLength(114)
        expect(world.verdict()).toMatchObject({ recovered: true, fetched: 113 })
      })
  )

  it.scoped("does not take a message for a clock that WhatsApp held back for hours", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      const old = row("old", start + 590 - 7200)
      world.evolution.stores(shop, [old, ...said(0)])
      yield* world.hears([old], shop, 7200)
      yield* world.gap(600, 645)
      yield* world.backfill()
      yield* TestClock.adjust("3 minutes")
      expect(world.verdict()).toMatchObject({ recovered: true, fetched: 113, clockOffset: null })
    })
  )

  it.scoped("writes the offset beside the gap", () =>
    Effect.gen(function* () {
      const { verdict } = yield* fetched(300, { evolution: about(300) })
      expect(verdict?.clockOffset).toEqual(about(300))
    })
  )

  it.scoped("asks again by the old offset when our clock was set right before the retry", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, messages, verdict, offsets: known } = yield* makeWorld()
      yield* gap(600, 645)
      Object.assign(known, { evolution: about(300) })
      // Nothing is stored at all yet, so the verdict is not final.
      yield* backfill()
      yield* TestClock.adjust("30 seconds")
      expect(verdict()).toMatchObject({ recovered: false, clockOffset: about(300) })
      evolution.stores(shop, said(300))
      Object.assign(known, { evolution: about(0) })
      yield* TestClock.setTime((start + 300 + 645 + 600) * 1000)
      yield* TestClock.adjust("3 minutes")
      expect(messages()).toHaveLength(113)
      expect(verdict()).toMatchObject({ recovered: true })
    })
  )

  it.scoped("leaves a message to the live feed that Evolution may still emit", () =>
    Effect.gen(function* () {
      const {
        backfill,
        evolution,
        gap,
        hears,
        messages,
        verdict,
        offsets: known
      } = yield* makeWorld()
      Object.assign(known, { evolution: about(300) })
      // Sent a second ago by WhatsApp's clock; ours is 5 min ahead.
      const late = row("late", start + 650 - 300)
      evolution.stores(shop, [row("missed", start + 620 - 300), late])
      yield* gap(600, 645)
      yield* backfill()
      yield* TestClock.adjust("6 seconds")
      expect(messages().map(({ id }) => id)).toEqual(["missed"])
      yield* hears([late])
      yield* TestClock.adjust("1 minute")
      expect(messages().map(({ id }) => id)).toEqual(["missed", "late"])
      expect(verdict()).toMatchObject({ recovered: true, fetched: 1 })
    })
  )

  it.scoped("covers a clock that is set 5 min ahead during the gap", () =>
    Effect.gen(function* () {
      const { backfill, evolution, ledger, messages, offsets: known, verdict } = yield* makeWorld()
      yield* TestClock.setTime((start + 1000) * 1000)
      yield* ledger.open(shop, (start + 1000) * 1000, "connection_lost")
      evolution.stores(
        shop,
        numbers(45).map((n) => row(`J${n}`, start + 1000 + n))
      )
      yield* TestClock.setTime((start + 1045 + 300) * 1000)
      Object.assign(known, { evolution: about(300) })
      yield* ledger.close(shop)
      yield* backfill()
      yield* TestClock.adjust("3 minutes")
      expect(messages()).toHaveLength(45)
      expect(verdict()).toMatchObject({ recovered: true, fetched: 45 })
    })
  )
})
