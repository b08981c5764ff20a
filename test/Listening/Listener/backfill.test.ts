import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, TestClock } from "effect"
import { event, lost, settle, started } from "./session.ts"

/** A session in which something is to be fetched; it takes as long as `fetched` stays shut. */
const fetching = Effect.gen(function* () {
  const backfills = { begun: 0, running: 0 }
  const fetched = yield* Effect.makeLatch(false)
  const asked = yield* Deferred.make<void>()
  const world = yield* started({
    recovery: {
      snapshot: () => Effect.as(Deferred.await(asked), [event("asked")]),
      backfill: () =>
        Effect.acquireUseRelease(
          Effect.sync(() => {
            backfills.begun++
            backfills.running++
          }),
          () => fetched.await,
          () => Effect.sync(() => backfills.running--)
        )
    }
  })
  yield* world.missed
  return { asked: Deferred.succeed(asked, undefined), backfills, fetched, world }
})

describe("the back-fill of a session", () => {
  it.scoped("begins when the snapshot is handed on, while what comes live goes on coming", () =>
    Effect.gen(function* () {
      const { asked, backfills, world } = yield* fetching
      yield* world.link.offer(event("before"))
      yield* settle
      expect(backfills.begun).toBe(0)
      yield* asked
      yield* settle
      expect(backfills).toEqual({ begun: 1, running: 1 })
      yield* world.link.offer(event("meanwhile"))
      yield* settle
      expect(world.done.slice(1)).toEqual(["live before", "snapshot asked", "live meanwhile"])
    })
  )

  it.scoped("waits until there is a gap, which may close while the link holds", () =>
    Effect.gen(function* () {
      const { asked, backfills, fetched, world } = yield* fetching
      world.pending = []
      yield* asked
      yield* TestClock.adjust("1 hour")
      expect(backfills.begun).toBe(0)
      for (const times of [1, 2]) {
        yield* world.missed
        yield* settle
        expect(backfills).toEqual({ begun: times, running: 1 })
        world.pending = []
        yield* fetched.release
        yield* settle
        expect(backfills).toEqual({ begun: times, running: 0 })
      }
    })
  )

  it.scoped("ends with its session, and begins anew with the next", () =>
    Effect.gen(function* () {
      const { asked, backfills, world } = yield* fetching
      yield* asked
      yield* settle
      yield* world.link.fail(lost)
      yield* settle
      expect(backfills).toEqual({ begun: 1, running: 0 })
      yield* TestClock.adjust("1 second")
      expect(backfills).toEqual({ begun: 2, running: 1 })
    })
  )

  it.scoped("does not keep a session going that was quiesced", () =>
    Effect.gen(function* () {
      const { asked, backfills, world } = yield* fetching
      yield* asked
      yield* settle
      yield* world.link.end
      expect(yield* Fiber.await(world.fiber)).toEqual(Exit.void)
      expect(backfills.running).toBe(0)
    })
  )
})
