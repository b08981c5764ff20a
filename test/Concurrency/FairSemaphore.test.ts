import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as FairSemaphore from "../../src/Concurrency/FairSemaphore.ts"

/** Ten fibers that ask for one of two permits; each keeps its permit until the test lets it finish. */
const crowd = Effect.gen(function* () {
  const { awaitIdle, withPermit } = FairSemaphore.make(2)
  const admitted: Array<number> = []
  const latches = yield* Effect.replicateEffect(Effect.makeLatch(), 10)
  const fibers = yield* Effect.forEach(latches, (latch, number) =>
    withPermit(
      Effect.zipRight(
        Effect.sync(() => admitted.push(number)),
        latch.await
      )
    ).pipe(Effect.fork)
  )
  const settle = Effect.replicateEffect(Effect.yieldNow(), 10, { discard: true })
  const finish = (number: number) => Effect.zipRight(latches[number]?.open ?? Effect.void, settle)
  const interrupt = (number: number) =>
    Effect.zipRight(Fiber.interrupt(fibers[number] ?? Fiber.void), settle)
  yield* settle
  return { admitted, awaitIdle, fibers, finish, interrupt }
})

describe("FairSemaphore", () => {
  it.effect(
    "FairSemaphore admits as many as it has permits, and the rest in the order they came",
    () =>
      Effect.gen(function* () {
        const { admitted, finish } = yield* crowd
        expect(admitted).toEqual([0, 1])
        yield* finish(1)
        expect(admitted).toEqual([0, 1, 2])
        yield* finish(0)
        yield* finish(2)
        expect(admitted).toEqual([0, 1, 2, 3, 4])
      })
  )

  it.effect(
    "FairSemaphore takes the permit back from an interrupted fiber, waiting or admitted",
    () =>
      Effect.gen(function* () {
        const { admitted, finish, interrupt } = yield* crowd
        yield* interrupt(2)
        yield* interrupt(0)
        expect(admitted).toEqual([0, 1, 3])
        for (const number of [1, 3, 4, 5, 6, 7, 8, 9]) yield* finish(number)
        expect(admitted).toEqual([0, 1, 3, 4, 5, 6, 7, 8, 9])
      })
  )

  it.effect("FairSemaphore admits nobody in the place of a fiber that stops waiting", () =>
    Effect.gen(function* () {
      const { admitted, finish, interrupt } = yield* crowd
      yield* interrupt(4)
      expect(admitted).toEqual([0, 1])
      for (const number of [0, 1, 2]) yield* finish(number)
      expect(admitted).toEqual([0, 1, 2, 3, 5])
    })
  )

  it.effect("FairSemaphore loses no permit when a fiber is admitted and interrupted at once", () =>
    Effect.gen(function* () {
      const { admitted, fibers, finish, interrupt } = yield* crowd
      const going = yield* Effect.fork(Fiber.interrupt(fibers[0] ?? Fiber.void))
      yield* interrupt(2)
      yield* Fiber.join(going)
      for (const number of [1, 3, 4]) yield* finish(number)
      expect(admitted.filter((number) => number !== 2)).toEqual([0, 1, 3, 4, 5, 6])
    })
  )

  it.effect("FairSemaphore is idle once the last permit is released and no fiber waits", () =>
    Effect.gen(function* () {
      yield* FairSemaphore.make(1).awaitIdle
      const { awaitIdle, finish, interrupt } = yield* crowd
      const watching = yield* Effect.fork(awaitIdle)
      for (const number of [0, 1, 2, 3, 4, 5, 6, 7, 8]) yield* finish(number)
      expect(watching.unsafePoll()).toBeNull()
      yield* interrupt(9)
      yield* Fiber.join(watching)
    })
  )
})
