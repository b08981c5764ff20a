import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { sqlError } from "../../Log/Ingest/World.ts"
import { at, makeWorld, millis, shop, wanted } from "./World.ts"

describe("the heartbeat", () => {
  it.scoped("is written at once, and then every 5 s", () =>
    Effect.gen(function* () {
      const { beats } = yield* makeWorld()
      yield* TestClock.adjust("14 seconds")
      expect(beats).toEqual([millis(0), millis(5), millis(10)])
      yield* TestClock.adjust("1 second")
      expect(beats).toHaveLength(4)
    })
  )

  it.scoped.each([
    ["what the links have heard, while all of it is committed", -7, undefined, -7],
    ["what is committed, while the links have heard more", -7, -9, -9],
    ["what the links have heard, while what was taken in later waits", -9, -7, -9],
    ["what is committed, while no link is up", undefined, -9, -9],
    ["now, while no link is up and nothing waits", undefined, undefined, 5]
  ] as const)("tells of %s", ([, heard, settled, expected]) =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      world.heard = heard && millis(heard)
      world.settled = settled && millis(settled)
      yield* TestClock.adjust("5 seconds")
      expect(world.beats.slice(1)).toEqual([millis(expected)])
    })
  )

  it.scoped("goes on when the database was away", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      world.beatFails = sqlError("ECONNREFUSED")
      yield* TestClock.adjust("1 minute")
      expect(world.beats).toHaveLength(1)
      world.beatFails = undefined
      yield* TestClock.adjust("5 seconds")
      expect(world.beats.at(-1)).toBe(millis(65))
    })
  )

  it.scoped("tells ingest how the database is", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      yield* TestClock.adjust("5 seconds")
      expect(world.besides).toBe(2)
    })
  )

  it.scoped("stops with the ledger", () =>
    Effect.gen(function* () {
      const { beats, close } = yield* makeWorld()
      yield* close
      yield* TestClock.adjust("1 minute")
      expect(beats).toHaveLength(1)
    })
  )
})

describe("The ledger's writer", () => {
  it.scoped("writes a change after a crash", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      world.beforeAppend = Effect.suspend(() => {
        world.beforeAppend = Effect.void
        return Effect.dieMessage("a bug of ours")
      })
      yield* world.ledger.open(shop, millis(-5), "heartbeat_missed")
      yield* TestClock.adjust("1 second")
      expect(world.gaps()).toEqual([world.ledger.summary(shop).open])
    })
  )
})

// A killed service leaves what is committed, and the heartbeat. What neither tells is never known.
describe("the heartbeat, while a change of the ledger is not committed", () => {
  it.scoped("stays where it was, also when the gap began long before", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      world.heard = millis(0)
      yield* TestClock.adjust("45 seconds")
      // No ping came for 45 s, and now the link is given up.
      world.heard = undefined
      yield* world.ingest.close
      yield* world.ledger.open(shop, millis(-5), "heartbeat_missed")
      yield* TestClock.adjust("20 seconds")
      expect(Math.max(...world.beats)).toBe(millis(0))
      yield* world.ingest.open
      yield* TestClock.adjust("5 seconds")
      expect(world.beats.at(-1)).toBe(millis(70))
    })
  )

  it.scoped("stays where the service before left it", () =>
    Effect.gen(function* () {
      const { beats, ingest, ledger } = yield* makeWorld(
        { instances: [wanted()], lastHeartbeat: { at: at(-600), stopped: true } },
        { isShut: true }
      )
      yield* TestClock.adjust("1 minute")
      expect(ledger.summary(shop).open?.from).toEqual(at(-605))
      expect(beats).toEqual([])
      yield* ingest.open
      yield* TestClock.adjust("5 seconds")
      expect(beats).toEqual([millis(65)])
    })
  )
})
