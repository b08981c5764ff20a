import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, TestClock } from "effect"
import { settingsNames } from "../../../src/Domain/EventName.ts"
import { EvolutionRefused } from "../../../src/Domain/EvolutionError.ts"
import { ConnectionLost } from "../../../src/Domain/LinkError.ts"
import * as State from "../../../src/Domain/ListenerState.ts"
import { everything, one, two, watched } from "./world.ts"

/** With a namespace of its own for each instance. */
const inNamespaces = watched([one, two], false)

const incomplete = [
  ["off", { ...everything, enabled: false }],
  ["not there", null],
  ["for no event at all", { enabled: true, events: [] }],
  [
    "for all but one",
    { enabled: true, events: everything.events.filter((name) => name !== "QRCODE_UPDATED") }
  ]
] as const

describe("a look at what Evolution sends", () => {
  it.scoped("leaves a subscription alone that has all it can have", () =>
    Effect.gen(function* () {
      const world = yield* inNamespaces
      // A later Evolution may know our other names, and names that we do not know.
      world.settings.set(two, { enabled: true, events: [...settingsNames, "SOMETHING_NEW"] })
      yield* TestClock.adjust("5 minutes")
      expect(world.askedFor("settings")).toBeGreaterThanOrEqual(8)
      expect([world.wanted, yield* world.counted]).toEqual([[], [0, 0]])
    })
  )

  it.scoped.each(incomplete)("asks once for all events when it is %s", ([, settings]) =>
    Effect.gen(function* () {
      const world = yield* inNamespaces
      world.settings.set(one, settings)
      yield* TestClock.adjust("5 minutes")
      expect([world.wanted, world.settings.get(one)]).toEqual([[[one, []]], everything])
      expect(yield* world.counted).toEqual([0, 1])
    })
  )

  it.scoped("asks again each time that it is lost again", () =>
    Effect.gen(function* () {
      const world = yield* inNamespaces
      for (let times = 1; times <= 3; times++) {
        world.settings.set(one, { enabled: true, events: ["CALL"] })
        yield* TestClock.adjust("3 minutes")
        expect(world.wanted.length).toBe(times)
      }
      expect(yield* world.counted).toEqual([0, 3])
    })
  )

  it.scoped(
    "does not ask again for what Evolution does not give, until it gives something else",
    () =>
      Effect.gen(function* () {
        const world = yield* inNamespaces
        // An earlier Evolution, which has fewer events.
        world.granted = { enabled: true, events: ["CALL", "MESSAGES_UPSERT"] }
        world.settings.set(one, null)
        yield* TestClock.adjust("10 minutes")
        expect(world.wanted).toEqual([[one, []]])
        // In another order it is the same.
        world.settings.set(one, { enabled: true, events: ["MESSAGES_UPSERT", "CALL"] })
        yield* TestClock.adjust("10 minutes")
        expect(world.wanted.length).toBe(1)
        world.settings.set(one, { enabled: true, events: ["CALL"] })
        yield* TestClock.adjust("10 minutes")
        expect(world.wanted.length).toBe(2)
      })
  )

  it.scoped("does not ask again where Evolution has its websockets off altogether", () =>
    Effect.gen(function* () {
      const world = yield* inNamespaces
      world.granted = null
      world.settings.set(one, null)
      yield* TestClock.adjust("10 minutes")
      expect(world.wanted).toEqual([[one, []]])
    })
  )

  it.scoped("remembers for each instance what it was given", () =>
    Effect.gen(function* () {
      const world = yield* inNamespaces
      world.granted = { enabled: true, events: ["CALL"] }
      for (const name of [one, two]) world.settings.set(name, null)
      yield* TestClock.adjust("10 minutes")
      expect(world.wanted.map(([name]) => name).sort()).toEqual([one, two])
    })
  )

  it.scoped("comes also while a listener waits for its namespace: that may be why", () =>
    Effect.gen(function* () {
      const world = yield* inNamespaces
      const at = DateTime.unsafeMake(0)
      const connecting = State.connecting(State.stopped(at), at)
      const error = ConnectionLost.of(1006, "")
      const facts = { since: at, nextAttempt: at, error }
      world.states.set(one, State.waiting(connecting, { ...facts, isFlapping: false }))
      world.states.set(two, State.parked(connecting, { ...facts, userAction: "check_api_key" }))
      for (const name of [one, two]) world.settings.set(name, null)
      yield* TestClock.adjust("5 minutes")
      expect(world.wanted).toEqual([[one, []]])
      expect(world.askedFor("state")).toBe(0)
    })
  )

  it.scoped("does not keep the look at the state from coming, whatever it meets", () =>
    Effect.gen(function* () {
      const world = yield* inNamespaces
      world.settings.set(one, null)
      world.refusal = new EvolutionRefused({ message: "No such route", status: 404 })
      yield* TestClock.adjust("75 seconds")
      const askedState = world.asked.filter(({ what }) => what === "state").map(({ name }) => name)
      expect(askedState).toContain(one)
    })
  )

  it.scoped("is none on a shared link, where everything comes anyway", () =>
    Effect.gen(function* () {
      const world = yield* watched([one, two])
      for (const [, settings] of incomplete) {
        world.settings.set(one, settings)
        yield* TestClock.adjust("2 minutes")
      }
      expect([world.askedFor("settings"), world.askedFor("set")]).toEqual([0, 0])
      expect(world.askedFor("state")).toBeGreaterThan(8)
    })
  )
})
