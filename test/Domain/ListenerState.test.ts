import { describe, expect, it } from "@effect/vitest"
import { Arbitrary, DateTime, FastCheck, Schema } from "effect"
import { KeyRefused } from "../../src/Domain/EvolutionError.ts"
import {
  ConnectionLost,
  DialFailed,
  HandshakeTimeout,
  HeartbeatMissed,
  NamespaceRefused,
  ProtocolViolation,
  UpgradeRefused
} from "../../src/Domain/LinkError.ts"
import {
  Connecting,
  connecting,
  generationOf,
  hasOutcome,
  isStable,
  ListenerCrashed,
  ListenerState,
  Listening,
  listening,
  Parked,
  parked,
  refused,
  stable,
  stopped,
  Waiting,
  waiting
} from "../../src/Domain/ListenerState.ts"

const utc = DateTime.unsafeMake
const [t0, t1, t2] = [utc(0), utc(1_000), utc(2_000)]
const lost = ConnectionLost.of(1006, "")
const badKey = UpgradeRefused.of(400, "Invalid global token")
const keyRefused = new KeyRefused({ message: "Unauthorized" })

const connectingOnce = Connecting.make({ since: t0, attempt: 1, generation: 1, error: null })
const waitingTwice = Waiting.make({
  since: t0,
  attempt: 2,
  generation: 6,
  nextAttempt: t1,
  isFlapping: false,
  error: lost
})
const parkedThrice = Parked.make({
  since: t0,
  attempt: 3,
  generation: 7,
  nextAttempt: t1,
  userAction: "check_api_key",
  error: badKey
})
const fresh = Listening.make({ since: t0, attempt: 4, generation: 8 })
const held = Listening.make({ since: t0, attempt: 0, generation: 9 })
const everyState = [stopped(t0), connectingOnce, waitingTwice, parkedThrice, fresh, held]

const facts = { since: t1, nextAttempt: t2, isFlapping: false, error: lost }

describe("the next attempt", () => {
  const next = (attempt: number, generation: number, error: typeof lost | null) =>
    Connecting.make({ since: t1, attempt, generation, error })

  it.each<readonly [string, ListenerState, ListenerState]>([
    ["Stopped", stopped(t0), next(1, 1, null)],
    ["Waiting", waitingTwice, next(3, 7, lost)],
    ["Listening", fresh, next(5, 9, null)],
    ["settled Listening", held, next(1, 10, null)],
    [
      "Parked, which stays so",
      parkedThrice,
      Parked.make({ ...parkedThrice, attempt: 4, generation: 8 })
    ]
  ])("counts from %s", (_, from, expected) => {
    expect(connecting(from, t1)).toEqual(expected)
  })
})

describe("a refusal for now", () => {
  it("is told while we connect", () => {
    const error = NamespaceRefused.of("/shop-1", "Invalid namespace")
    expect(refused(connectingOnce, error)).toEqual({ ...connectingOnce, error })
  })

  it.each(everyState.filter(({ _tag }) => _tag !== "Connecting"))(
    "changes nothing while $_tag",
    (from) => {
      expect(refused(from, lost)).toBe(from)
    }
  )
})

describe("a link", () => {
  it.each([
    { from: connectingOnce, attempt: 1, generation: 1 },
    { from: waitingTwice, attempt: 2, generation: 6 },
    { from: parkedThrice, attempt: 3, generation: 7 },
    { from: stopped(t0), attempt: 0, generation: 0 }
  ])(
    "remembers the attempts of $from._tag until it has settled",
    ({ attempt, from, generation }) => {
      const up = listening(from, t1)
      expect(up).toEqual({ _tag: "Listening", since: t1, attempt, generation })
      expect(isStable(up)).toBe(attempt === 0)
      expect(stable(up)).toEqual({ _tag: "Listening", since: t1, attempt: 0, generation })
      expect(isStable(stable(up))).toBe(true)
    }
  )

  it.each(everyState.filter(({ _tag }) => _tag !== "Listening"))(
    "cannot settle while it is $_tag",
    (from) => {
      expect(stable(from)).toBe(from)
      expect(isStable(from)).toBe(false)
    }
  )
})

describe("a listener", () => {
  it("is not stable when it waits after a link that was", () => {
    const state = waiting(held, facts)
    expect(state).toMatchObject({ attempt: 0 })
    expect(isStable(state)).toBe(false)
  })

  it.each<readonly [string, ListenerState, boolean]>([
    ["Stopped", stopped(t0), false],
    ["Connecting", connectingOnce, false],
    ["Connecting after a refusal", { ...connectingOnce, error: lost }, true],
    ["Waiting", waitingTwice, true],
    ["Parked", parkedThrice, true],
    ["Listening", fresh, true]
  ])("that is %s has an answer for who asked it to start, or has not yet", (_, state, expected) => {
    expect(hasOutcome(state)).toBe(expected)
  })
})

