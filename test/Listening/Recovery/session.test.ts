import { describe, expect, it } from "@effect/vitest"
import { Clock, Deferred, Effect, Fiber, TestClock } from "effect"
import { KeyRefused } from "../../../src/Domain/EvolutionError.ts"
import { row } from "./Evolution.ts"
import { makeWorld, settle, shop, start, type World } from "./World.ts"

/** Opens and closes a gap of the last 150 s on a link that stays up; one message was sent in it. */
const miss = ({ evolution, ledger, recovery }: World, id: string) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    evolution.stores(shop, [row(id, Math.floor(now / 1000) - 120)])
    yield* ledger.open(shop, now - 150_000, "not_subscribed")
    yield* ledger.close(shop)
    yield* recovery.wake(shop)
  })

describe("Recovery.recover", () => {
  it.scoped("takes a snapshot before it back-fills", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, messages, snapshots } = yield* makeWorld()
      const asked = yield* Deferred.make<void>()
      evolution.state = Effect.as(Deferred.await(asked), "open")
      evolution.stores(shop, [row("M", start)])
      yield* gap(0, 2)
      yield* backfill()
      yield* TestClock.adjust("1 minute")
      expect([evolution.asked, snapshots]).toEqual([[], []])
      yield* Deferred.succeed(asked, undefined)
      yield* TestClock.adjust("1 minute")
      expect(messages().map(({ id }) => id)).toEqual(["M"])
      expect(snapshots).toMatchObject([{ event: "connection.update", instance: shop }])
    })
  )

  it.scoped("fails when Evolution refuses the key", () =>
    Effect.gen(function* () {
      const { backfill, evolution } = yield* makeWorld()
      const refusal = new KeyRefused({ message: "Unauthorized" })
      evolution.state = refusal
      expect(yield* Effect.flip(Fiber.join(yield* backfill()))).toBe(refusal)
    })
  )

  it.scoped("fetches the messages of each gap after the gap has closed", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      yield* world.backfill()
      yield* TestClock.adjust("1 hour")
      expect(world.evolution.asked).toEqual([])
      for (const id of ["A", "B"]) {
        yield* miss(world, id)
        yield* TestClock.adjust("10 minutes")
        expect(world.verdict()).toMatchObject({ recovered: true, fetched: 1 })
        expect(world.messages().at(-1)?.id).toBe(id)
      }
    })
  )

  it.scoped("finishes one gap before it fetches a gap that closed meanwhile", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      const { database, gap, gaps, ledger, messages } = world
      world.evolution.stores(shop, [row("A", start)])
      yield* gap(0, 2)
      const first = ledger.pending(shop)[0]?.id
      yield* world.backfill()
      yield* database.close
      yield* TestClock.adjust("10 seconds")
      const asked = world.evolution.asked.length
      // The first fetch waits for the log; two more gaps close meanwhile.
      for (const id of ["B", "C"]) {
        yield* TestClock.adjust("10 minutes")
        yield* miss(world, id)
      }
      yield* TestClock.adjust("1 minute")
      expect(world.evolution.asked).toHaveLength(asked)
      yield* database.open
      yield* TestClock.adjust("1 minute")
      const recovered = gaps().flatMap((one) => (one.recovered === true ? [one.id] : []))
      expect(recovered).toHaveLength(3)
      expect(recovered[0]).toBe(first)
      expect(messages().map(({ id }) => id)).toEqual(["A", "B", "C"])
      yield* settle
      expect(ledger.pending(shop)).toEqual([])
    })
  )
})
