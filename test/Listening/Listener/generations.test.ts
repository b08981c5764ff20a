import { describe, expect, it } from "@effect/vitest"
import { Effect, Queue, TestClock } from "effect"
import { DialFailed, NamespaceRefused } from "../../../src/Domain/LinkError.ts"
import type { ListenerState, SessionError } from "../../../src/Domain/ListenerState.ts"
import { keep, type Signals } from "../../../src/Listening/Listener/Keep.ts"
import { everySecond, lost, pacingOf, settle } from "./session.ts"

/** Successive attempts; the test sends the signals of each attempt and ends it. */
const attempts = Effect.gen(function* () {
  const states: Array<ListenerState> = []
  const given: Array<Signals> = []
  const ends = yield* Queue.unbounded<SessionError>()
  let wakes = 0
  const pace = { ...everySecond, up: Effect.sync(() => wakes++) }
  yield* keep(
    pacingOf(pace),
    (state) => Effect.sync(() => states.push(state)),
    (signals) =>
      Effect.suspend(() => {
        given.push(signals)
        return Effect.flatMap(Queue.take(ends), Effect.fail)
      })
  ).pipe(Effect.forkScoped)
  yield* settle
  /** Fails the current attempt; the next one begins a second later. */
  const next = (error: SessionError) =>
    Effect.zipRight(Queue.offer(ends, error), TestClock.adjust("1 second"))
  const signals = (number: number) => {
    const found = given[number - 1]
    return found === undefined
      ? Effect.dieMessage(`There was no attempt ${number}`)
      : Effect.succeed(found)
  }
  return { next, states, signals, wakes: () => wakes }
})

const refusal = NamespaceRefused.of("/shop-1", "Invalid namespace")
const unreachable = DialFailed.of("ECONNREFUSED", "")

describe("The attempts of a listener", () => {
  it.scoped("have ascending generations, even after a link that settled", () =>
    Effect.gen(function* () {
      const { next, states, signals } = yield* attempts
      yield* next(unreachable)
      yield* Effect.flatMap(signals(2), ({ established }) => established)
      yield* TestClock.adjust("10 seconds")
      yield* next(lost)
      const told = states.map((state) =>
        state._tag === "Stopped" ? state._tag : [state._tag, state.generation, state.attempt]
      )
      expect(told).toEqual([
        ["Connecting", 1, 1],
        ["Waiting", 1, 1],
        ["Connecting", 2, 2],
        ["Listening", 2, 2],
        ["Listening", 2, 0],
        ["Waiting", 2, 0],
        ["Connecting", 3, 1]
      ])
    })
  )

  it.scoped("change no state after the next attempt has begun", () =>
    Effect.gen(function* () {
      const { next, states, signals } = yield* attempts
      const first = yield* signals(1)
      yield* first.refused(refusal)
      expect(states.at(-1)).toMatchObject({ _tag: "Connecting", generation: 1, error: refusal })
      yield* next(unreachable)
      const before = states.length
      yield* first.refused(refusal)
      yield* first.established
      yield* TestClock.adjust("1 minute")
      expect(states.slice(before)).toEqual([])
      expect(states.at(-1)).toMatchObject({ generation: 2, error: unreachable })
    })
  )

  it.scoped("never settle the link of a later attempt", () =>
    Effect.gen(function* () {
      const { next, states, signals } = yield* attempts
      // The signal runs in a scope that outlives its attempt, as a bug could make it.
      yield* Effect.flatMap(signals(1), ({ established }) => established)
      yield* TestClock.adjust("8 seconds")
      yield* next(lost)
      yield* Effect.flatMap(signals(2), ({ established }) => established)
      yield* TestClock.adjust("5 seconds")
      expect(states.at(-1)).toMatchObject({ _tag: "Listening", generation: 2, attempt: 2 })
      yield* TestClock.adjust("5 seconds")
      expect(states.at(-1)).toMatchObject({ _tag: "Listening", generation: 2, attempt: 0 })
    })
  )

  it.scoped("wake every waiting listener when the link is up", () =>
    Effect.gen(function* () {
      const { signals, wakes } = yield* attempts
      expect(wakes()).toBe(0)
      yield* Effect.flatMap(signals(1), ({ established }) => established)
      expect(wakes()).toBe(1)
    })
  )
})

describe("A listener", () => {
  it.scoped("tells its pace of every end whether the link was up and whether it had settled", () =>
    Effect.gen(function* () {
      const told: Array<readonly [boolean, boolean]> = []
      const sessions = [0, 5000, 15_000]
      const pace: typeof everySecond = {
        ...everySecond,
        wait: (failure, tell) => {
          told.push([failure.wasUp, failure.wasStable])
          return everySecond.wait(failure, tell)
        }
      }
      yield* keep(
        pacingOf(pace),
        () => Effect.void,
        ({ established }) =>
          Effect.gen(function* () {
            const held = sessions.shift()
            if (held === undefined) return yield* Effect.never
            if (held > 0) yield* Effect.zipRight(established, Effect.sleep(held))
            return yield* lost
          })
      ).pipe(Effect.forkScoped)
      yield* TestClock.adjust("1 minute")
      expect(told).toEqual([
        [false, false],
        [true, false],
        [true, true]
      ])
    })
  )
})
