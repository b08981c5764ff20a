import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, TestClock } from "effect"
import { settingsNames } from "../../../src/Domain/EventName.ts"
import { EvolutionRefused } from "../../../src/Domain/EvolutionError.ts"
import { ConnectionLost } from "../../../src/Domain/LinkError.ts"
import * as State from "../../../src/Domain/ListenerState.ts"
import { everything, one, two, watched } from "./world.ts"

/** A watch of two instances that each have their own namespace. */
const inNamespaces = watched([one, two], false)

const incomplete = [
  ["is off", { ...everything, enabled: false }],
  ["does not exist", null],
  ["has no event", { enabled: true, events: [] }],
  [
    "lacks one event",
    { enabled: true, events: everything.events.filter((name) => name !== "QRCODE_UPDATED") }
  ]
] as const

describe("A check of the subscription", () => {
  it.scoped("leaves a complete subscription unchanged", () =>
    Effect.gen(function* () {
      const world = yield* inNamespaces
      // A later Evolution may know all our event names, and further ones.
      world.settings.set(two, { enabled: true, events: [...settingsNames, "SOMETHING_NEW"] })
      yield* TestClock.adjust("5 minutes")
      expect(world.askedFor("settings")).toBeGreaterThanOrEqual(8)
      expect([world.wanted, yield* world.counted]).toEqual([[], [0, 0]])
    })
  )

  it.scoped.each(incomplete)(
    "subscribes once to all events when the subscription %s",
    ([, settings]) =>
      Effect.gen(function* () {
        const world = yield* inNamespaces
        world.settings.set(one, settings)
        yield* TestClock.adjust("5 minutes")
        expect([world.wanted, world.settings.get(one)]).toEqual([[[one, []]], everything])
        expect(yield* world.counted).toEqual([0, 1])
      })
  )

  it.scoped("subscribes again each time the subscription is lost", () =>
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

  it.scoped("does not repeat a partly granted request until the granted events change", () =>
    Effect.gen(function* () {
      const world = yield* inNamespaces
      // An earlier Evolution has fewer events.
      world.granted = { enabled: true, events: ["CALL", "MESSAGES_UPSERT"] }
      world.settings.set(one, null)
      yield* TestClock.adjust("10 minutes")
      expect(world.wanted).toEqual([[one, []]])
      // The order of the events makes no difference.
      world.settings.set(one, { enabled: true, events: ["MESSAGES_UPSERT", "CALL"] })
      yield* TestClock.adjust("10 minutes")
      expect(world.wanted.length).toBe(1)
      world.settings.set(one, { enabled: true, events: ["CALL"] })
      yield* TestClock.adjust("10 minutes")
      expect(world.wanted.length).toBe(2)
    })
  )

  it.scoped("does not repeat its request when Evolution has websockets disabled", () =>
    Effect.gen(function* () {
      const world = yield* inNamespaces
      world.granted = null
      world.settings.set(one, null)
      yield* TestClock.adjust("10 minutes")
      expect(world.wanted).toEqual([[one, []]])
    })
  )

  it.scoped("remembers the granted events of each instance", () =>
    Effect.gen(function* () {
      const world = yield* inNamespaces
      world.granted = { enabled: true, events: ["CALL"] }
      for (const name of [one, two]) world.settings.set(name, null)
      yield* TestClock.adjust("10 minutes")
      expect(world.wanted.map(([name]) => name).sort()).toEqual([one, two])
    })
  )

  it.scoped("also runs while a listener waits for its namespace", () =>
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

  it.scoped("does not prevent the state check when it fails", () =>
    Effect.gen(function* () {
      const world = yield* inNamespaces
      world.settings.set(one, null)
      world.refusal = new EvolutionRefused({ message: "No such route", status: 404 })
      yield* TestClock.adjust("75 seconds")
      const askedState = world.asked.filter(({ what }) => what === "state").map(({ name }) => name)
      expect(askedState).toContain(one)
    })
  )

  it.scoped("does not run on a shared link", () =>
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
