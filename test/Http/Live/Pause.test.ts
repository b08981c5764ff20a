import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { logged, range } from "../../Log/EventBus/MemoryLog.ts"
import { house, idsOf, textOf, turns } from "./Stream.ts"

/** Readers of everything, as many as are given. */
const crowd = (count: number, capacity?: number) =>
  Effect.gen(function* () {
    const { bus, commit, read } = yield* house(capacity)
    const readers = yield* Effect.replicateEffect(read({}), count)
    return { bus, commit, readers }
  })

const piecesOf = ({ pieces }: { readonly pieces: ReadonlyArray<Buffer> }) =>
  pieces.slice(1).map((piece) => idsOf(textOf([piece])))

describe("the pause between two writes", () => {
  it.scoped("does not exist for ten readers: each commit is written at once", () =>
    Effect.gen(function* () {
      const { commit, readers } = yield* crowd(10)
      for (const id of range(1, 4)) yield* Effect.zipRight(commit([id]), turns(3))
      for (const reader of readers) expect(piecesOf(reader)).toEqual([[1], [2], [3], [4]])
    })
  )

  it.scoped("is 0.5 ms for each reader beyond ten, and ends in one write", () =>
    Effect.gen(function* () {
      const { commit, readers } = yield* crowd(15)
      yield* Effect.zipRight(commit([1]), turns(3))
      for (const reader of readers) expect(piecesOf(reader)).toEqual([[1]])
      for (const id of range(2, 4)) yield* Effect.zipRight(commit([id]), turns(3))
      yield* TestClock.adjust("2 millis")
      yield* turns(3)
      for (const reader of readers) expect(piecesOf(reader)).toEqual([[1]])
      yield* TestClock.adjust("1 millis")
      yield* turns(3)
      for (const reader of readers) expect(piecesOf(reader)).toEqual([[1], [2, 3, 4]])
    })
  )

  it.scoped("is 500 ms at the most", () =>
    Effect.gen(function* () {
      const { commit, readers } = yield* crowd(1200)
      yield* Effect.zipRight(commit([1]), turns(3))
      yield* Effect.zipRight(commit([2]), turns(3))
      yield* TestClock.adjust("499 millis")
      yield* turns(3)
      for (const reader of readers) expect(piecesOf(reader)).toEqual([[1]])
      yield* TestClock.adjust("1 millis")
      yield* turns(3)
      for (const reader of readers) expect(piecesOf(reader)).toEqual([[1], [2]])
    })
  )

  it.scoped("ends early when more than 8192 events wait", () =>
    Effect.gen(function* () {
      const { bus, readers } = yield* crowd(11, 16_384)
      const publish = (from: number, to: number) =>
        Effect.zipRight(bus.publish(range(from, to).map(logged)), turns(3))
      yield* publish(1, 1)
      yield* publish(2, 8193)
      for (const reader of readers) expect(piecesOf(reader)).toEqual([[1]])
      yield* publish(8194, 8194)
      for (const reader of readers) expect(piecesOf(reader)).toEqual([[1], range(2, 8194)])
    })
  )

  it.scoped("makes no reader too slow when more is published than memory holds", () =>
    Effect.gen(function* () {
      const { commit, readers } = yield* crowd(11, 16)
      yield* Effect.zipRight(commit([1]), turns(3))
      yield* Effect.zipRight(commit(range(2, 1200)), turns(3))
      yield* TestClock.adjust("1 millis")
      yield* turns(20)
      for (const { pieces } of readers) {
        expect(textOf(pieces)).not.toContain("bye")
        expect(idsOf(textOf(pieces))).toEqual(range(1, 1200))
      }
    })
  )
})
