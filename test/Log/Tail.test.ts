/** Time is real here: events go by a real Postgres. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Option, Random } from "effect"
import {
  calls,
  idsOf,
  makeWorld,
  type Replica,
  testDatabaseUrl,
  type Wanted
} from "./Tail/World.ts"

const never = "1 hour"

describe.skipIf(testDatabaseUrl === "")("The bus of several processes", { timeout: 60_000 }, () => {
  /** Batches of random sizes, published a random time after their commit. */
  const writing = (replica: Replica, server: string, batches: number) =>
    Effect.gen(function* () {
      for (let nth = 0; nth < batches; nth++) {
        const count = yield* Random.nextIntBetween(1, 6)
        const events = yield* replica.commit(server, calls(count))
        const millis = yield* Random.nextIntBetween(-10, 15)
        if (millis > 0) yield* Effect.sleep(millis)
        yield* replica.bus.publish(events)
      }
    })

  const withEach = (name: string, options: Wanted) =>
    it.scopedLive(`has every event once and in order, whoever writes: ${name}`, () =>
      Effect.gen(function* () {
        const { ids, start } = yield* makeWorld
        const one = yield* start({ ...options, owns: ["br", "us"] })
        const two = yield* start({ ...options, owns: ["eu"] })
        const three = yield* start(options)
        const replicas = [one, two, three]
        const readers = yield* Effect.forEach(replicas, ({ reader }) => reader(0))
        yield* Effect.all(
          [writing(one, "br", 60), writing(one, "us", 60), writing(two, "eu", 60)],
          { concurrency: "unbounded" }
        )
        const all = yield* ids
        for (const [nth, { next }] of readers.entries()) {
          expect(idsOf(yield* next(all.length))).toEqual(all)
          expect(replicas[nth]?.published).toEqual(all)
        }
      })
    )
  withEach("by notices alone", { every: never })
  withEach("by looks alone", { every: "20 millis", isDeaf: true })

  it.scopedLive("goes on when the connection that listens is lost in the midst", () =>
    Effect.gen(function* () {
      const { ids, sql, start } = yield* makeWorld
      const one = yield* start({ owns: ["br"], every: never })
      const two = yield* start({ every: never })
      const { next } = yield* two.reader(0)
      yield* one.write("br")
      yield* next(1)
      const writes = yield* Effect.fork(writing(one, "br", 100))
      for (let nth = 0; nth < 3; nth++) {
        yield* Effect.sleep("150 millis")
        yield* sql`
          select pg_terminate_backend(pid) from pg_stat_activity
          where query = 'listen "evolution_listener_' || 'events'::regclass::oid || '"'`
      }
      yield* Fiber.join(writes)
      const all = yield* ids
      expect(idsOf(yield* next(all.length - 1))).toEqual(all.slice(1))
      expect(two.published).toEqual(all)
    })
  )

  it.scopedLive(
    "has our own events as they were, also if they are read before they are published",
    () =>
      Effect.gen(function* () {
        const { start } = yield* makeWorld
        const one = yield* start({ owns: ["br", "us"] })
        const two = yield* start({ owns: ["eu"] })
        const { next } = yield* one.reader(0)
        const early = yield* one.commit("br", calls(3))
        yield* two.write("eu", 2)
        const late = yield* one.commit("us", calls(1))
        // Those before it are read, and ours among them are waited for, a second at most.
        const published = yield* Effect.timeoutOption(one.bus.publish(late), "300 millis")
        expect([published, one.published]).toEqual([Option.none(), []])
        yield* one.bus.publish(early)
        const seen = [...(yield* next(6))]
        expect(idsOf(seen)).toEqual([1, 2, 3, 4, 5, 6])
        expect([seen[0] === early[0], seen[5] === late[0]]).toEqual([true, true])
      })
  )

  it.scopedLive("takes our own events from the log if they are never published", () =>
    Effect.gen(function* () {
      const { start } = yield* makeWorld
      const one = yield* start({ owns: ["br"] })
      const two = yield* start({ owns: ["eu"] })
      const { next } = yield* one.reader(0)
      const lost = yield* one.commit("br", calls(2))
      yield* two.write("eu")
      expect(idsOf(yield* next(3))).toEqual([1, 2, 3])
      yield* one.bus.publish(lost)
      yield* one.write("br")
      expect(idsOf(yield* next(1))).toEqual([4])
      expect(one.published).toEqual([1, 2, 3, 4])
    })
  )

  it.scopedLive("passes over what it was cut off from, and readers take it from the log", () =>
    Effect.gen(function* () {
      const { start } = yield* makeWorld
      const one = yield* start({ owns: ["br"] })
      const two = yield* start()
      const { next } = yield* two.reader(0)
      yield* one.write("br")
      yield* next(1)
      two.proxy.refuse()
      two.proxy.reset()
      for (let nth = 0; nth < 10; nth++) yield* one.write("br", 1000)
      two.proxy.pass()
      const seen = idsOf(yield* next(10_000))
      expect([seen.length, seen.every((id, nth) => id === nth + 2)]).toEqual([10_000, true])
      expect(two.bus.isLate(10_000)).toBe(true)
      yield* one.write("br")
      expect(idsOf(yield* next(1))).toEqual([10_002])
      expect(two.published.length).toBeLessThan(1000)
    })
  )

  it.scopedLive("knows cursors that it has not come to", () =>
    Effect.gen(function* () {
      const { start } = yield* makeWorld
      const one = yield* start({ owns: ["br"] })
      const two = yield* start({ every: never, isDeaf: true, owns: ["eu"] })
      // Its first look is over then.
      yield* two.write("eu")
      yield* one.write("br", 5)
      expect(yield* two.bus.newest).toBe(1)
      const known = yield* Effect.all([1, 6, 7].map(two.bus.isReached))
      expect(known).toEqual([true, true, false])
    })
  )

  it.scopedLive("says which events are ours: each is one process's", () =>
    Effect.gen(function* () {
      const { start } = yield* makeWorld
      const one = yield* start({ owns: ["br"] })
      yield* one.write("br", 2)
      yield* one.leave
      const two = yield* start({ owns: ["br"] })
      const { next } = yield* one.reader(0)
      yield* two.write("br", 2)
      const all = yield* next(4)
      expect([...all].map(one.bus.isOurs)).toEqual([true, true, false, false])
      expect([...all].map(two.bus.isOurs)).toEqual([false, false, true, true])
    })
  )
})
