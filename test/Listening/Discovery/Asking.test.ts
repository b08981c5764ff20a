import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { EvolutionUnavailable, KeyRefused } from "../../../src/Domain/EvolutionError.ts"
import { trialName } from "../../../src/Domain/Instance.ts"
import { discovering, row, short } from "./World.ts"

const away = new EvolutionUnavailable({ message: "Cannot reach Evolution", status: null })
const start = 1_000_000

describe("Discovery asks for the list", () => {
  it.scoped("at the start, and then each minute", () =>
    Effect.gen(function* () {
      const world = yield* discovering([row("shop-1")])
      yield* TestClock.adjust("3 minutes")
      const [first, ...later] = world.asked
      expect(first).toBe(start)
      expect(later.map((at, index) => at - (world.asked[index] ?? 0))).toEqual([
        60_000, 60_000, 60_000
      ])
    })
  )

  it.scoped("once for many wishes, and not within 5 s of the last question", () =>
    Effect.gen(function* () {
      const world = yield* discovering([row("shop-1")])
      for (let count = 0; count < 100; count++) yield* world.discovery.look
      yield* TestClock.adjust("4999 millis")
      expect(world.asked).toEqual([start])
      yield* TestClock.adjust("1 millis")
      expect(world.asked).toEqual([start, start + 5000])
      yield* TestClock.adjust("30 seconds")
      expect(world.asked).toHaveLength(2)
    })
  )

  it.scoped("when an unknown name is heard, and once for one that stays unknown", () =>
    Effect.gen(function* () {
      const world = yield* discovering([row("shop-1")])
      world.heard("shop-1")
      yield* TestClock.adjust("30 seconds")
      expect(world.asked).toHaveLength(1)
      world.rows = [...world.rows, row("shop-2")]
      world.heard("shop-2")
      yield* TestClock.adjust("1 millis")
      expect(short(world.records.get("shop-2"))?.phone).toBe("5511999990001")
      for (let count = 0; count < 100; count++) world.heard("nobody")
      yield* TestClock.adjust("30 seconds")
      expect(world.asked).toHaveLength(3)
      world.heard("nobody")
      yield* TestClock.adjust("20 seconds")
      expect(world.asked).toHaveLength(3)
    })
  )

  it.scoped("and serves the others beside a name that cannot be served", () =>
    Effect.gen(function* () {
      // An instance without a name: EvolutionAPI/evolution-api#1151.
      const world = yield* discovering([row(""), row("shop-1"), row("a,b")])
      expect((yield* world.discovery.found).names).toContain("shop-1")
      expect((yield* world.discovery.found).unusable).toContain("")
      expect(short(world.records.get("shop-1"))?.phone).toBe("5511999990001")
    })
  )

  it.scoped("sooner after a failure, and keeps what was found before", () =>
    Effect.gen(function* () {
      const world = yield* discovering([row("shop-1")])
      // Evolution fails over one broken row of many: EvolutionAPI/evolution-api#195.
      world.failure = away
      yield* TestClock.adjust("66 seconds")
      expect(yield* world.discovery.found).toMatchObject({ names: ["shop-1"], error: away })
      yield* TestClock.adjust("2 minutes")
      const pauses = world.asked.slice(2).map((at, index) => at - (world.asked[index + 1] ?? 0))
      expect(pauses.slice(0, 4)).toEqual([2000, 4000, 8000, 16_000])
      world.failure = undefined
      yield* world.discovery.look
      yield* TestClock.adjust("1 seconds")
      expect(yield* world.discovery.found).toMatchObject({ names: ["shop-1"], error: null })
      expect(world.records.get("shop-1")?.whatsapp?.state).toBe("open")
    })
  )

  it.scoped("also while the key is refused, and gives the refusal to the reader", () =>
    Effect.gen(function* () {
      const world = yield* discovering([])
      world.failure = new KeyRefused({ message: "Unauthorized" })
      yield* TestClock.adjust("10 minutes")
      expect((yield* world.discovery.found).error?._tag).toBe("KeyRefused")
      expect(world.asked.length).toBeGreaterThan(8)
    })
  )

  it.scoped("and leaves out the trial instance of a running check", () =>
    Effect.gen(function* () {
      const world = yield* discovering([row(trialName("1a2b")), row("shop-1")])
      expect([...world.records.keys()]).toEqual(["shop-1"])
    })
  )
})

describe("Discovery counts the events of instances that nobody listens to", () => {
  it.scoped("by instance, and forgets those of an instance that is forgotten", () =>
    Effect.gen(function* () {
      const world = yield* discovering([row("shop-1"), row("shop-2")])
      for (let count = 0; count < 3; count++) world.heard("shop-1")
      world.heard("nobody")
      expect(["shop-1", "shop-2", "nobody"].map(world.discovery.ignored)).toEqual([3, 0, 0])
      world.records.delete("shop-1")
      world.rows = [row("shop-2")]
      yield* TestClock.adjust("2 minutes")
      expect(world.discovery.ignored("shop-1")).toBe(0)
    })
  )
})
