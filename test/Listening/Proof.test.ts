import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { one, proving, two } from "./Proof/world.ts"

const minute = 60_000

describe("Proof of a shared link", () => {
  it.scoped("is not there while nothing comes and nothing happens", () =>
    Effect.gen(function* () {
      const world = yield* proving()
      for (let rounds = 0; rounds < 5; rounds++) {
        yield* world.lists({ [one]: { messages: 7 }, [two]: { messages: null } })
        yield* TestClock.adjust("54 seconds")
      }
      expect([yield* world.state, world.ledger, world.looks]).toEqual(["unproven", [], 1])
    })
  )

  it.scoped("comes with the first event, of any instance and any kind", () =>
    Effect.gen(function* () {
      const world = yield* proving()
      yield* world.hears("somebody-else", false)
      yield* TestClock.adjust("1 second")
      expect(yield* world.state).toBe("proven")
      yield* TestClock.adjust("20 seconds")
      expect(world.looks).toBe(0)
    })
  )

  it.scoped("goes with the link, and does not outlive it", () =>
    Effect.gen(function* () {
      const world = yield* proving()
      yield* world.hears(one)
      yield* TestClock.adjust("1 second")
      world.link = undefined
      yield* TestClock.adjust("1 second")
      expect(yield* world.state).toBe("unproven")
      world.link = { upSince: world.began + 2000 }
      yield* TestClock.adjust("1 second")
      expect(yield* world.proof.events).toMatchObject({
        state: "unproven",
        since: { epochMillis: world.began + 2000 }
      })
    })
  )

  it.scoped.each([
    // EvolutionAPI/evolution-api#853, #176: the websocket connects, and no event comes.
    ["a message was stored", { [one]: { messages: 7 } }, { [one]: { messages: 8 } }],
    ["an instance became open", { [one]: { connectionStatus: "close" } }, { [one]: {} }],
    [
      "an instance began to connect",
      { [one]: { connectionStatus: "close" } },
      { [one]: { connectionStatus: "connecting" } }
    ],
    ["an instance was created elsewhere", {}, { "shop-9": {} }],
    ["an instance was created again", { [one]: {} }, { [one]: { id: "another" } }],
    [
      "a message was stored of an instance that is not listened to",
      { "shop-9": { messages: 0 } },
      { "shop-9": { messages: 1 } }
    ]
  ] as const)("falls silent when %s and nothing has come", ([, before, after]) =>
    Effect.gen(function* () {
      const world = yield* proving()
      yield* world.lists(before)
      yield* TestClock.adjust("54 seconds")
      yield* world.lists(after)
      expect(yield* world.state).toBe("silent")
      // From the beginning of the link, and not from when it was noticed.
      expect(world.ledger).toEqual([
        ["open", one, world.began - 5000, "not_broadcast"],
        ["open", two, world.began - 5000, "not_broadcast"]
      ])
    })
  )

  it.scoped.each([
    ["messages were deleted", { [one]: { messages: 7 } }, { [one]: { messages: 2 } }],
    ["Evolution tells no counts", { [one]: { messages: null } }, { [one]: { messages: null } }],
    ["a count appears", { [one]: { messages: null } }, { [one]: { messages: 9 } }],
    ["an instance is gone", { [one]: {}, [two]: {} }, { [one]: {} }],
    // Evolution emits nothing about a drop that it means to mend.
    ["a connection was lost", { [one]: {} }, { [one]: { connectionStatus: "close" } }]
  ] as const)("does not fall silent when %s", ([, before, after]) =>
    Effect.gen(function* () {
      const world = yield* proving()
      yield* world.lists(before)
      yield* TestClock.adjust("54 seconds")
      yield* world.lists(after)
      expect([yield* world.state, world.ledger]).toEqual(["unproven", []])
    })
  )

  it.scoped("falls silent 5 s after Evolution created an instance for us, if no event comes", () =>
    Effect.gen(function* () {
      const world = yield* proving()
      yield* world.proof.created(two)
      yield* TestClock.adjust("4 seconds")
      expect(yield* world.state).toBe("unproven")
      yield* TestClock.adjust("2 seconds")
      expect(yield* world.proof.events).toMatchObject({
        state: "silent",
        instance: two,
        evidence: expect.stringContaining("We created")
      })
    })
  )

  it.scoped("does not compare lists across a change of the link", () =>
    Effect.gen(function* () {
      const world = yield* proving()
      yield* world.lists({ [one]: { messages: 1 } })
      world.link = { upSince: world.began + 10_000 }
      yield* TestClock.adjust("54 seconds")
      yield* world.lists({ [one]: { messages: 2 } })
      expect(yield* world.state).toBe("unproven")
    })
  )

  it.scoped("waits with its verdict while the socket is held back", () =>
    Effect.gen(function* () {
      const world = yield* proving()
      world.link = { isHeldBack: true }
      yield* world.lists({ [one]: { messages: 1 } })
      yield* world.lists({ [one]: { messages: 2 } })
      expect(yield* world.state).toBe("unproven")
    })
  )

  it.scoped("closes the gaps with the first event, and wakes back-fill", () =>
    Effect.gen(function* () {
      const world = yield* proving()
      yield* world.proof.created(two)
      yield* TestClock.adjust("6 seconds")
      yield* world.hears(one)
      yield* TestClock.adjust("1 second")
      expect(yield* world.state).toBe("proven")
      expect(world.ledger.slice(2)).toEqual([
        ["close", one],
        ["close", two]
      ])
      expect(world.woken).toEqual([one, two])
    })
  )

  it.scoped("fetches each list's messages while it is silent, and rests when there are none", () =>
    Effect.gen(function* () {
      const world = yield* proving()
      let messages = 0
      const list = () =>
        Effect.zipRight(
          world.lists({ [one]: { messages }, [two]: { messages: 0 } }),
          TestClock.adjust(minute - 6000)
        )
      yield* world.proof.created(two)
      yield* TestClock.adjust("6 seconds")
      for (let rounds = 0; rounds < 6; rounds++) {
        messages++
        yield* list()
      }
      expect(world.rounds.filter((name) => name === one).length).toBe(6)
      for (let rounds = 0; rounds < 10; rounds++) yield* list()
      const { length } = world.rounds
      for (let rounds = 0; rounds < 3; rounds++) yield* list()
      expect(world.rounds.length).toBe(length)
    })
  )
})

