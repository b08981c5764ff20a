/** Time is real here: purges go by a real Postgres. */
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Queue } from "effect"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import { deletedInstances, type EventBus } from "../../../src/Log/EventBus.ts"
import { idsOf, makeWorld, testDatabaseUrl } from "./World.ts"

const shop = InstanceName.make("shop")

/** Neither notices nor looks tell it of events. */
const alone = { every: "1 hour", isDeaf: true } as const

const purgedOf = (bus: EventBus["Type"], name: string) =>
  bus.purgedUntil((instance, server) => instance === name && server === "br")

describe.skipIf(testDatabaseUrl === "")("Purges by another process", { timeout: 60_000 }, () => {
  it.scopedLive("take events out of memory here, too", () =>
    Effect.gen(function* () {
      const { start } = yield* makeWorld
      const one = yield* start({ owns: ["br"] })
      const two = yield* start()
      yield* one.write("br", 3, "shop")
      yield* one.write("br", 2, "baz")
      const { missed, next } = yield* two.reader(0)
      yield* next(5)
      const forgotten = yield* Deferred.make<void>()
      yield* two.bus.watch({
        published: () => undefined,
        forgetting: () => Deferred.unsafeDone(forgotten, Effect.void)
      })
      yield* (yield* one.purge("br")).instance(shop)
      yield* Deferred.await(forgotten)
      expect(two.bus.recent(0)).toEqual([])
      const late = yield* two.reader(0)
      expect(idsOf(yield* late.next(2))).toEqual([4, 5])
      expect([...(yield* Queue.takeAll(late.missed))]).toEqual([3])
      expect([...(yield* Queue.takeAll(missed))]).toEqual([])
    })
  )

  it.scopedLive("are told to a reader of the log before it gets a page", () =>
    Effect.gen(function* () {
      const { start } = yield* makeWorld
      const one = yield* start({ owns: ["br"] })
      yield* one.write("br", 3, "shop")
      yield* one.write("br", 2, "baz")
      const two = yield* start(alone)
      yield* (yield* one.purge("br")).instance(shop)
      const { missed, next } = yield* two.reader(0)
      expect(idsOf(yield* next(2))).toEqual([4, 5])
      expect([...(yield* Queue.takeAll(missed))]).toEqual([3])
    })
  )

  it.scopedLive("are told to a reader in memory, if the events never came there", () =>
    Effect.gen(function* () {
      const { start } = yield* makeWorld
      const one = yield* start({ owns: ["br"] })
      const two = yield* start({ ...alone, owns: ["eu"] })
      const { missed, next } = yield* two.reader(0)
      // Its first look is over then.
      yield* two.write("eu")
      yield* next(1)
      yield* one.write("br", 3, "shop")
      yield* one.write("br", 1, "baz")
      yield* (yield* one.purge("br")).instance(shop)
      yield* two.write("eu")
      expect(idsOf(yield* next(2))).toEqual([5, 6])
      expect([...(yield* Queue.takeAll(missed))]).toEqual([4])
    })
  )

  it.scopedLive("are known when a process starts, and are folded where they were", () =>
    Effect.gen(function* () {
      const { start } = yield* makeWorld
      const one = yield* start({ owns: ["br"] })
      yield* one.write("br", 3, "shop")
      yield* one.write("br", 2, "baz")
      const purge = yield* one.purge("br")
      yield* purge.instance(shop)
      const two = yield* start(alone)
      expect([purgedOf(two.bus, "shop"), purgedOf(two.bus, deletedInstances)]).toEqual([3, 0])
      yield* purge.tidy
      yield* two.bus.learnPurged
      expect([purgedOf(two.bus, "shop"), purgedOf(two.bus, deletedInstances)]).toEqual([0, 3])
    })
  )
})
