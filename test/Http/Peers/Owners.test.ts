import { SqlError } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, TestClock } from "effect"
import { Ownership } from "../../../src/Cluster/Ownership.ts"
import * as Owners from "../../../src/Http/Peers/Owners.ts"

const since = new Date(0)

const row = (id: string, address: string) => ({
  id,
  address,
  version: "1",
  since,
  seenAt: since,
  silentSeconds: 0,
  leaving: false,
  unable: []
})

/** A database that counts how often it is asked, and answers as a test likes. */
const database = Effect.gen(function* () {
  const state = {
    asked: 0,
    owner: "one",
    answer: Effect.void as Effect.Effect<void, SqlError.SqlError>
  }
  const ownership = yield* Effect.provide(
    Ownership,
    Layer.mock(Ownership, {
      me: "me",
      isAlone: false,
      holders: Effect.suspend(() => {
        state.asked++
        const held = { server: "eu", epoch: 1, owner: state.owner, since, silentSeconds: 0 }
        return Effect.as(state.answer, [held])
      }),
      replicas: Effect.succeed([row("one", "http://10.0.0.1:8000/"), row("two", "no address")])
    })
  )
  return { state, owners: yield* Owners.make(ownership) }
})

const refused = new SqlError.SqlError({ cause: new Error("refused"), message: "refused" })

describe("the owners that a replica knows", () => {
  it.effect("are read once for all who ask within half a second", () =>
    Effect.gen(function* () {
      const { owners, state } = yield* database
      const ask = Effect.replicateEffect(owners.of("eu"), 100, { concurrency: "unbounded" })
      expect(new Set((yield* ask).map((owner) => owner?.address.href))).toEqual(
        new Set(["http://10.0.0.1:8000/"])
      )
      yield* TestClock.adjust("500 millis")
      yield* ask
      expect(state.asked).toBe(1)
      yield* TestClock.adjust("1 millis")
      yield* ask
      expect(state.asked).toBe(2)
    })
  )

  it.effect("are nobody where the owner has gone, or has an address that is none", () =>
    Effect.gen(function* () {
      const { owners, state } = yield* database
      for (const owner of ["gone", "two"]) {
        state.owner = owner
        yield* TestClock.adjust("1 second")
        expect(yield* owners.of("eu")).toBeUndefined()
      }
      expect(yield* owners.of("another")).toBeUndefined()
    })
  )

  it.effect(
    "are those that were seen last while the database refuses, or is silent for a second",
    () =>
      Effect.gen(function* () {
        const { owners, state } = yield* database
        yield* owners.of("eu")
        for (const answer of [refused, Effect.never]) {
          state.answer = answer
          yield* TestClock.adjust("1 second")
          const asked = yield* Effect.fork(owners.of("eu"))
          yield* TestClock.adjust("1 second")
          expect((yield* Fiber.join(asked))?.id).toBe("one")
        }
      })
  )

  it.effect("are read for the others, too, when the one who asked first goes away", () =>
    Effect.gen(function* () {
      const { owners, state } = yield* database
      const gate = yield* Deferred.make<void>()
      state.answer = Deferred.await(gate)
      const [first, second] = [
        yield* Effect.fork(owners.of("eu")),
        yield* Effect.fork(owners.of("eu"))
      ]
      yield* TestClock.adjust("10 millis")
      yield* Fiber.interrupt(first)
      yield* Deferred.succeed(gate, undefined)
      expect((yield* Fiber.join(second))?.id).toBe("one")
    })
  )

  it.effect("are watched until a server has another", () =>
    Effect.gen(function* () {
      const { owners, state } = yield* database
      const owner = yield* owners.of("eu")
      if (owner === undefined) return yield* Effect.dieMessage("nobody")
      const moved = yield* Effect.fork(owners.moved("eu", owner))
      yield* TestClock.adjust("5 seconds")
      expect(yield* Fiber.poll(moved)).toMatchObject({ _tag: "None" })
      state.owner = "gone"
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(moved)
    })
  )
})
