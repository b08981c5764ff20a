import { describe, expect, it } from "@effect/vitest"
import { Cause, Deferred, Effect, FiberId, Logger, Queue, TestClock } from "effect"
import { Escalation, type LoopCrashed, loop } from "../../src/Concurrency/Supervise.ts"

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
      const { loop: name, message } = yield* Effect.flip(Deferred.await(ended))
      expect(name).toBe("test loop")
      expect(message).toBe(
        "The test loop keeps crashing: see the log, restart the service and report the bug"
      )
    }).pipe(Effect.provide(quiet))
  )

  it.scoped("loop logs every crash with its name and its cause", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const logger = Logger.make(({ cause, logLevel, message }) =>
        lines.push(`${logLevel.label} ${message}: ${Cause.pretty(cause).split("\n")[0]}`)
      )
      const fiber = yield* loop(
        "test loop",
        Effect.suspend(() => (lines.length < 2 ? Effect.dieMessage("again") : Effect.void))
      ).pipe(Effect.provide(Logger.replace(Logger.defaultLogger, logger)))
      yield* TestClock.adjust("1 second")
      yield* fiber.await
      const line = "ERROR The test loop crashed: RuntimeException: again"
      expect(lines).toEqual([line, line])
    })
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
