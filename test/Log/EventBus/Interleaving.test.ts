import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Option, Stream } from "effect"
import { makeLog, range, settle, take } from "./MemoryLog.ts"

/** Numbers from 0 to `below`, the same for the same seed (mulberry32). */
const random = (seed: number) => (below: number) => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) % below
}

describe("A reader of EventBus", () => {
  it.effect(
    "receives every event once and in order under any interleaving",
    () =>
      Effect.forEach(range(1, 150), (seed) =>
        Effect.gen(function* () {
          const next = random(seed)
          const pause = Effect.suspend(() => Effect.replicateEffect(Effect.yieldNow(), next(4)))
          const { log, make, publish } = makeLog(range(1, next(30)), Effect.asVoid(pause))
          const bus = yield* make(1 + next(6))
          const readers = yield* Effect.replicateEffect(
            Effect.gen(function* () {
              const last = log.ids().at(-1) ?? 0
              const cursor = next(3) === 0 ? ("now" as const) : next(last + 1)
              const got: Array<number> = []
              const read = bus.after(cursor).pipe(
                Stream.runForEach(({ id }) =>
                  Effect.zipRight(
                    Effect.sync(() => got.push(id)),
                    pause
                  )
                )
              )
              // A fiber may have to yield after any step; so many steps show all of them.
              yield* Effect.fork(Effect.withMaxOpsBeforeYield(read, 12 + next(30)))
              return { got, after: cursor === "now" ? last : cursor }
            }),
            4
          )
          let id = log.ids().at(-1) ?? 0
          for (let batch = 0; batch < 12; batch++) {
            yield* publish(
              bus,
              Array.from({ length: 1 + next(4) }, () => (id += 1 + next(3)))
            )
            yield* pause
          }
          yield* settle
          for (const { after, got } of readers)
            expect(got, `seed ${seed}`).toEqual(log.ids().filter((one) => one > after))
        }).pipe(Effect.scoped)
      ),
    30_000
  )

  it.effect(
    "receives an event that is published just before it falls asleep",
    () =>
      Effect.gen(function* () {
        // The reader yields after so many steps, and so many turns after that the event comes.
        for (const steps of range(12, 40))
          for (const turns of range(0, 8)) {
            const { make, publish } = makeLog([])
            const bus = yield* make(8)
            const reader = yield* Effect.fork(
              Effect.withMaxOpsBeforeYield(take(bus.after("now"), 1), steps)
            )
            yield* Effect.replicateEffect(Effect.yieldNow(), turns)
            yield* publish(bus, [1])
            yield* settle
            const woken = Option.isSome(yield* Fiber.poll(reader))
            expect(woken, `${steps} steps, ${turns} turns`).toBe(true)
          }
      }),
    30_000
  )
})
