import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as Turnstile from "../../src/Concurrency/FairSemaphore.ts"

/** Ten that want to go through where two may be in at once; each stays until it is told to go on. */
const crowd = Effect.gen(function* () {
  const { deserted, through } = Turnstile.make(2)
  const entered: Array<number> = []
  const latches = yield* Effect.replicateEffect(Effect.makeLatch(), 10)
  const visits = yield* Effect.forEach(latches, (latch, number) =>
    through(
      Effect.zipRight(
        Effect.sync(() => entered.push(number)),
        latch.await
      )
    ).pipe(Effect.fork)
  )
  const settle = Effect.replicateEffect(Effect.yieldNow(), 10, { discard: true })
  const letGo = (number: number) => Effect.zipRight(latches[number]?.open ?? Effect.void, settle)
  const giveUp = (number: number) =>
    Effect.zipRight(Fiber.interrupt(visits[number] ?? Fiber.void), settle)
  yield* settle
  return { deserted, entered, giveUp, letGo, visits }
})

describe("a turnstile", () => {
  it.effect("lets so many in at once, and the others in the order in which they came", () =>
    Effect.gen(function* () {
      const { entered, letGo } = yield* crowd
      expect(entered).toEqual([0, 1])
      yield* letGo(1)
      expect(entered).toEqual([0, 1, 2])
      yield* letGo(0)
      yield* letGo(2)
      expect(entered).toEqual([0, 1, 2, 3, 4])
    })
  )

  it.effect("keeps no place for who has given up, be it outside or inside", () =>
    Effect.gen(function* () {
      const { entered, giveUp, letGo } = yield* crowd
      yield* giveUp(2)
      yield* giveUp(0)
      expect(entered).toEqual([0, 1, 3])
      for (const number of [1, 3, 4, 5, 6, 7, 8, 9]) yield* letGo(number)
      expect(entered).toEqual([0, 1, 3, 4, 5, 6, 7, 8, 9])
    })
  )

  it.effect("loses no place by who is let in and gives up in the same moment", () =>
    Effect.gen(function* () {
      const { entered, giveUp, letGo, visits } = yield* crowd
      const going = yield* Effect.fork(Fiber.interrupt(visits[0] ?? Fiber.void))
      yield* giveUp(2)
      yield* Fiber.join(going)
      for (const number of [1, 3, 4]) yield* letGo(number)
      expect(entered.filter((number) => number !== 2)).toEqual([0, 1, 3, 4, 5, 6])
    })
  )

  it.effect("is deserted when the last has gone, and nobody waits", () =>
    Effect.gen(function* () {
      yield* Turnstile.make(1).deserted
      const { deserted, giveUp, letGo } = yield* crowd
      const watching = yield* Effect.fork(deserted)
      for (const number of [0, 1, 2, 3, 4, 5, 6, 7, 8]) yield* letGo(number)
      expect(watching.unsafePoll()).toBeNull()
      yield* giveUp(9)
      yield* Fiber.join(watching)
    })
  )
})
