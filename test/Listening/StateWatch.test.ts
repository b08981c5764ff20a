import { describe, expect, it } from "@effect/vitest"
import { DateTime, Deferred, Effect, TestClock } from "effect"
import { EvolutionUnavailable, KeyRefused } from "../../src/Domain/EvolutionError.ts"
import { InstanceName } from "../../src/Domain/Instance.ts"
import { ConnectionLost } from "../../src/Domain/LinkError.ts"
import * as State from "../../src/Domain/ListenerState.ts"
import { event, one, two, watched } from "./StateWatch/world.ts"

const unavailable = new EvolutionUnavailable({ message: "Cannot reach Evolution", status: null })

describe("A check of the WhatsApp state", () => {
  it.scoped("takes no snapshot and counts no drift when both states agree", () =>
    Effect.gen(function* () {
      const world = yield* watched([one, two])
      yield* TestClock.adjust("5 minutes")
      expect(world.askedFor("state")).toBeGreaterThanOrEqual(8)
      expect([world.askedFor("snapshot"), world.ingested, yield* world.counted]).toEqual([
        0,
        [],
        [0, 0]
      ])
    })
  )

  it.scoped("sends at most 25 queries per second for 6 000 instances", () =>
    Effect.gen(function* () {
      const many = Array.from({ length: 6000 }, (_, index) => InstanceName.make(`shop-${index}`))
      const world = yield* watched(many)
      yield* TestClock.adjust("10 seconds")
      expect(world.askedFor("state")).toBeGreaterThan(150)
      expect(world.askedFor("state")).toBeLessThanOrEqual(250)
    })
  )

  it.scoped("logs a snapshot and counts a drift when the states differ", () =>
    Effect.gen(function* () {
      const world = yield* watched([one, two])
      world.said.set(two, Effect.succeed("close"))
      world.snapshot = (name) =>
        Effect.sync(() => {
          world.known.set(name, "close")
          return [event(name, { instance: name, state: "close" })]
        })
      yield* TestClock.adjust("5 minutes")
      expect(world.ingested).toEqual([
        ["snapshot", event(two, { instance: two, state: "close" }).payload]
      ])
      expect(yield* world.counted).toEqual([1, 0])
    })
  )

  it.scoped.each([
    ["absent", undefined],
    ["unknown", "unknown"]
  ] as const)("takes a snapshot when the stored state is %s", ([, known]) =>
    Effect.gen(function* () {
      const world = yield* watched([one])
      world.known.set(one, known)
      yield* TestClock.adjust("75 seconds")
      expect(world.askedFor("snapshot")).toBe(1)
    })
  )

  it.scoped("accepts Evolution's `close` for a stored `refused`", () =>
    Effect.gen(function* () {
      const world = yield* watched([one])
      world.known.set(one, "refused")
      world.said.set(one, Effect.succeed("close"))
      yield* TestClock.adjust("5 minutes")
      expect(world.askedFor("snapshot")).toBe(0)
      // Any other state of Evolution differs from `refused`.
      world.said.set(one, Effect.succeed("connecting"))
      yield* TestClock.adjust("2 minutes")
      expect(world.askedFor("snapshot")).toBeGreaterThan(0)
    })
  )

  it.scoped.each([
    ["a shared link", true],
    ["a link of its own", false]
  ] as const)("finds a removed instance on %s", ([, isShared]) =>
    Effect.gen(function* () {
      const world = yield* watched([one], isShared)
      world.unknown.add(one)
      yield* TestClock.adjust("75 seconds")
      expect(world.askedFor("snapshot")).toBe(1)
      // A stored `removed` agrees with Evolution: no further snapshot follows.
      world.known.set(one, "removed")
      yield* TestClock.adjust("5 minutes")
      expect(world.askedFor("snapshot")).toBe(1)
    })
  )
})

