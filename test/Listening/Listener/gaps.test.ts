import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, TestClock } from "effect"
import { KeyRefused, LicenseRequired } from "../../../src/Domain/EvolutionError.ts"
import {
  DialFailed,
  HandshakeTimeout,
  HeartbeatMissed,
  NamespaceRefused,
  ProtocolViolation,
  UpgradeRefused
} from "../../../src/Domain/LinkError.ts"
import { event, failing, lost, settle, started } from "./session.ts"

const causes = [
  [lost, "connection_lost"],
  [HeartbeatMissed.of(45_000), "heartbeat_missed"],
  [ProtocolViolation.of("empty message"), "protocol_violation"],
  [NamespaceRefused.of("/shop-1", "Invalid namespace"), "namespace_refused"],
  [DialFailed.of("ECONNREFUSED", ""), "not_reached"],
  [UpgradeRefused.of(502, "Bad Gateway"), "not_reached"],
  [HandshakeTimeout.of("open", 10_000), "not_reached"]
] as const
const refusals = [
  [new KeyRefused({ message: "Unauthorized" }), "key_refused"],
  [new LicenseRequired({ message: "Not activated" }), "license_required"]
] as const

describe("The gap of a lost link", () => {
  it.scoped.each(causes)(
    "begins 5 s before the last sign of the link; after %s its cause is %s",
    (row) =>
      Effect.gen(function* () {
        const [error, cause] = row
        const world = yield* started()
        yield* TestClock.adjust("20 seconds")
        world.heard = { until: 117_000, isHeldBack: false }
        yield* world.link.fail(error)
        yield* settle
        // The gap begins 5 s early because events may be in flight.
        expect(world.ledger).toEqual([{ from: 112_000, cause, to: undefined }])
        yield* TestClock.adjust("1 second")
        expect(world.ledger).toEqual([{ from: 112_000, cause, to: 121_000 }])
      })
  )

  it.scoped.each(refusals)("also opens when the listener closes the link because of %s", (row) =>
    Effect.gen(function* () {
      const [error, cause] = row
      const world = yield* started({
        recover: () => Effect.delay(Effect.fail(error), "3 seconds")
      })
      yield* TestClock.adjust("2 seconds")
      world.heard = { until: 101_500, isHeldBack: false }
      yield* TestClock.adjust("1 second")
      expect(world.ledger).toEqual([{ from: 96_500, cause, to: undefined }])
    })
  )

  it.scoped.each([
    ["was full after the last sign of the link", 108_000, "queue_full"],
    ["had room before the last sign of the link", 106_000, "heartbeat_missed"],
    ["was never full", undefined, "heartbeat_missed"]
  ] as const)("takes its cause from the queue when reads were held back: the queue %s", (row) =>
    Effect.gen(function* () {
      const [, fullUntil, cause] = row
      const world = yield* started({ ingest: { fullUntil: Effect.succeed(fullUntil) } })
      yield* TestClock.adjust("1 minute")
      world.heard = { until: 107_000, isHeldBack: true }
      yield* world.link.fail(HeartbeatMissed.of(45_000))
      yield* settle
      expect(world.ledger).toMatchObject([{ from: 102_000, cause }])
    })
  )

  it.scoped("extends over failed dials and stays one gap", () =>
    Effect.gen(function* () {
      const world = yield* started()
      yield* TestClock.adjust("30 seconds")
      world.heard = { until: 129_000, isHeldBack: false }
      world.dial = failing(DialFailed.of("ECONNREFUSED", ""), 3)
      yield* world.link.fail(lost)
      yield* TestClock.adjust("1 minute")
      expect(world.ledger).toEqual([{ from: 124_000, cause: "connection_lost", to: 134_000 }])
    })
  )

  it.scoped("closes before the first new event is passed to Ingest", () =>
    Effect.gen(function* () {
      const world = yield* started({
        snapshot: Effect.succeed([event("asked")])
      })
      yield* world.link.offer(event("one"))
      yield* settle
      yield* world.link.fail(lost)
      yield* TestClock.adjust("1 second")
      yield* world.link.offer(event("two"))
      yield* settle
      const session = (live: string) => ["hears again", "snapshot asked", `live ${live}`]
      expect(world.done).toEqual([...session("one"), ...session("two")])
    })
  )
})

