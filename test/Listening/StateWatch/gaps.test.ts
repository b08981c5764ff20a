import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, TestClock } from "effect"
import { EvolutionUnavailable } from "../../../src/Domain/EvolutionError.ts"
import { ConnectionLost } from "../../../src/Domain/LinkError.ts"
import * as State from "../../../src/Domain/ListenerState.ts"
import { everything, one, watched } from "./world.ts"

const unavailable = new EvolutionUnavailable({ message: "No answer within 10 s", status: null })
const noCalls = {
  enabled: true,
  events: everything.events.filter((event) => event !== "CALL")
}

/** Time of the last settings query, in ms. */
const lastAsked = ({ asked }: Effect.Effect.Success<typeof listening>) =>
  asked.filter(({ what }) => what === "settings").at(-1)?.at ?? Number.NaN

/** A watch of one instance that starts at 1 000 000 ms; its interval is 1 minute ±20 %. */
const listening = Effect.zipRight(TestClock.setTime(1_000_000), watched([one], false))

describe("The gap of an incomplete subscription", () => {
  it.scoped(
    "begins at the last check that found it complete and ends when it is complete again",
    () =>
      Effect.gen(function* () {
        const world = yield* listening
        yield* TestClock.adjust("5 minutes")
        const seenWhole = world.asked.filter(({ what }) => what === "settings").at(-1)?.at
        world.settings.set(one, noCalls)
        yield* TestClock.adjust("75 seconds")
        expect(world.ledger).toEqual([
          ["open", one, seenWhole, "not_subscribed"],
          ["close", one]
        ])
        // Recovery is woken for the gap, although the link was never lost.
        expect(world.woken).toEqual([one])
      })
  )

  it.scoped(
    "begins at the last check that found it complete, even if the link was lost since",
    () =>
      Effect.gen(function* () {
        const world = yield* listening
        yield* TestClock.adjust("5 minutes")
        const seenWhole = world.asked.filter(({ what }) => what === "settings").at(-1)?.at
        const since = DateTime.add(yield* DateTime.now, { seconds: 30 })
        world.settings.set(one, noCalls)
        world.states.set(one, State.listening(State.stopped(since), since))
        yield* TestClock.adjust("75 seconds")
        expect(world.ledger[0]).toEqual(["open", one, seenWhole, "not_subscribed"])
      })
  )

  it.scoped("begins at the query of the last complete answer, not at the answer", () =>
    Effect.gen(function* () {
      const world = yield* listening
      world.beforeSettings = Effect.sleep("10 seconds")
      yield* TestClock.adjust("5 minutes")
      const before = world.askedFor("settings")
      while (world.askedFor("settings") === before) yield* TestClock.adjust("1 second")
      // The answer has arrived by now, and the next query is far away.
      yield* TestClock.adjust("11 seconds")
      expect(world.askedFor("settings")).toBe(before + 1)
      const asked = lastAsked(world)
      world.settings.set(one, noCalls)
      yield* TestClock.adjust("2 minutes")
      expect(world.ledger[0]).toEqual(["open", one, asked, "not_subscribed"])
    })
  )

  it.scoped("begins at the start of the watch when no check found it complete", () =>
    Effect.gen(function* () {
      const world = yield* listening
      const since = DateTime.add(yield* DateTime.now, { seconds: 30 })
      world.settings.set(one, noCalls)
      world.states.set(one, State.listening(State.stopped(since), since))
      yield* TestClock.adjust("75 seconds")
      expect(world.ledger[0]).toEqual(["open", one, 1_000_000, "not_subscribed"])
    })
  )

  it.scoped("begins no earlier than the start command", () =>
    Effect.gen(function* () {
      const world = yield* listening
      yield* TestClock.adjust("5 minutes")
      world.wishedAt = yield* DateTime.now
      world.settings.set(one, noCalls)
      yield* TestClock.adjust("75 seconds")
      const wished = world.wishedAt.epochMillis
      expect(world.ledger[0]).toEqual(["open", one, wished, "not_subscribed"])
    })
  )

  it.scoped("stays absent when the instance is stopped before the answer", () =>
    Effect.gen(function* () {
      const world = yield* listening
      const answers = yield* Effect.makeLatch()
      world.beforeSettings = answers.await
      world.settings.set(one, noCalls)
      yield* TestClock.adjust("75 seconds")
      world.states.set(one, State.stopped(yield* DateTime.now))
      yield* answers.open
      yield* TestClock.adjust("5 minutes")
      expect([world.ledger, world.wanted]).toEqual([[], []])
    })
  )

  it.scoped("stays absent when Evolution cannot grant more", () =>
    Effect.gen(function* () {
      const world = yield* listening
      world.granted = noCalls
      world.settings.set(one, noCalls)
      yield* TestClock.adjust("2 minutes")
      const before = world.ledger.length
      yield* TestClock.adjust("10 minutes")
      expect(world.ledger.length).toBe(before)
    })
  )

  it.scoped("stays open while the listener is on no link", () =>
    Effect.gen(function* () {
      const world = yield* listening
      const at = yield* DateTime.now
      const error = ConnectionLost.of(1006, "")
      const facts = { since: at, nextAttempt: at, isFlapping: false, error }
      world.states.set(one, State.waiting(State.connecting(State.stopped(at), at), facts))
      world.settings.set(one, null)
      yield* TestClock.adjust("75 seconds")
      expect(world.ledger).toEqual([["open", one, 1_000_000, "not_subscribed"]])
    })
  )

  it.scoped("stays open while Evolution refuses the subscription", () =>
    Effect.gen(function* () {
      const world = yield* listening
      world.settings.set(one, noCalls)
      world.refusal = unavailable
      yield* TestClock.adjust("75 seconds")
      expect(world.wanted.length).toBe(1)
      expect(world.ledger).toEqual([["open", one, 1_000_000, "not_subscribed"]])
      world.refusal = undefined
      yield* TestClock.adjust("75 seconds")
      expect(world.ledger.at(-1)).toEqual(["close", one])
    })
  )

  it.scoped("leaves a gap of another cause open", () =>
    Effect.gen(function* () {
      const world = yield* listening
      yield* world.misses(one, "connection_lost")
      yield* TestClock.adjust("5 minutes")
      expect(world.ledger.filter(([what]) => what === "close")).toEqual([])
    })
  )

  it.scoped("closes when a later check finds it complete after a failed request", () =>
    Effect.gen(function* () {
      const world = yield* listening
      world.settings.set(one, noCalls)
      world.refusal = unavailable
      yield* TestClock.adjust("75 seconds")
      expect(world.ledger).toEqual([["open", one, 1_000_000, "not_subscribed"]])
      // Evolution applied the request, and only its answer was lost.
      world.settings.set(one, everything)
      yield* TestClock.adjust("75 seconds")
      expect(world.ledger.at(-1)).toEqual(["close", one])
    })
  )
})
