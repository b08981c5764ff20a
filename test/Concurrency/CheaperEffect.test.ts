import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Schedule, Scope } from "effect"
import { acquireRelease, retry } from "../../src/Concurrency/CheaperEffect.ts"

describe("acquireRelease", () => {
  it.effect("releases the resource when the scope closes", () =>
    Effect.gen(function* () {
      const released: Array<string> = []
      const scope = yield* Scope.make()
      const resource = acquireRelease(Effect.succeed("a"), (one) =>
        Effect.sync(() => void released.push(one))
      )
      expect(yield* Scope.extend(resource, scope)).toBe("a")
      expect(released).toEqual([])
      yield* Scope.close(scope, Exit.void)
      expect(released).toEqual(["a"])
    })
  )

  it.effect("is not interrupted between acquiring and registering the release", () =>
    Effect.gen(function* () {
      const [begun, go] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      let releases = 0
      const acquire = Deferred.succeed(begun, undefined).pipe(Effect.zipRight(Deferred.await(go)))
      const fiber = yield* Effect.fork(
        Effect.scoped(acquireRelease(acquire, () => Effect.sync(() => void releases++)))
      )
      yield* Deferred.await(begun)
      const interrupting = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* Effect.yieldNow()
      yield* Deferred.succeed(go, undefined)
      yield* Fiber.join(interrupting)
      expect(releases).toBe(1)
    })
  )
})

describe("retry", () => {
  /** An attempt that fails with 1, 2, 3 … and succeeds after so many failures. */
  const failing = (failures: number) => {
    const state = { attempts: 0 }
    const attempt = Effect.suspend(() =>
      ++state.attempts > failures ? Effect.succeed("done") : Effect.fail(state.attempts)
    )
    return { attempt, state }
  }
  const always = () => true

  it.effect("runs an attempt that succeeds once", () =>
    Effect.gen(function* () {
      const { attempt, state } = failing(0)
      expect(yield* retry(attempt, { schedule: Schedule.recurs(3), while: always })).toBe("done")
      expect(state.attempts).toBe(1)
    })
  )

  it.effect("repeats a failed attempt as often as the schedule allows", () =>
    Effect.gen(function* () {
      const enough = failing(3)
      const schedule = Schedule.recurs(3)
      expect(yield* retry(enough.attempt, { schedule, while: always })).toBe("done")
      expect(enough.state.attempts).toBe(4)
      const tooMany = failing(4)
      expect(yield* Effect.flip(retry(tooMany.attempt, { schedule, while: always }))).toBe(4)
      expect(tooMany.state.attempts).toBe(4)
    })
  )

  it.effect("gives the schedule and the condition the first failure, too", () =>
    Effect.gen(function* () {
      const seen: Array<number> = []
      const { attempt, state } = failing(9)
      const isSmall = (failure: number) => {
        seen.push(failure)
        return failure < 2
      }
      const schedule = Schedule.recurs(9)
      expect(yield* Effect.flip(retry(attempt, { schedule, while: isSmall }))).toBe(2)
      expect([seen, state.attempts]).toEqual([[1, 2], 2])
    })
  )
})
