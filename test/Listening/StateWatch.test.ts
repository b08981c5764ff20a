import { describe, expect, it } from "@effect/vitest"
import { DateTime, Deferred, Effect, TestClock } from "effect"
import { payloadOf } from "../../src/Domain/Event.ts"
import { EvolutionUnavailable, KeyRefused } from "../../src/Domain/EvolutionError.ts"
import { InstanceName } from "../../src/Domain/Instance.ts"
import { ConnectionLost } from "../../src/Domain/LinkError.ts"
import * as State from "../../src/Domain/ListenerState.ts"
import { event, one, two, watched } from "./StateWatch/world.ts"

const unavailable = new EvolutionUnavailable({ message: "Cannot reach Evolution", status: null })

describe("a look at WhatsApp's state", () => {
  it.scoped("asks nothing more, and counts nothing, where both agree", () =>
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

  it.scoped("asks no more than twenty times a second, however many there are", () =>
    Effect.gen(function* () {
      const many = Array.from({ length: 6000 }, (_, index) => InstanceName.make(`shop-${index}`))
      const world = yield* watched(many)
      yield* TestClock.adjust("10 seconds")
      expect(world.askedFor("state")).toBeGreaterThan(150)
      expect(world.askedFor("state")).toBeLessThanOrEqual(250)
    })
  )

  it.scoped("makes a difference a snapshot, hands it on, and counts it", () =>
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
        ["snapshot", payloadOf(event(two, { instance: two, state: "close" }))]
      ])
      expect(yield* world.counted).toEqual([1, 0])
    })
  )

  it.scoped.each([
    ["nothing", undefined],
    ["that Evolution had not loaded it", "unknown"]
  ] as const)("asks when what we know is %s", ([, known]) =>
    Effect.gen(function* () {
      const world = yield* watched([one])
      world.known.set(one, known)
      yield* TestClock.adjust("75 seconds")
      expect(world.askedFor("snapshot")).toBe(1)
    })
  )

  it.scoped("takes Evolution's `close` for the `refused` that an event told", () =>
    Effect.gen(function* () {
      const world = yield* watched([one])
      world.known.set(one, "refused")
      world.said.set(one, Effect.succeed("close"))
      yield* TestClock.adjust("5 minutes")
      expect(world.askedFor("snapshot")).toBe(0)
      // But not the other way round, and not for anything else.
      world.said.set(one, Effect.succeed("connecting"))
      yield* TestClock.adjust("2 minutes")
      expect(world.askedFor("snapshot")).toBeGreaterThan(0)
    })
  )

  it.scoped.each([
    ["a shared link", true],
    ["a link of its own", false]
  ] as const)("finds that an instance was removed, on %s", ([, isShared]) =>
    Effect.gen(function* () {
      const world = yield* watched([one], isShared)
      world.unknown.add(one)
      yield* TestClock.adjust("75 seconds")
      expect(world.askedFor("snapshot")).toBe(1)
      // And is content once that is known.
      world.known.set(one, "removed")
      yield* TestClock.adjust("5 minutes")
      expect(world.askedFor("snapshot")).toBe(1)
    })
  )
})

describe("the round of looks", () => {
  const many = Array.from({ length: 30 }, (_, index) => InstanceName.make(`shop-${index}`))

  it.scoped("comes to each about once a minute, spread evenly, one question at a time", () =>
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
      // Two seconds, 20 % more or less, and a tenth for the answer.
      const pauses = world.asked.slice(1).map(({ at }, index) => at - (world.asked[index]?.at ?? 0))
      expect(Math.min(...pauses)).toBeGreaterThan(1699)
      expect(Math.max(...pauses)).toBeLessThan(2501)
      expect(new Set(pauses).size).toBeGreaterThan(50)
    })
  )

  it.scoped("waits for one answer before it asks for the next", () =>
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

  it.scoped("takes in who begins to listen, and asks nothing while nobody does", () =>
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

  it.scoped.each(Object.entries(others))("passes over one that is %s", ([, state]) =>
    Effect.gen(function* () {
      const world = yield* watched([one, two])
      world.states.set(one, state)
      yield* TestClock.adjust("5 minutes")
      expect(new Set(world.asked.map(({ name }) => name))).toEqual(new Set([two]))
    })
  )
})

describe("a look that fails", () => {
  const failures = [
    ["Evolution is away", Effect.fail(unavailable)],
    ["the key is refused", Effect.fail(new KeyRefused({ message: "Unauthorized" }))],
    ["there is a bug", Effect.dieMessage("a bug of ours")]
  ] as const

  it.scoped.each(failures)("is not the end of it, nor of the others: %s", ([, failure]) =>
    Effect.gen(function* () {
      const world = yield* watched([one, two])
      world.said.set(one, failure)
      yield* TestClock.adjust("5 minutes")
      const askedFor = (name: string) => world.asked.filter((asked) => asked.name === name).length
      expect([askedFor(one), askedFor(two)].every((looks) => looks >= 4)).toBe(true)
      expect([world.ingested, yield* world.counted]).toEqual([[], [0, 0]])
    })
  )

  it.scoped("is given up when Evolution does not say what is true: the others wait", () =>
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

  it.scoped("is not counted when it is the snapshot that fails", () =>
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