describe("A round of checks", () => {
  const many = Array.from({ length: 30 }, (_, index) => InstanceName.make(`shop-${index}`))

  it.scoped("queries each instance about once a minute, evenly spread, one query at a time", () =>
    Effect.gen(function* () {
      const world = yield* watched(many)
      for (const name of many) world.said.set(name, Effect.delay(Effect.succeed("open"), 100))
      yield* TestClock.adjust("5 minutes")
      for (const name of many) {
        const looks = world.asked.filter((asked) => asked.name === name).length
        expect(looks).toBeGreaterThanOrEqual(4)
        expect(looks).toBeLessThanOrEqual(5)
      }
      expect(world.mostAsking).toBe(1)
      // A pause is 2 s ±20 %; the answer takes 0.1 s.
      const pauses = world.asked.slice(1).map(({ at }, index) => at - (world.asked[index]?.at ?? 0))
      expect(Math.min(...pauses)).toBeGreaterThan(1699)
      expect(Math.max(...pauses)).toBeLessThan(2501)
      expect(new Set(pauses).size).toBeGreaterThan(50)
    })
  )

  it.scoped("waits for each answer before the next query", () =>
    Effect.gen(function* () {
      const world = yield* watched([one, two])
      const answered = yield* Deferred.make<"open">()
      world.said.set(one, Deferred.await(answered))
      yield* TestClock.adjust("5 minutes")
      expect(world.asked.map(({ name }) => name)).toEqual([one])
      yield* Deferred.succeed(answered, "open")
      yield* TestClock.adjust("40 seconds")
      expect(world.asked.map(({ name }) => name)).toEqual([one, two])
    })
  )

  it.scoped("sends no query without a listener, and includes a new listener", () =>
    Effect.gen(function* () {
      const world = yield* watched([])
      yield* TestClock.adjust("10 minutes")
      expect(world.asked).toEqual([])
      world.names = [one]
      yield* TestClock.adjust("150 seconds")
      expect(world.askedFor("state")).toBeGreaterThan(0)
    })
  )

  const at = DateTime.unsafeMake(0)
  const lost = ConnectionLost.of(1006, "")
  const from = State.connecting(State.stopped(at), at)
  const others = {
    stopped: State.stopped(at),
    connecting: from,
    waiting: State.waiting(from, { since: at, nextAttempt: at, isFlapping: false, error: lost }),
    parked: State.parked(from, {
      since: at,
      nextAttempt: at,
      userAction: "check_api_key",
      error: lost
    })
  }

  it.scoped.each(Object.entries(others))("skips a listener that is %s", ([, state]) =>
    Effect.gen(function* () {
      const world = yield* watched([one, two])
      world.states.set(one, state)
      yield* TestClock.adjust("5 minutes")
      expect(new Set(world.asked.map(({ name }) => name))).toEqual(new Set([two]))
    })
  )
})

describe("A failed check", () => {
  const failures = [
    ["Evolution is away", Effect.fail(unavailable)],
    ["the key is refused", Effect.fail(new KeyRefused({ message: "Unauthorized" }))],
    ["the query has a bug", Effect.dieMessage("a bug of ours")]
  ] as const

  it.scoped.each(failures)("leaves all later checks running when %s", ([, failure]) =>
    Effect.gen(function* () {
      const world = yield* watched([one, two])
      world.said.set(one, failure)
      yield* TestClock.adjust("5 minutes")
      const askedFor = (name: string) => world.asked.filter((asked) => asked.name === name).length
      expect([askedFor(one), askedFor(two)].every((looks) => looks >= 4)).toBe(true)
      expect([world.ingested, yield* world.counted]).toEqual([[], [0, 0]])
    })
  )

  it.scoped("times out when the snapshot gets no answer, so that the round continues", () =>
    Effect.gen(function* () {
      const world = yield* watched([one, two])
      world.said.set(one, Effect.succeed("close"))
      world.snapshot = () => Effect.never
      yield* TestClock.adjust("10 minutes")
      const askedFor = (name: string) => world.asked.filter((asked) => asked.name === name).length
      expect(askedFor(two)).toBeGreaterThanOrEqual(4)
      expect([world.ingested, yield* world.counted]).toEqual([[], [0, 0]])
    })
  )

  it.scoped("counts no drift when the snapshot fails", () =>
    Effect.gen(function* () {
      const world = yield* watched([one, two])
      world.said.set(one, Effect.succeed("close"))
      world.snapshot = () => Effect.fail(new KeyRefused({ message: "Unauthorized" }))
      yield* TestClock.adjust("5 minutes")
      expect([world.ingested, yield* world.counted]).toEqual([[], [0, 0]])
      world.snapshot = (name) => Effect.succeed([event(name, { state: "close" })])
      yield* TestClock.adjust("75 seconds")
      expect((yield* world.counted)[0]).toBeGreaterThan(0)
    })
  )
})
