/** Time is real here: events go by a real Postgres. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Queue } from "effect"
import * as Handlers from "../../src/Delivery/Handlers.ts"
import { makeWorld, type Replica, testDatabaseUrl } from "../Log/Tail/World.ts"

describe.skipIf(testDatabaseUrl === "")(
  "Handlers of several processes",
  { timeout: 60_000 },
  () => {
    it.scopedLive("are called once for an event, in the process that wrote it", () =>
      Effect.gen(function* () {
        const { start } = yield* makeWorld
        const one = yield* start({ owns: ["br"] })
        const two = yield* start({ owns: ["eu"] })
        const handling = ({ layer }: Replica) =>
          Effect.gen(function* () {
            const handled = yield* Queue.unbounded<number>()
            const handler = Handlers.on("call", ({ id }) => handled.offer(id), {
              onDrift: ({ id }) => handled.offer(id)
            })
            yield* Layer.build(Layer.provide(handler, layer))
            return handled
          })
        const first = yield* handling(one)
        const second = yield* handling(two)
        yield* one.write("br", 2)
        yield* two.write("eu", 2)
        expect([...(yield* Queue.takeN(first, 2))]).toEqual([1, 2])
        expect([...(yield* Queue.takeN(second, 2))]).toEqual([3, 4])
        yield* one.leave
        yield* two.own("br")
        const { next } = yield* one.reader(4)
        yield* two.write("br", 2)
        expect([...(yield* Queue.takeN(second, 2))]).toEqual([5, 6])
        yield* next(2)
        expect(yield* Queue.size(first)).toBe(0)
      })
    )
  }
)
