/** Time is real here: events go by a real Postgres. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Layer, Queue, Scope } from "effect"
import { DurableHandlers } from "../../src/Delivery/DurableHandlers.ts"
import * as DurableRuns from "../../src/Delivery/DurableRuns.ts"
import * as Handlers from "../../src/Delivery/Handlers.ts"
import { Server, ServerId } from "../../src/Domain/Server.ts"
import { CurrentFence } from "../../src/Domain/Tenure.ts"
import { makeWorld, type Replica, testDatabaseUrl } from "../Log/Tail/World.ts"

const fall = Effect.void

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

    it.scopedLive("that are durable go on in the next owner of a server, from their cursor", () =>
      Effect.gen(function* () {
        const { sql, start } = yield* makeWorld
        const one = yield* start()
        const two = yield* start()
        /** A program with the handler, which owns servers now and then. */
        const program = ({ layer, own }: Replica) =>
          Effect.gen(function* () {
            const handled = yield* Queue.unbounded<number>()
            const offer = ({ id }: { readonly id: number }) => handled.offer(id)
            const context = yield* Handlers.on("call", offer, {
              durable: "sync",
              onDrift: offer
            }).pipe(
              Layer.provideMerge(DurableHandlers.layer),
              Layer.provideMerge(layer),
              Layer.build
            )
            const tenure = (server: string, epoch: number) =>
              Effect.gen(function* () {
                yield* sql`update servers set epoch = ${epoch} where id = ${server}`
                yield* own(server)
                const scope = yield* Scope.make()
                yield* DurableRuns.layer.pipe(
                  Layer.provide(Layer.succeedContext(context)),
                  Layer.provide(Layer.succeed(Server, ServerId.make(server))),
                  Layer.provide(
                    Layer.succeed(CurrentFence, {
                      epoch,
                      fall,
                      fallen: Effect.never,
                      continues: false
                    })
                  ),
                  Layer.buildWithScope(scope)
                )
                return Scope.close(scope, Exit.void)
              })
            return { handled, tenure }
          })
        const first = yield* program(one)
        const second = yield* program(two)
        const leave = yield* first.tenure("br", 0)
        yield* Effect.asVoid(second.tenure("eu", 0))
        yield* one.write("br", 2)
        yield* two.write("eu", 1)
        expect([...(yield* Queue.takeN(first.handled, 2))]).toEqual([1, 2])
        expect(yield* second.handled.take).toBe(3)
        const isNoted = sql`select from handler_cursors where server = 'br' and cursor = 2`
        yield* Effect.repeat(isNoted, { until: (rows: ReadonlyArray<object>) => rows.length > 0 })
        yield* leave
        yield* one.write("br", 1)
        yield* Effect.asVoid(second.tenure("br", 0))
        expect(yield* second.handled.take).toBe(4)
        yield* two.write("br", 1)
        expect(yield* second.handled.take).toBe(5)
        expect(yield* first.handled.size).toBe(0)
      })
    )
  }
)
