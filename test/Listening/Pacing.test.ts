import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { KeyRefused, LicenseRequired } from "../../src/Domain/EvolutionError.ts"
import { DialFailed, NamespaceRefused, UpgradeRefused } from "../../src/Domain/LinkError.ts"
import { about } from "./Listener/scenario.ts"
import { lost, neverUp, pacing, passed, shortlyUp, stableUp, waiting } from "./Pacing/paces.ts"

const own = Effect.flatMap(pacing({}), ({ pace }) => pace)
const unreachable = DialFailed.of("ECONNREFUSED", "")
const absent = NamespaceRefused.of("/shop-1", "Invalid namespace")
const withoutSocket =
  '{"status":404,"error":"Not Found","response":{"message":["Cannot GET /socket.io/?EIO=4"]}}'
const badKey = UpgradeRefused.of(400, "Invalid global token")

describe("Pacing", () => {
  it.scoped("announces the time of the next attempt and waits until then", () =>
    Effect.gen(function* () {
      const pace = yield* own
      yield* TestClock.setTime(1_000_000)
      for (let attempt = 1; attempt <= 4; attempt++) {
        const waiter = yield* waiting(pace, neverUp(unreachable))
        expect(waiter.plan).toMatchObject({ userAction: undefined, isFlapping: false })
        yield* TestClock.adjust(waiter.planned - 1)
        expect(waiter.dialledAt).toBeUndefined()
        yield* TestClock.adjust(2)
        expect(waiter.dialledAt).toBeDefined()
      }
    })
  )

  it.scoped("doubles the delay from 0.5 s to 25 s, ±20 %, after each failed attempt", () =>
    Effect.gen(function* () {
      const pace = yield* own
      const delays: Array<number> = []
      for (let attempt = 1; attempt <= 12; attempt++)
        delays.push((yield* passed(pace, neverUp(unreachable))).planned)
      const doubling = [500, 1000, 2000, 4000, 8000, 16_000]
      expect(delays).toEqual([...doubling, ...Array(6).fill(25_000)].map(about))
    })
  )

  it.scoped("randomizes delays, so that many listeners dial at different times", () =>
    Effect.gen(function* () {
      const { pace } = yield* pacing({})
      const waiters = yield* Effect.replicateEffect(
        Effect.flatMap(pace, (one) => waiting(one, neverUp())),
        20
      )
      expect(waiters.map(({ planned }) => planned)).toEqual(Array(20).fill(about(500)))
      expect(new Set(waiters.map(({ planned }) => planned)).size).toBeGreaterThan(15)
    })
  )

  it.scoped("keeps doubling the delay after a short link and resets it after a settled one", () =>
    Effect.gen(function* () {
      const pace = yield* own
      const failures = [neverUp(), neverUp(), neverUp(), shortlyUp, stableUp, neverUp(), shortlyUp]
      const delays: Array<number> = []
      for (const failure of failures) {
        delays.push((yield* passed(pace, failure)).planned)
        if (failure.wasUp) yield* pace.up
      }
      expect(delays).toEqual([500, 1000, 2000, 4000, 500, 1000, 2000].map(about))
    })
  )

  it.scoped("waits half a second for a missing namespace, without counting a failure", () =>
    Effect.gen(function* () {
      const pace = yield* own
      yield* passed(pace, neverUp(unreachable))
      const delays: Array<number> = []
      for (let asked = 1; asked <= 15; asked++)
        delays.push((yield* passed(pace, neverUp(absent))).planned)
      expect(delays).toEqual(Array(15).fill(about(500)))
      expect((yield* passed(pace, neverUp(unreachable))).planned).toEqual(about(1000))
    })
  )
})

