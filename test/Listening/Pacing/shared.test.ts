import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, TestClock } from "effect"
import { KeyRefused, LicenseRequired } from "../../../src/Domain/EvolutionError.ts"
import type { Failure, Pace, Plan } from "../../../src/Listening/Pacing.ts"
import { about } from "../Listener/scenario.ts"
import { neverUp, pacing, passed, shortlyUp, stableUp, waiting } from "./paces.ts"

const keyRefused = new KeyRefused({ message: "Unauthorized" })
const unlicensed = new LicenseRequired({ message: "Not activated" })

/** The paces of 500 listeners on one link. */
const shared = Effect.flatMap(pacing({ isShared: true }), ({ pace }) =>
  Effect.replicateEffect(pace, 500)
)

/** Lets all paces wait at once; `through` counts the waits that have ended. */
const waitAll = (paces: ReadonlyArray<Pace>, failure: Failure) =>
  Effect.gen(function* () {
    const crowd = { plans: [] as Array<Plan>, through: 0 }
    const tell = (plan: Plan) => Effect.sync(() => crowd.plans.push(plan))
    const fibers = yield* Effect.forEach(paces, (pace) =>
      pace.wait(failure, tell).pipe(
        Effect.tap(() => Effect.sync(() => crowd.through++)),
        Effect.fork
      )
    )
    yield* TestClock.adjust(0)
    return Object.assign(crowd, { fibers })
  })

/** Time of the next dial in ms; it must be the same in all plans. */
const planOf = (plans: ReadonlyArray<Plan>) => {
  expect(new Set(plans.map(({ nextAttempt }) => nextAttempt.epochMillis)).size).toBe(1)
  return plans[0]?.nextAttempt.epochMillis ?? Number.NaN
}

describe("Pacing of a shared link", () => {
  it.scoped("gives five hundred listeners one delay and counts their failures as one", () =>
    Effect.gen(function* () {
      const paces = yield* shared
      let before = 0
      for (const expected of [500, 1000, 2000, 4000]) {
        const crowd = yield* waitAll(paces, neverUp())
        expect(crowd.plans.length).toBe(500)
        const at = planOf(crowd.plans)
        expect(at - before).toEqual(about(expected))
        yield* TestClock.setTime(at - 1)
        expect(crowd.through).toBe(0)
        yield* TestClock.setTime(at + 1)
        expect(crowd.through).toBe(500)
        before = at + 1
      }
    })
  )

  it.scoped("gives a late listener the delay of the others", () =>
    Effect.gen(function* () {
      const [first, later] = yield* shared
      const early = yield* waitAll(first === undefined ? [] : [first], neverUp())
      yield* TestClock.adjust(200)
      const late = yield* waitAll(later === undefined ? [] : [later], neverUp())
      const at = planOf([...early.plans, ...late.plans])
      yield* TestClock.setTime(at + 1)
      expect([early.through, late.through]).toEqual([1, 1])
    })
  )

  it.scoped("ends every wait when the link is up for one listener", () =>
    Effect.gen(function* () {
      const paces = yield* shared
      const reconnecting = yield* waitAll(paces.slice(0, 250), neverUp())
      const parked = yield* waitAll(paces.slice(250), neverUp(keyRefused))
      yield* paces[0]?.up ?? Effect.void
      yield* TestClock.adjust(0)
      expect([reconnecting.through, parked.through]).toEqual([250, 250])
    })
  )

  it.scoped("continues for the others when the first listener is interrupted", () =>
    Effect.gen(function* () {
      const paces = yield* shared
      const crowd = yield* waitAll(paces, neverUp())
      yield* crowd.fibers[0] === undefined ? Effect.void : Fiber.interrupt(crowd.fibers[0])
      yield* TestClock.setTime(planOf(crowd.plans) - 1)
      expect(crowd.through).toBe(0)
      yield* TestClock.setTime(planOf(crowd.plans) + 1)
      expect(crowd.through).toBe(499)
    })
  )

  it.scoped("continues for the others when the first listener is interrupted before its plan", () =>
    Effect.gen(function* () {
      const paces = yield* shared
      const leaving = yield* Effect.fork(
        paces[0]?.wait(neverUp(), () => Effect.never) ?? Effect.void
      )
      yield* Effect.yieldNow()
      yield* Fiber.interruptFork(leaving)
      const crowd = yield* waitAll(paces.slice(1), neverUp())
      expect((yield* Fiber.await(leaving))._tag).toBe("Failure")
      yield* TestClock.setTime(planOf(crowd.plans) + 1)
      expect(crowd.through).toBe(499)
    })
  )

  it.scoped("does not wait for a listener that is slow to take the plan", () =>
    Effect.gen(function* () {
      const paces = yield* shared
      const told = yield* Deferred.make<void>()
      yield* Effect.fork(paces[0]?.wait(neverUp(), () => Deferred.await(told)) ?? Effect.void)
      const crowd = yield* waitAll(paces.slice(1), neverUp())
      yield* TestClock.setTime(planOf(crowd.plans) + 1)
      expect(crowd.through).toBe(499)
    })
  )

  it.scoped("counts one loss when five hundred listeners lose the link", () =>
    Effect.gen(function* () {
      const paces = yield* shared
      const flapping: Array<boolean | undefined> = []
      for (let loss = 1; loss <= 11; loss++) {
        const { plans } = yield* waitAll(paces, shortlyUp)
        flapping.push(plans.at(-1)?.isFlapping)
        yield* TestClock.setTime(planOf(plans) + 1)
      }
      expect(flapping).toEqual([...Array(10).fill(false), true])
    })
  )

  it.scoped("resets the delay once when five hundred listeners lose a settled link", () =>
    Effect.gen(function* () {
      const paces = yield* shared
      const [one] = paces
      for (let attempt = 1; attempt <= 4; attempt++)
        if (one !== undefined) yield* passed(one, neverUp())
      const before = yield* Effect.clockWith(({ currentTimeMillis }) => currentTimeMillis)
      const early = yield* waitAll(paces.slice(0, 250), stableUp)
      expect(planOf(early.plans) - before).toEqual(about(500))
      yield* TestClock.adjust(100)
      // The loss reaches half of the listeners 100 ms later.
      const late = yield* waitAll(paces.slice(250), stableUp)
      yield* TestClock.setTime(planOf([...early.plans, ...late.plans]) + 1)
      if (one !== undefined) expect((yield* waiting(one, neverUp())).planned).toEqual(about(1000))
    })
  )

  it.scoped("names the user action of each listener's own error", () =>
    Effect.gen(function* () {
      const paces = yield* shared
      const one = yield* waitAll(paces.slice(0, 1), neverUp(keyRefused))
      const two = yield* waitAll(paces.slice(1, 2), neverUp(unlicensed))
      const actions = [...one.plans, ...two.plans].map(({ userAction }) => userAction)
      expect(actions).toEqual(["check_api_key", "activate_license"])
    })
  )

  it.scoped("probes Evolution once for all reconnecting listeners", () =>
    Effect.gen(function* () {
      let asked = 0
      const awaitReturn = Effect.zipRight(
        Effect.sync(() => asked++),
        Effect.never
      )
      const { pace } = yield* pacing({ awaitReturn, isShared: true })
      yield* waitAll(yield* Effect.replicateEffect(pace, 500), neverUp())
      expect(asked).toBe(1)
    })
  )
})
