import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { KeyRefused, LicenseRequired } from "../../src/Domain/EvolutionError.ts"
import { DialFailed, NamespaceRefused, UpgradeRefused } from "../../src/Domain/LinkError.ts"
import { about } from "./Listener/scenario.ts"
import { lost, neverUp, pacing, passed, shortlyUp, stableUp, waiting } from "./Pacing/paces.ts"

const own = Effect.flatMap(pacing({}), ({ pace }) => pace)
const unreachable = DialFailed.of("ECONNREFUSED", "")
const absent = NamespaceRefused.of("/shop-1", "Invalid namespace")
const badKey = UpgradeRefused.of(400, "Invalid global token")

describe("the pace of reconnecting", () => {
  it.scoped("says when the next attempt comes, and lets it come then", () =>
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

  it.scoped("begins with half a second and doubles up to 25 s, 20 % more or less", () =>
    Effect.gen(function* () {
      const pace = yield* own
      const delays: Array<number> = []
      for (let attempt = 1; attempt <= 12; attempt++)
        delays.push((yield* passed(pace, neverUp(unreachable))).planned)
      const doubling = [500, 1000, 2000, 4000, 8000, 16_000]
      expect(delays).toEqual([...doubling, ...Array(6).fill(25_000)].map(about))
    })
  )

  it.scoped("differs from one to the next, so that many do not come at once", () =>
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

  it.scoped(
    "goes on growing after a link that did not settle, and starts anew after one that did",
    () =>
      Effect.gen(function* () {
        const pace = yield* own
        const failures = [
          neverUp(),
          neverUp(),
          neverUp(),
          shortlyUp,
          stableUp,
          neverUp(),
          shortlyUp
        ]
        const delays: Array<number> = []
        for (const failure of failures) {
          delays.push((yield* passed(pace, failure)).planned)
          if (failure.wasUp) yield* pace.up
        }
        expect(delays).toEqual([500, 1000, 2000, 4000, 500, 1000, 2000].map(about))
      })
  )

  it.scoped("asks every half second for a namespace, which counts as no failure", () =>
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

describe("the pace of a listener that is parked", () => {
  const reasons = [
    [badKey, "check_api_key"],
    [UpgradeRefused.of(503, '{"code":"LICENSE_REQUIRED"}'), "activate_license"],
    [UpgradeRefused.of(404, "Not Found"), "enable_websocket"],
    [new KeyRefused({ message: "Unauthorized" }), "check_api_key"],
    [new LicenseRequired({ message: "Not activated" }), "activate_license"]
  ] as const

  it.scoped.each(reasons)("is five minutes, and says what to do after %s", ([error, userAction]) =>
    Effect.gen(function* () {
      const pace = yield* own
      const waiter = yield* passed(pace, { error, wasUp: true, wasStable: true })
      expect(waiter.plan?.userAction).toBe(userAction)
      expect(waiter.planned).toEqual(about(300_000))
      expect(waiter.dialledAt).toBeDefined()
    })
  )

  it.scoped("does not grow, and is nothing that the first failure after it waits for", () =>
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

describe("a link that flaps", () => {
  /** Loses an established link so often, half a minute at the most apart. */
  const losses = Effect.fn(function* (pace: Effect.Effect.Success<typeof own>, count: number) {
    const plans = []
    for (let loss = 1; loss <= count; loss++) {
      plans.push(yield* passed(pace, shortlyUp))
      yield* pace.up
    }
    return plans
  })
  const slow = { isFlapping: true, userAction: undefined }

  it.scoped("is dialled once a minute after more than ten losses in five minutes", () =>
    Effect.gen(function* () {
      const pace = yield* own
      const first = yield* losses(pace, 10)
      expect(first.map(({ plan }) => plan?.isFlapping)).toEqual(Array(10).fill(false))
      const eleventh = yield* passed(pace, shortlyUp)
      expect(eleventh.plan).toMatchObject(slow)
      expect(eleventh.planned).toEqual(about(60_000))
      expect(eleventh.dialledAt).toBeDefined()
      // Nor does it help that the next attempt does not even come so far.
      const twelfth = yield* passed(pace, neverUp())
      expect(twelfth.plan).toMatchObject(slow)
    })
  )

  it.scoped("is one also when each link had settled", () =>
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

  it.scoped("is dialled as any other again when five minutes hold no more than ten losses", () =>
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

  it.scoped("is not one whose attempts fail, however often: only what was up can be lost", () =>
    Effect.gen(function* () {
      const pace = yield* own
      const failed = yield* Effect.replicateEffect(passed(pace, neverUp(absent)), 40)
      expect(failed.some(({ plan }) => plan?.isFlapping)).toBe(false)
    })
  )

  it.scoped("is not one that is lost every half minute", () =>
    Effect.gen(function* () {
      const pace = yield* own
      for (let loss = 1; loss <= 25; loss++) {
        expect((yield* passed(pace, stableUp)).plan?.isFlapping).toBe(false)
        yield* TestClock.adjust("32 seconds")
      }
    })
  )
})
