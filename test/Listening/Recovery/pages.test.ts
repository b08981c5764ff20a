import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { away, row } from "./Evolution.ts"
import { makeWorld, shop, start } from "./World.ts"

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

describe("A page of back-fill", () => {
  it.scoped("has the messages that are stored while a second of more than a page is read", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, messages, verdict } = yield* makeWorld()
      evolution.stores(
        shop,
        numbers(1200).map((n) => row(`B${n}`, start + 30))
      )
      // Each question about that second is answered while more of its messages are stored.
      let added = 0
      evolution.refuses = ({ seconds }) => {
        if (seconds?.[0] === seconds?.[1] && added < 3)
          evolution.stores(
            shop,
            numbers(100).map((n) => row(`L${added}-${n}`, start + 30))
          )
        added += seconds?.[0] === seconds?.[1] ? 1 : 0
        return undefined
      }
      yield* gap(0, 60)
      yield* backfill()
      yield* TestClock.adjust("2 minutes")
      expect(messages()).toHaveLength(1500)
      expect(verdict()).toMatchObject({ recovered: true, fetched: 1500 })
    })
  )

  it.scoped("begins 5 s before the end of the page before it, for messages stored late", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, messages, verdict } = yield* makeWorld()
      evolution.stores(
        shop,
        numbers(3000).map((n) => row(`M${n}`, start + Math.floor(n / 10)))
      )
      let isStored = false
      evolution.refuses = () => {
        const reached = evolution.stretches().at(-2)?.[1]
        if (!isStored && reached !== undefined && messages().length > 500) {
          isStored = true
          evolution.stores(shop, [row("late", (messages().at(-1)?.seconds ?? 0) + start - 1)])
        }
        return undefined
      }
      yield* gap(0, 300)
      yield* backfill()
      yield* TestClock.adjust("2 minutes")
      expect(isStored).toBe(true)
      expect(messages().some(({ id }) => id === "late")).toBe(true)
      expect(verdict()).toMatchObject({ recovered: true, fetched: 3001 })
    })
  )

  it.scoped("covers half the time after a failure, and grows again", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, verdict } = yield* makeWorld()
      evolution.stores(
        shop,
        numbers(20).map((n) => row(`M${n}`, start + n * 180))
      )
      evolution.refuses = ({ seconds }) =>
        seconds !== undefined && seconds[1] - seconds[0] > 1000 ? away : undefined
      yield* gap(0, 3600)
      yield* backfill()
      yield* TestClock.adjust("2 hours")
      expect(verdict()).toMatchObject({ recovered: true, fetched: 20 })
      const spans = evolution.stretches().map(([from, to]) => to - from)
      expect(spans[0]).toBeGreaterThan(3600)
      expect(spans.some((span) => span < 1000)).toBe(true)
    })
  )

  it.scoped("leaves the verdict open while Evolution gives fewer rows than it counts", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, verdict } = yield* makeWorld()
      evolution.stores(shop, [row("A", start + 10), row("B", start + 11)])
      evolution.hides = 1
      yield* gap(0, 20)
      yield* backfill()
      yield* TestClock.adjust("20 seconds")
      expect(verdict()).toMatchObject({
        recovered: false,
        retryAt: expect.anything(),
        note: expect.stringContaining("counts 2 messages of a stretch of time, and gives 1")
      })
      evolution.hides = 0
      yield* TestClock.adjust("3 minutes")
      expect(verdict()).toMatchObject({ recovered: true, fetched: 2 })
    })
  )
})
