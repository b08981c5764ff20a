import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Exit, FiberId, Logger, Queue, TestClock } from "effect"
import { Escalation, LoopCrashed, loop } from "../../src/Concurrency/Supervise.ts"

const escalation = () => Deferred.unsafeMake<never, LoopCrashed>(FiberId.none)

const quiet = Logger.replace(
  Logger.defaultLogger,
  Logger.make(() => undefined)
)

describe("Supervise.loop", () => {
  it.scoped("loop restarts after a defect, with the state that it keeps outside", () =>
    Effect.gen(function* () {
      const work = yield* Queue.unbounded<number>()
      const done = yield* Queue.unbounded<number>()
      yield* loop(
        "test loop",
        Effect.forever(
          Effect.flatMap(Queue.take(work), (one) =>
            one === 2 ? Effect.dieMessage("two") : Queue.offer(done, one)
          )
        )
      )
      yield* Queue.offerAll(work, [1, 2, 3])
      expect(yield* Queue.take(done)).toBe(1)
      yield* TestClock.adjust("1 second")
      expect(yield* Queue.take(done)).toBe(3)
    }).pipe(Effect.provide(quiet))
  )

  it.scoped("loop escalates its sixth crash within a minute by its name", () =>
    Effect.gen(function* () {
      const ended = escalation()
      let runs = 0
      yield* loop(
        "test loop",
        Effect.suspend(() => {
          runs++
          return Effect.dieMessage("again")
        })
      ).pipe(Effect.provideService(Escalation, ended))
      yield* TestClock.adjust("50 millis")
      expect(yield* Deferred.isDone(ended)).toBe(false)
      yield* TestClock.adjust("10 seconds")
      expect(runs).toBe(6)
      const exit = yield* Effect.exit(Deferred.await(ended))
      expect(exit).toEqual(
        Exit.fail(
          new LoopCrashed({
            loop: "test loop",
            message:
              "The test loop keeps crashing: see the log, restart the service and report the bug"
          })
        )
      )
    }).pipe(Effect.provide(quiet))
  )

  it.scoped("loop counts only the crashes of the last minute", () =>
    Effect.gen(function* () {
      const ended = escalation()
      let runs = 0
      yield* loop(
        "test loop",
        Effect.suspend(() => {
          runs++
          return Effect.delay(Effect.dieMessage("again"), "2 minutes")
        })
      ).pipe(Effect.provideService(Escalation, ended))
      yield* TestClock.adjust("1 hour")
      expect(runs).toBeGreaterThan(20)
      expect(yield* Deferred.isDone(ended)).toBe(false)
    }).pipe(Effect.provide(quiet))
  )

  it.effect("loop ends with its scope and does not escalate that", () =>
    Effect.gen(function* () {
      const ended = escalation()
      let isOver = false
      yield* Effect.scoped(
        Effect.zipRight(
          loop(
            "test loop",
            Effect.onInterrupt(Effect.never, () => Effect.sync(() => (isOver = true)))
          ),
          Effect.yieldNow()
        )
      ).pipe(Effect.provideService(Escalation, ended))
      expect(isOver).toBe(true)
      expect(yield* Deferred.isDone(ended)).toBe(false)
    }).pipe(Effect.provide(quiet))
  )
})
