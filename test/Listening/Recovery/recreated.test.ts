import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { row } from "./Evolution.ts"
import { at, makeWorld, shop, start } from "./World.ts"

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

/** `count` messages, one in each second, of an instance with this id at Evolution. */
const said = (count: number, from: number, instanceId?: string) =>
  numbers(count).map((n) => ({
    ...row(`${instanceId ?? "M"}-${from + n}`, start + from + n),
    ...(instanceId !== undefined && { instanceId })
  }))

const created = (seconds: number, id = "new") => [
  { id, name: shop, createdAt: new Date(at(seconds).epochMillis).toISOString() }
]

describe("The verdict about an instance that was created again under its name", () => {
  it.scoped.each([
    ["by the time of its creation", undefined, undefined, created(100)],
    ["by its id", "old", "new", [{ id: "new", name: shop }]],
    ["by both", "old", "new", created(100)]
  ] as const)("is about the present instance, told %s", ([, former, present, instances]) =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, hears, messages, verdict } = yield* makeWorld()
      yield* hears(said(50, 0, former))
      // Evolution deleted these messages with the instance.
      evolution.instances = instances
      const missed = said(20, 205, present)
      evolution.stores(shop, missed)
      yield* gap(200, 230)
      yield* backfill()
      yield* TestClock.adjust("1 minute")
      expect(messages()).toHaveLength(70)
      expect(verdict()).toMatchObject({ recovered: true, fetched: 20 })
    })
  )

  it.scoped("says that the former instance's messages are gone when it happened in the gap", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, hears, verdict } = yield* makeWorld()
      yield* hears(said(50, 0))
      evolution.instances = created(210)
      evolution.stores(shop, said(10, 215))
      yield* gap(200, 230)
      yield* backfill()
      yield* TestClock.adjust("1 minute")
      expect(verdict()).toMatchObject({
        recovered: false,
        reason: "recreated",
        retryAt: null,
        fetched: 10,
        note: expect.stringContaining("created again at 2026-01-02T03:07:35.000Z")
      })
    })
  )

  it.scoped("is unrecovered when the present instance's messages are not stored either", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, hears, verdict } = yield* makeWorld()
      yield* hears(said(50, 0, "old"))
      evolution.instances = created(100)
      yield* gap(200, 230)
      yield* hears(said(5, 231, "new"))
      yield* backfill()
      yield* TestClock.adjust("1 minute")
      expect(verdict()).toMatchObject({ recovered: false, reason: "not_stored" })
    })
  )

  it.scoped.each([
    ["an Evolution that gives no time of creation", [{ name: shop }]],
    ["an instance that is older than the messages", created(-1000, "same")],
    ["a time of creation that is none", [{ id: "same", name: shop, createdAt: "yesterday" }]]
  ] as const)("is unrecovered as before with %s", ([, instances]) =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, hears, verdict } = yield* makeWorld()
      yield* hears(said(50, 0, "same"))
      evolution.instances = instances
      yield* gap(200, 230)
      yield* backfill()
      yield* TestClock.adjust("1 minute")
      expect(verdict()).toMatchObject({ recovered: false, reason: "not_stored" })
    })
  )

  it.scoped("compares the creation by Evolution's clock", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, hears, offsets, verdict } = yield* makeWorld()
      Object.assign(offsets, { evolution: { least: 299_500, most: 300_500 } })
      // Our clock is 5 min ahead: created at 400 by ours, after these messages were heard.
      yield* hears(said(50, 300 - 300), shop, 300)
      evolution.instances = created(100)
      evolution.stores(shop, said(10, 505 - 300))
      yield* gap(500, 530)
      yield* backfill()
      yield* TestClock.adjust("3 minutes")
      expect(verdict()).toMatchObject({ recovered: true, fetched: 10 })
    })
  )
})
