/** EvolutionAPI/evolution-api#853, #176: Evolution without global events, its default. */
import { describe, expect, it } from "@effect/vitest"
import { Clock, Effect, TestClock } from "effect"
import { one, proving, two } from "./world.ts"

/** The link for all is silent, so the instances are listened to by their namespaces. */
const byNamespaces = Effect.gen(function* () {
  const world = yield* proving("auto")
  world.shared = { upSince: world.began }
  yield* world.lists({ [one]: { messages: 0 } })
  yield* TestClock.adjust("54 seconds")
  yield* world.lists({ [one]: { messages: 1 } })
  return world
})

describe("Proof in auto mode", () => {
  it.scoped("goes over to namespaces once the link is silent, after the gaps are open", () =>
    Effect.gen(function* () {
      const world = yield* byNamespaces
      expect(world.changes).toEqual(["namespace"])
      expect(world.ledger).toEqual([
        ["open", one, world.began - 5000, "not_broadcast"],
        ["open", two, world.began - 5000, "not_broadcast"]
      ])
      // Namespaces have proven nothing yet.
      expect(yield* world.state).toBe("unproven")
    })
  )

  it.scoped("stays with global events while the link is not silent", () =>
    Effect.gen(function* () {
      const world = yield* proving("auto")
      yield* world.lists({ [one]: { messages: 0 } })
      yield* world.hears(one)
      yield* TestClock.adjust("54 seconds")
      yield* world.lists({ [one]: { messages: 1 } })
      expect([world.changes, yield* world.state]).toEqual([[], "proven"])
    })
  )

  it.scoped("takes an event in a namespace as proof, and no silence there for a sign", () =>
    Effect.gen(function* () {
      const world = yield* byNamespaces
      yield* TestClock.adjust("54 seconds")
      yield* world.lists({ [one]: { messages: 9 } })
      expect([world.changes, yield* world.state]).toEqual([["namespace"], "unproven"])
      yield* world.hears(one)
      yield* TestClock.adjust("1 second")
      expect([world.changes, yield* world.state]).toEqual([["namespace"], "proven"])
    })
  )

  it.scoped("goes back with the first event over the link for all", () =>
    Effect.gen(function* () {
      const world = yield* byNamespaces
      yield* TestClock.adjust("10 minutes")
      expect(world.changes).toEqual(["namespace"])
      const now = yield* Clock.currentTimeMillis
      world.shared = { upSince: world.began, lastEventAt: now }
      world.link = { upSince: world.began, lastEventAt: now }
      yield* TestClock.adjust("1 second")
      expect([world.changes, yield* world.state]).toEqual([["namespace", "global"], "proven"])
    })
  )

  it.scoped(
    "stays with namespaces while the link for all is down, or new and without an event",
    () =>
      Effect.gen(function* () {
        const world = yield* byNamespaces
        world.shared = undefined
        yield* TestClock.adjust("10 seconds")
        world.shared = { upSince: yield* Clock.currentTimeMillis }
        yield* TestClock.adjust("10 seconds")
        expect(world.changes).toEqual(["namespace"])
      })
  )
})