describe("Proof of one instance on a proven link", () => {
  const busy = (isShared = true) =>
    Effect.gen(function* () {
      const world = yield* proving(isShared)
      yield* world.hears(two)
      yield* TestClock.adjust("30 seconds")
      yield* world.lists({ [one]: { messages: 1 }, [two]: { messages: 1 } })
      yield* TestClock.adjust("54 seconds")
      return world
    })
  const grown = { [one]: { messages: 2 }, [two]: { messages: 2 } }

  // EvolutionAPI/evolution-api#2186, #2647: nothing of one instance is emitted any more until a restart.
  it.scoped.each([true, false])(
    "opens its gap from the list before when its messages are stored and not heard; shared: %s",
    (isShared) =>
      Effect.gen(function* () {
        const world = yield* busy(isShared)
        yield* world.hears(two)
        yield* world.lists(grown)
        expect(world.ledger).toEqual([["open", one, world.began - 5000, "not_emitted"]])
        expect(yield* world.state).toBe("proven")
      })
  )

  it.scoped("begins its gap with the last list that told of nothing new", () =>
    Effect.gen(function* () {
      const world = yield* busy()
      yield* world.lists({ [one]: { messages: 1 }, [two]: { messages: 1 } })
      yield* TestClock.adjust("54 seconds")
      yield* world.hears(two)
      yield* world.lists(grown)
      expect(world.ledger).toEqual([["open", one, world.began + 85_000, "not_emitted"]])
    })
  )

  it.scoped("begins its gap with its last message when each list told of more", () =>
    Effect.gen(function* () {
      const world = yield* busy()
      yield* world.hears(two)
      yield* world.hears(one)
      yield* TestClock.adjust("10 seconds")
      yield* world.lists(grown)
      yield* TestClock.adjust("54 seconds")
      yield* world.hears(two)
      yield* world.lists({ [one]: { messages: 9 }, [two]: { messages: 9 } })
      expect(world.ledger).toEqual([["open", one, world.began + 85_000, "not_emitted"]])
    })
  )

  it.scoped("is content with any event that brings a message, also one just before the list", () =>
    Effect.gen(function* () {
      const world = yield* busy()
      yield* world.hears(two)
      yield* world.hears(one)
      yield* world.lists(grown)
      expect(world.ledger).toEqual([])
    })
  )

  // EvolutionAPI/evolution-api#665, #2684: other events go on, and `messages.upsert` comes no more.
  it.scoped("does not take a receipt for a message", () =>
    Effect.gen(function* () {
      const world = yield* busy()
      yield* world.hears(two)
      yield* world.hears(one, false)
      yield* world.lists(grown)
      expect(world.ledger.length).toBe(1)
    })
  )

  // EvolutionAPI/evolution-api#2245: media were stored and not emitted, and the next text is.
  it.scoped("closes its gap with its next message", () =>
    Effect.gen(function* () {
      const world = yield* busy()
      yield* world.hears(two)
      yield* world.lists(grown)
      yield* world.hears(one, false)
      yield* TestClock.adjust("1 second")
      expect(world.ledger.length).toBe(1)
      yield* world.hears(one)
      yield* TestClock.adjust("1 second")
      expect(world.ledger[1]).toEqual(["close", one])
      expect(world.woken).toEqual([one])
    })
  )

  it.scoped("leaves an instance alone that is not listened to", () =>
    Effect.gen(function* () {
      const world = yield* busy()
      world.states.delete(one)
      yield* world.lists(grown)
      expect(world.ledger.filter(([, name]) => name === one)).toEqual([])
    })
  )
})