describe("waiting", () => {
  it.each([
    { from: connectingOnce, attempt: 1, generation: 1 },
    { from: fresh, attempt: 4, generation: 8 },
    { from: held, attempt: 0, generation: 9 },
    { from: parkedThrice, attempt: 3, generation: 7 }
  ])("after $from._tag keeps count $attempt and tells what is next", ({ from, ...counts }) => {
    expect(waiting(from, facts)).toEqual({ _tag: "Waiting", ...facts, ...counts })
  })

  it("tells when it is because the link flaps", () => {
    expect(waiting(fresh, { ...facts, isFlapping: true })).toMatchObject({ isFlapping: true })
  })

  it("lets the count grow with every failure in a row, and start again once the link held", () => {
    let state = stopped(t0)
    for (let failure = 1; failure <= 3; failure++) {
      state = waiting(connecting(state, t1), facts)
      expect(state).toMatchObject({ _tag: "Waiting", attempt: failure })
    }
    state = stable(listening(connecting(state, t1), t1))
    expect(waiting(connecting(waiting(state, facts), t1), facts)).toMatchObject({ attempt: 1 })
  })

  it("never gives two attempts the same generation, though the count starts again", () => {
    let state = stopped(t0)
    const generations: Array<number> = [generationOf(state)]
    for (let attempt = 1; attempt <= 3; attempt++) {
      state = connecting(waiting(stable(listening(connecting(state, t1), t1)), facts), t1)
      generations.push(generationOf(state))
    }
    expect(generations).toEqual([0, 2, 4, 6])
  })
})

describe("parked", () => {
  const why = { since: t1, nextAttempt: t2, userAction: "check_api_key", error: badKey } as const

  it("tells what a person has to do, since when, and when we probe", () => {
    expect(parked(connectingOnce, why)).toEqual({
      _tag: "Parked",
      ...why,
      attempt: 1,
      generation: 1
    })
  })

  it("stays parked while it probes, and keeps since when", () => {
    const probing = connecting(parked(connectingOnce, why), t2)
    expect(probing).toEqual({ _tag: "Parked", ...why, attempt: 2, generation: 2 })
    expect(refused(probing, lost)).toBe(probing)
    const later = utc(9_000)
    expect(parked(probing, { ...why, since: t2, nextAttempt: later })).toEqual({
      ...probing,
      nextAttempt: later
    })
  })

  it("tells the newer reason when that changes, and still since when it was parked", () => {
    const next = { since: t2, nextAttempt: null, userAction: "report_bug" } as const
    const error = new ListenerCrashed({ message: "Crashed 3 times" })
    expect(parked(parkedThrice, { ...next, error })).toEqual({
      _tag: "Parked",
      ...next,
      error,
      since: t0,
      attempt: 3,
      generation: 7
    })
  })

  it("ends when a probe succeeds, or when it is stopped", () => {
    expect(listening(connecting(parkedThrice, t1), t2)).toMatchObject({
      _tag: "Listening",
      since: t2
    })
    expect(stopped(t2)).toEqual({ _tag: "Stopped", since: t2 })
  })
})

describe("ListenerState", () => {
  const encode = Schema.encodeSync(Schema.parseJson(ListenerState))
  const decode = Schema.decodeSync(Schema.parseJson(ListenerState))

  it.each([
    DialFailed.of("ECONNREFUSED", ""),
    badKey,
    HandshakeTimeout.of("dial", 10_000),
    HeartbeatMissed.of(45_000),
    NamespaceRefused.of("/shop-1", "Invalid namespace"),
    lost,
    ProtocolViolation.of("invalid payload"),
    keyRefused
  ])("crosses HTTP and comes back with its error: $_tag", (error) => {
    for (const state of [
      Connecting.make({ ...connectingOnce, error }),
      Waiting.make({ ...waitingTwice, error }),
      Parked.make({ ...parkedThrice, error })
    ]) {
      const back = decode(encode(state))
      expect(back).toEqual(state)
      expect("error" in back && back.error).toBeInstanceOf(error.constructor)
    }
  })

  it("loses nothing of any state there can be", () => {
    const same = Schema.equivalence(ListenerState)
    FastCheck.assert(
      FastCheck.property(Arbitrary.make(ListenerState), (state) => {
        expect(same(decode(encode(state)), state)).toBe(true)
      })
    )
  })
})