describe("The gap before the first link", () => {
  it.scoped("stays absent when the first attempt succeeds after 9 s", () =>
    Effect.gen(function* () {
      const world = yield* started({ dial: () => Effect.sleep("9 seconds") })
      yield* TestClock.adjust("9 seconds")
      expect(world.states.at(-1)?._tag).toBe("Listening")
      expect(world.ledger).toEqual([])
    })
  )

  it.scoped.each(causes)("begins at the start of the failed attempt after %s", ([error, cause]) =>
    Effect.gen(function* () {
      const world = yield* started({ dial: failing(error, 2, 4000) })
      yield* TestClock.adjust("4 seconds")
      expect(world.ledger).toEqual([{ from: 100_000, cause, to: undefined }])
      yield* TestClock.adjust("1 minute")
      expect(world.ledger).toEqual([{ from: 100_000, cause, to: 110_000 }])
    })
  )

  it.scoped("opens at a refusal while the attempt continues", () =>
    Effect.gen(function* () {
      const refusal = NamespaceRefused.of("/shop-1", "Invalid namespace")
      const world = yield* started({
        dial: (onRefused) =>
          Effect.zipRight(Effect.delay(onRefused(refusal), "1 second"), Effect.sleep("30 seconds"))
      })
      yield* TestClock.adjust("1 second")
      expect(world.ledger).toEqual([{ from: 100_000, cause: "namespace_refused", to: undefined }])
      yield* TestClock.adjust("30 seconds")
      expect(world.ledger).toMatchObject([{ from: 100_000, to: 131_000 }])
    })
  )
})

describe("A bug in a listener", () => {
  it.scoped("opens a gap 5 s before the last sign of the link when it occurs on a link", () =>
    Effect.gen(function* () {
      const world = yield* started({
        ingest: {
          receive: (_, origin) =>
            origin === "live" ? Effect.dieMessage("a bug of ours") : Effect.void
        }
      })
      yield* TestClock.adjust("1 minute")
      world.heard = { until: 150_000, isHeldBack: false }
      yield* world.link.offer(event("poison", 151_000))
      expect(Exit.isFailure(yield* Fiber.await(world.fiber))).toBe(true)
      expect(world.ledger).toMatchObject([{ from: 145_000, cause: "listener_crashed" }])
    })
  )

  it.scoped("opens a gap when it occurs in recovery", () =>
    Effect.gen(function* () {
      const world = yield* started({
        recover: () => Effect.delay(Effect.dieMessage("a bug of ours"), "2 seconds")
      })
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.await(world.fiber)
      expect(world.ledger).toMatchObject([{ cause: "listener_crashed", to: undefined }])
    })
  )

  it.scoped("opens a gap at the start of the attempt when it occurs in a dial", () =>
    Effect.gen(function* () {
      const world = yield* started({
        dial: () => Effect.delay(Effect.dieMessage("a bug of ours"), "2 seconds")
      })
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.await(world.fiber)
      expect(world.ledger).toMatchObject([{ from: 100_000, cause: "listener_crashed" }])
    })
  )
})

describe("A deliberate end", () => {
  it.scoped("opens no gap when the source is quiesced", () =>
    Effect.gen(function* () {
      const world = yield* started()
      yield* world.link.offer(event("last"))
      yield* world.link.end
      expect(yield* Fiber.await(world.fiber)).toEqual(Exit.void)
      expect([world.done.at(-1), world.ledger]).toEqual(["live last", []])
    })
  )

  it.scoped("opens no gap when the listener is interrupted on a link or during a dial", () =>
    Effect.gen(function* () {
      const listening = yield* started()
      const dialling = yield* started({ dial: () => Effect.never })
      yield* Fiber.interrupt(listening.fiber)
      yield* Fiber.interrupt(dialling.fiber)
      expect([listening.ledger, dialling.ledger]).toEqual([[], []])
    })
  )

  it.scoped("keeps an open gap open", () =>
    Effect.gen(function* () {
      const world = yield* started({ dial: failing(lost, 1) })
      yield* settle
      yield* Fiber.interrupt(world.fiber)
      expect(world.ledger).toMatchObject([{ from: 100_000, to: undefined }])
    })
  )
})
