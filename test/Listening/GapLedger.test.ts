import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Option, Schema, TestClock } from "effect"
import * as Gap from "../../src/Domain/Gap.ts"
import { transit } from "../../src/Listening/GapLedger.ts"
import {
  at,
  bar,
  makeWorld,
  millis,
  settle,
  shop,
  stored,
  type World,
  wanted
} from "./GapLedger/World.ts"

const nothing = { open: null, unrecovered: 0 }

/** Opens and closes a gap between two seconds of the test; the clock then stands at its end. */
const gapOf = (world: World, from: number, to: number) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(millis(to))
    yield* world.ledger.open(shop, millis(from), "connection_lost")
    yield* world.ledger.close(shop)
    const gap = world.ledger.pending(shop).at(-1)
    return gap ?? (yield* Effect.dieMessage("There is no gap"))
  })

describe("GapLedger", () => {
  it.scoped("has no gap of an instance without an interruption", () =>
    Effect.gen(function* () {
      const { gaps, ledger } = yield* makeWorld()
      yield* ledger.close(shop)
      yield* settle
      expect([ledger.summary(shop), ledger.pending(shop), gaps()]).toEqual([nothing, [], []])
    })
  )

  it.scoped("logs a gap when it opens and again when it closes", () =>
    Effect.gen(function* () {
      const { gaps, ledger } = yield* makeWorld()
      yield* ledger.open(shop, millis(-5), "heartbeat_missed")
      const { open, unrecovered } = ledger.summary(shop)
      expect(open).toMatchObject({ instance: shop, from: at(-5), to: null, recovered: null })
      expect([open?.cause, unrecovered, ledger.pending(shop)]).toEqual(["heartbeat_missed", 0, []])
      yield* TestClock.adjust("1 minute")
      yield* ledger.close(shop)
      const closed = { ...open, to: at(60) }
      expect(ledger.summary(shop)).toEqual({ open: null, unrecovered: 1 })
      expect(ledger.pending(shop)).toEqual([closed])
      yield* settle
      expect(gaps()).toEqual([open, closed])
    })
  )

  it.scoped("logs every change as a gap.updated event with the whole gap", () =>
    Effect.gen(function* () {
      const { gaps, ledger, noted } = yield* makeWorld()
      yield* ledger.open(shop, millis(-5), "key_refused")
      yield* settle
      const [gap] = gaps()
      if (gap === undefined) throw new Error("It told nothing")
      expect(noted).toEqual([
        {
          instance: shop,
          event: "gap.updated",
          json: JSON.stringify(Schema.encodeSync(Gap.Gap)(gap)),
          extra: null,
          lifeCycle: null,
          gap,
          upstreamTime: null,
          receivedAt: millis(0),
          origin: "listener"
        }
      ])
      expect(Duration.toSeconds(transit)).toBe(5)
    })
  )

  it.scoped("keeps an open gap unchanged after further failures", () =>
    Effect.gen(function* () {
      const { gaps, ledger } = yield* makeWorld()
      yield* ledger.open(shop, millis(-5), "connection_lost")
      const { open } = ledger.summary(shop)
      yield* TestClock.adjust("10 seconds")
      yield* ledger.open(shop, millis(10), "not_reached")
      yield* ledger.open(shop, millis(-60), "key_refused")
      yield* settle
      expect(ledger.summary(shop)).toEqual({ open, unrecovered: 0 })
      expect(gaps()).toEqual([open])
    })
  )

  it.scoped("keeps the gaps of two instances apart", () =>
    Effect.gen(function* () {
      const { ledger } = yield* makeWorld()
      yield* ledger.open(shop, millis(-5), "connection_lost")
      yield* ledger.open(bar, millis(-6), "namespace_refused")
      yield* ledger.close(shop)
      expect(ledger.summary(shop)).toEqual({ open: null, unrecovered: 1 })
      expect(ledger.summary(bar)).toMatchObject({ open: { from: at(-6) }, unrecovered: 0 })
      expect(ledger.pending(bar)).toEqual([])
    })
  )
})

describe("A gap that follows another", () => {
  it.scoped.each([
    ["before the end of the first", 55],
    ["at the end of the first", 60]
  ] as const)("reopens the first, with its progress, when it begins %s", ([, from]) =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      const { gaps, ledger } = world
      const gap = yield* gapOf(world, -5, 60)
      const fetched = Gap.retrying(Gap.progressed(gap, 7, at(-20)), "why", at(120))
      yield* ledger.update(fetched)
      yield* ledger.open(shop, millis(from), "key_refused")
      const open = { ...gap, to: null, fetched: 7, fetchedUntil: at(-20) }
      expect(ledger.summary(shop)).toEqual({ open, unrecovered: 0 })
      yield* settle
      expect(gaps().at(-1)).toEqual(open)
      yield* TestClock.adjust("1 minute")
      yield* ledger.close(shop)
      expect(ledger.pending(shop)).toEqual([{ ...open, to: at(120) }])
    })
  )

  it.scoped("is a new gap when it begins after the end of the first", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      const first = yield* gapOf(world, -5, 60)
      const second = yield* gapOf(world, 61, 70)
      expect(second.id).not.toBe(first.id)
      expect(world.ledger.pending(shop)).toEqual([first, second])
    })
  )

  it.scoped("is a new gap when the first has its verdict, even if they overlap", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      for (const verdict of [
        Gap.recovered,
        (gap: Gap.Recoverable) => Gap.lost(gap, "not_stored", "why")
      ]) {
        const first = yield* gapOf(world, -5, 60)
        yield* world.ledger.update(verdict(first))
        const second = yield* gapOf(world, 55, 60)
        expect(second.id).not.toBe(first.id)
        yield* world.ledger.update(Gap.recovered(second))
      }
      expect(world.ledger.summary(shop)).toEqual({ open: null, unrecovered: 1 })
    })
  )

  it.scoped("extends the last gap when a hundred are pending", () =>
    Effect.gen(function* () {
      const unfinished = Array.from({ length: 99 }, (_, n) =>
        stored(100 * (n - 99), 100 * (n - 99) + 10)
      )
      const world = yield* makeWorld({ unfinished })
      const hundredth = yield* gapOf(world, 0, 10)
      expect(world.ledger.pending(shop)).toEqual([...unfinished, hundredth])
      const drawnOut = yield* gapOf(world, 100, 110)
      expect(drawnOut).toEqual({ ...hundredth, to: at(110) })
      expect(world.ledger.pending(shop)).toEqual([...unfinished, drawnOut])
    })
  )
})

