import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { sqlError } from "../../Log/Ingest/World.ts"
import { at, makeWorld, millis, shop, wanted } from "./World.ts"

describe("The heartbeat", () => {
  it.scoped("is written at the start and then every 5 s", () =>
    Effect.gen(function* () {
      const { beats } = yield* makeWorld()
      yield* TestClock.adjust("14 seconds")
      expect(beats).toEqual([millis(0), millis(5), millis(10)])
      yield* TestClock.adjust("1 second")
      expect(beats).toHaveLength(4)
    })
  )

  it.scoped.each([
    ["the time up to which links have heard when all is committed", -7, undefined, -7],
    ["the committed time when links have heard more", -7, -9, -9],
    ["the time up to which links have heard when it is older than the committed time", -9, -7, -9],
    ["the committed time when no link is up", undefined, -9, -9],
    ["the current time when no link is up and the queue is empty", undefined, undefined, 5]
  ] as const)("records %s", ([, heard, settled, expected]) =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      world.heard = heard && millis(heard)
      world.settled = settled && millis(settled)
      yield* TestClock.adjust("5 seconds")
      expect(world.beats.slice(1)).toEqual([millis(expected)])
    })
  )

  // evolution-foundation/evolution-api#1381, eduardolat/pgbackweb#71, knadh/listmonk#2421, taskforcesh/bullmq#4601,
  // neohaskell/NeoHaskell#857: a database that is asked all the time cannot sleep.
  it.scoped("rests while nothing is listened to, after the first one", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      world.instances = [wanted({ desired: "stopped" }), wanted({ desired: "unset" })]
      yield* TestClock.adjust("10 minutes")
      expect(world.beats).toEqual([millis(0)])
      world.instances = [...world.instances, wanted()]
      yield* TestClock.adjust("5 seconds")
      expect(world.beats).toEqual([millis(0), millis(605)])
    })
  )

  it.scoped("continues after the database was away", () =>
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

  it.scoped("reports the outcome of each statement to Ingest", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      yield* TestClock.adjust("5 seconds")
      expect(world.besides).toBe(2)
    })
  )

  it.scoped("stops when the ledger stops", () =>
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

// A killed service leaves only committed changes and the heartbeat: anything else is lost.
describe("The heartbeat during an uncommitted change", () => {
  it.scoped("stands still even when the gap began long before", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      world.heard = millis(0)
      yield* TestClock.adjust("45 seconds")
      // The link is given up after 45 s without a ping.
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

  it.scoped("stands still after a restart of the service", () =>
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
