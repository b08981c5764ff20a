import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Layer, Logger, Option, Scope, TestClock } from "effect"
import * as StopPlan from "../../src/Concurrency/StopPlan.ts"

const parts: ReadonlyArray<StopPlan.Part> = [
  "http",
  "deliveries",
  "listeners",
  "sockets",
  "ledger",
  "ingest",
  "pool",
  "database",
  "traces"
]

const planned = Effect.provide(StopPlan.StopPlan.layer)

const left = (part: StopPlan.Part) => Effect.map(StopPlan.left(part), Duration.toMillis)

describe("the shares of the plan", () => {
  it("add up to less than the 5 s that the program promises", () => {
    const sum = parts.map(StopPlan.share).reduce(Duration.sum)
    expect(Duration.toMillis(sum)).toBe(Duration.toMillis(StopPlan.budget))
    expect(Duration.lessThan(StopPlan.budget, "5 seconds")).toBe(true)
  })
})

describe("a part of the service", () => {
  it.effect("has its share and what the parts before it left over", () =>
    planned(
      Effect.gen(function* () {
        yield* TestClock.adjust("1 hour")
        const http = yield* left("http")
        expect(http).toBe(Duration.toMillis(StopPlan.share("http")))
        yield* TestClock.adjust("100 millis")
        const deliveries = Duration.toMillis(StopPlan.share("deliveries"))
        expect(yield* left("deliveries")).toBe(http + deliveries - 100)
        yield* TestClock.adjust("10 seconds")
        expect(yield* left("deliveries")).toBe(0)
      })
    )
  )

  it.effect("has at least its share where there is no plan, however late it is", () =>
    Effect.gen(function* () {
      for (const part of parts) {
        const share = Duration.toMillis(StopPlan.share(part))
        expect(yield* left(part), part).toBeGreaterThanOrEqual(share)
        yield* TestClock.adjust("10 seconds")
      }
      expect(yield* left("ingest")).toBe(3000)
    })
  )

  it.effect("is cut off after its time, also where it does not let itself be interrupted", () =>
    planned(
      Effect.gen(function* () {
        const stuck = Effect.uninterruptible(Effect.never)
        const ending = yield* Effect.fork(Effect.uninterruptible(StopPlan.within("http")(stuck)))
        yield* TestClock.adjust(Duration.subtract(StopPlan.share("http"), "1 millis"))
        expect(yield* Fiber.poll(ending)).toEqual(Option.none())
        yield* TestClock.adjust("1 millis")
        expect(yield* Fiber.join(ending)).toEqual(Option.none())
      })
    )
  )

  it.effect("tells that it ended in time", () =>
    planned(
      Effect.gen(function* () {
        expect(yield* StopPlan.within("http")(Effect.succeed("done"))).toEqual(Option.some("done"))
      })
    )
  )
})

describe("all parts, each of which never ends", () => {
  it.effect("are through within the budget", () =>
    planned(
      Effect.gen(function* () {
        const stuck = Effect.uninterruptible(Effect.never)
        const ending = yield* Effect.fork(
          Effect.forEach(parts, (part) => StopPlan.within(part)(stuck))
        )
        yield* TestClock.adjust(StopPlan.budget)
        expect(yield* Fiber.join(ending)).toEqual(parts.map(() => Option.none()))
      })
    )
  )
})

describe("a bounded layer", () => {
  const stuck = Layer.scopedDiscard(Effect.addFinalizer(() => Effect.never))

  /** The lines that a layer's end logs; the end may take the whole budget. */
  const linesOf = (layer: Layer.Layer<never>) =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) =>
        lines.push(`${logLevel.label} ${message}`)
      )
      const scope = yield* Scope.make()
      yield* Layer.buildWithScope(
        StopPlan.bounded("database")(layer).pipe(
          Layer.provide(StopPlan.StopPlan.layer),
          Layer.provide(Logger.replace(Logger.defaultLogger, logger))
        ),
        scope
      )
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* TestClock.adjust(StopPlan.budget)
      expect(Option.isSome(yield* Fiber.poll(closing))).toBe(true)
      return lines
    })

  it.effect("is closed in time, although a part of it is not bounded, and the log says so", () =>
    Effect.gen(function* () {
      expect(yield* linesOf(stuck)).toEqual(["ERROR Stopped without waiting for every part to end"])
    })
  )

  it.effect("logs nothing when it ends in time", () =>
    Effect.gen(function* () {
      expect(yield* linesOf(Layer.empty)).toEqual([])
    })
  )

  it.scoped("shares with the layers around it what it would share unbounded", () =>
    Effect.gen(function* () {
      let built = 0
      const shared = Layer.effectDiscard(Effect.sync(() => built++))
      yield* Layer.build(Layer.merge(shared, StopPlan.bounded("database")(shared)))
      expect(built).toBe(1)
    })
  )
})