describe("GapLedger.summary", () => {
  it.scoped("counts pending gaps and gaps given up, but no recovered ones", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      const { ledger } = world
      const [first, second, third] = [
        yield* gapOf(world, 0, 1),
        yield* gapOf(world, 2, 3),
        yield* gapOf(world, 4, 5)
      ]
      const unrecovered = () => ledger.summary(shop).unrecovered
      expect([unrecovered(), ledger.pending(shop)]).toEqual([3, [first, second, third]])
      const begun = Gap.progressed(first, 7, at(0))
      yield* ledger.update(begun)
      expect([unrecovered(), ledger.pending(shop)]).toEqual([3, [begun, second, third]])
      yield* ledger.update(Gap.recovered(second))
      expect([unrecovered(), ledger.pending(shop)]).toEqual([2, [begun, third]])
      yield* ledger.update(Gap.lost(begun, "not_stored", "why"))
      expect([unrecovered(), ledger.pending(shop)]).toEqual([2, [third]])
      const later = Gap.retrying(third, "why", at(90))
      yield* ledger.update(later)
      expect([unrecovered(), ledger.pending(shop)]).toEqual([2, [later]])
      yield* ledger.update(Gap.recovered(later))
      expect([unrecovered(), ledger.pending(shop)]).toEqual([1, []])
    })
  )
})

describe("The ledger", () => {
  it.scoped("logs only the latest state of each gap once Ingest accepts events again", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      const { gaps, ingest, ledger } = world
      yield* ingest.close
      yield* ledger.open(bar, millis(-5), "connection_lost")
      yield* settle
      const first = yield* gapOf(world, 0, 1)
      const fetched = Gap.progressed(first, 3, at(1))
      yield* ledger.update(fetched)
      yield* ledger.update(Gap.recovered(fetched))
      const second = yield* gapOf(world, 4, 5)
      yield* settle
      expect(gaps()).toEqual([])
      yield* ingest.open
      yield* settle
      const told = gaps()
      expect(told).toEqual([ledger.summary(bar).open, Gap.recovered(fetched), second])
      yield* ledger.update(Gap.recovered(second))
      yield* settle
      expect(gaps()).toEqual([...told, Gap.recovered(second)])
    })
  )

  it.scoped("logs a change of a gap whose event is being committed", () =>
    Effect.gen(function* () {
      const { gaps, ingest, ledger } = yield* makeWorld()
      yield* ingest.close
      yield* ledger.open(shop, millis(-5), "connection_lost")
      const { open } = ledger.summary(shop)
      yield* settle
      yield* ledger.close(shop)
      yield* ingest.open
      yield* settle
      expect(gaps()).toEqual([open, ...ledger.pending(shop)])
    })
  )

  it.scoped("stops within 0.5 s, and passes its changes to an Ingest that accepts events", () =>
    Effect.gen(function* () {
      const shut = yield* makeWorld()
      yield* shut.ingest.close
      yield* shut.ledger.open(shop, millis(-5), "connection_lost")
      const closing = yield* Effect.fork(shut.close)
      yield* TestClock.adjust("499 millis")
      expect(yield* Fiber.poll(closing)).toEqual(Option.none())
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(closing)
      expect(shut.gaps()).toEqual([])

      const { close, gaps, ledger } = yield* makeWorld()
      yield* ledger.open(shop, millis(-5), "connection_lost")
      yield* close
      expect(gaps()).toHaveLength(1)
    })
  )

  it.scoped("subtracts purged gaps from its count of unrecovered gaps, down to 0", () =>
    Effect.gen(function* () {
      const { ledger } = yield* makeWorld({ instances: [wanted()], lost: [[shop, 3]] })
      const unrecovered = () => ledger.summary(shop).unrecovered
      expect(unrecovered()).toBe(3)
      ledger.forgetUnrecovered(shop, 2)
      expect(unrecovered()).toBe(1)
      ledger.forgetUnrecovered(shop, 2)
      ledger.forgetUnrecovered(bar, 1)
      expect([unrecovered(), ledger.summary(bar).unrecovered]).toEqual([0, 0])
    })
  )
})
