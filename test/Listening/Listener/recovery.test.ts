import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, TestClock } from "effect"
import { event, lost, settle, started } from "./session.ts"

/** A listener whose recovery runs until it is interrupted. */
const recovering = Effect.gen(function* () {
  const recoveries = { begun: 0, running: 0 }
  const world = yield* started({
    recover: () =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          recoveries.begun++
          recoveries.running++
        }),
        () => Effect.never,
        () => Effect.sync(() => recoveries.running--)
      )
  })
  return { recoveries, world }
})

describe("The recovery of a session", () => {
  it.scoped("logs the snapshot while live events continue", () =>
    Effect.gen(function* () {
      const asked = yield* Deferred.make<void>()
      const world = yield* started({
        snapshot: Effect.as(Deferred.await(asked), [event("asked")])
      })
      yield* world.link.offer(event("before"))
      yield* settle
      yield* Deferred.succeed(asked, undefined)
      yield* settle
      yield* world.link.offer(event("meanwhile"))
      yield* settle
      expect(world.done.slice(1)).toEqual(["live before", "snapshot asked", "live meanwhile"])
    })
  )

  it.scoped("ends with its session and starts again with the next", () =>
    Effect.gen(function* () {
      const { recoveries, world } = yield* recovering
      expect(recoveries).toEqual({ begun: 1, running: 1 })
      yield* world.link.fail(lost)
      yield* settle
      expect(recoveries).toEqual({ begun: 1, running: 0 })
      yield* TestClock.adjust("1 second")
      expect(recoveries).toEqual({ begun: 2, running: 1 })
    })
  )

  it.scoped("is interrupted when the session is quiesced", () =>
    Effect.gen(function* () {
      const { recoveries, world } = yield* recovering
      yield* world.link.end
      expect(yield* Fiber.await(world.fiber)).toEqual(Exit.void)
      expect(recoveries.running).toBe(0)
    })
  )
})