describe("Pacing of a parked listener", () => {
  const reasons = [
    [badKey, "check_api_key"],
    [UpgradeRefused.of(503, '{"code":"LICENSE_REQUIRED"}'), "activate_license"],
    [UpgradeRefused.of(404, withoutSocket), "enable_websocket"],
    [new KeyRefused({ message: "Unauthorized" }), "check_api_key"],
    [new LicenseRequired({ message: "Not activated" }), "activate_license"]
  ] as const

  it.scoped.each(reasons)(
    "waits five minutes and names the user action after %s",
    ([error, userAction]) =>
      Effect.gen(function* () {
        const pace = yield* own
        const waiter = yield* passed(pace, { error, wasUp: true, wasStable: true })
        expect(waiter.plan?.userAction).toBe(userAction)
        expect(waiter.planned).toEqual(about(300_000))
        expect(waiter.dialledAt).toBeDefined()
      })
  )

  it.scoped("keeps its delay constant and returns to 0.5 s after the next other failure", () =>
    Effect.gen(function* () {
      const pace = yield* own
      const probes = yield* Effect.replicateEffect(passed(pace, neverUp(badKey)), 4)
      expect(probes.map(({ planned }) => planned)).toEqual(Array(4).fill(about(300_000)))
      const after = yield* passed(pace, neverUp(lost))
      expect(after.plan).toMatchObject({ userAction: undefined })
      expect(after.planned).toEqual(about(500))
    })
  )
})

describe("Pacing of a flapping link", () => {
  /** Loses an established link `count` times, at most half a minute apart. */
  const losses = Effect.fn(function* (pace: Effect.Effect.Success<typeof own>, count: number) {
    const plans = []
    for (let loss = 1; loss <= count; loss++) {
      plans.push(yield* passed(pace, shortlyUp))
      yield* pace.up
    }
    return plans
  })
  const slow = { isFlapping: true, userAction: undefined }

  it.scoped("waits a minute after more than ten losses in five minutes", () =>
    Effect.gen(function* () {
      const pace = yield* own
      const first = yield* losses(pace, 10)
      expect(first.map(({ plan }) => plan?.isFlapping)).toEqual(Array(10).fill(false))
      const eleventh = yield* passed(pace, shortlyUp)
      expect(eleventh.plan).toMatchObject(slow)
      expect(eleventh.planned).toEqual(about(60_000))
      expect(eleventh.dialledAt).toBeDefined()
      // An attempt that fails before the link is up changes nothing.
      const twelfth = yield* passed(pace, neverUp())
      expect(twelfth.plan).toMatchObject(slow)
    })
  )

  it.scoped("also counts losses of links that had settled", () =>
    Effect.gen(function* () {
      const pace = yield* own
      const plans: Array<boolean | undefined> = []
      for (let loss = 1; loss <= 11; loss++) {
        plans.push((yield* passed(pace, stableUp)).plan?.isFlapping)
        yield* TestClock.adjust("15 seconds")
      }
      expect(plans).toEqual([...Array(10).fill(false), true])
    })
  )

  it.scoped("returns to 0.5 s when the last five minutes have at most ten losses", () =>
    Effect.gen(function* () {
      const pace = yield* own
      yield* losses(pace, 10)
      expect((yield* waiting(pace, stableUp)).plan).toMatchObject(slow)
      yield* TestClock.adjust("5 minutes")
      const after = yield* passed(pace, stableUp)
      expect(after.plan?.isFlapping).toBe(false)
      expect(after.planned).toEqual(about(500))
    })
  )

  it.scoped("counts no failed attempts as losses", () =>
    Effect.gen(function* () {
      const pace = yield* own
      const failed = yield* Effect.replicateEffect(passed(pace, neverUp(absent)), 40)
      expect(failed.some(({ plan }) => plan?.isFlapping)).toBe(false)
    })
  )

  it.scoped("reports no flapping at one loss every 32 s", () =>
    Effect.gen(function* () {
      const pace = yield* own
      for (let loss = 1; loss <= 25; loss++) {
        expect((yield* passed(pace, stableUp)).plan?.isFlapping).toBe(false)
        yield* TestClock.adjust("32 seconds")
      }
    })
  )
})
