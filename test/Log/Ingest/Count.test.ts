import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Metric, TestClock } from "effect"
import * as Metrics from "../../../src/Telemetry/Metrics.ts"
import { calls, isPoison, makeWorld, raw, sqlError, undecodable, until } from "./World.ts"

const count = (metric: Metric.Metric.Counter<number>) =>
  Effect.map(Metric.value(metric), ({ count }) => count)

const committed = (event: string, origin = "live") =>
  count(Metrics.eventsCommitted({ event, origin }))

describe("The metrics of Ingest", () => {
  it.scoped("count each event once by name, however often the database fails", () =>
    Effect.gen(function* () {
      const counts = Effect.all({
        calls: committed("call"),
        others: committed("other"),
        ours: committed("gap.updated", "listener"),
        undecodable: count(Metrics.decodeFailures),
        quarantined: count(Metrics.eventsQuarantined),
        failures: count(Metrics.commitFailures({ reason: "database_unavailable" }))
      })
      let failures = 2
      const { close, receive } = yield* makeWorld(({ events }) =>
        failures-- > 0 ? sqlError("57P03") : events.some(isPoison) ? sqlError("22P05") : undefined
      )
      const before = yield* counts
      yield* receive([
        ...calls(7),
        undecodable,
        raw("shop", { poison: true }),
        raw("shop", {}, "brand.new"),
        raw("shop", {}, "gap.updated\n")
      ])
      yield* TestClock.adjust("1 second")
      yield* close
      expect(yield* counts).toEqual({
        calls: before.calls + 7,
        // A name that nobody knows is one of the others, whatever it is.
        others: before.others + 2,
        ours: before.ours,
        undecodable: before.undecodable + 1,
        quarantined: before.quarantined + 2,
        failures: before.failures + 2
      })
    })
  )

  it.scoped("measure the events and the seconds of each batch", () =>
    Effect.gen(function* () {
      const { open, receive, batches } = yield* makeWorld()
      const before = yield* Metric.value(Metrics.batchEvents)
      const took = yield* Metric.value(Metrics.commitSeconds)
      yield* open.close
      yield* receive(calls(2200))
      yield* TestClock.adjust("3 seconds")
      yield* open.open
      yield* until(() => batches.length === 3)
      yield* TestClock.adjust(0)
      const after = yield* Metric.value(Metrics.batchEvents)
      expect([after.count - before.count, after.sum - before.sum]).toEqual([3, 2200])
      const taken = yield* Metric.value(Metrics.commitSeconds)
      expect(taken.count - took.count).toBe(3)
      // The sum holds fractions of other suites of this worker: their difference is off by the last bits.
      expect(taken.sum - took.sum).toBeCloseTo(3, 9)
    })
  )
})

describe("Ingest.depth", () => {
  it.scoped("reports the number, bytes and age of waiting events until their commit", () =>
    Effect.gen(function* () {
      const { ingest, open, receive } = yield* makeWorld()
      expect(yield* ingest.depth).toEqual({ events: 0, bytes: 0, age: Duration.zero })
      yield* open.close
      yield* receive(calls(2))
      yield* TestClock.adjust("7 seconds")
      yield* receive(calls(1))
      const depth = yield* ingest.depth
      expect(depth).toMatchObject({ events: 3, age: Duration.seconds(7) })
      expect(depth.bytes).toBeGreaterThan(3000)
      yield* open.open
      yield* TestClock.adjust(0)
      yield* Effect.repeat(Effect.zipRight(Effect.yieldNow(), ingest.depth), {
        until: ({ events }) => events === 0,
        times: 5000
      })
      expect(yield* ingest.depth).toEqual({ events: 0, bytes: 0, age: Duration.zero })
    })
  )
})

describe("Ingest.idle", () => {
  it.scoped("stays low while the writer waits for the database or the next attempt", () =>
    Effect.gen(function* () {
      let isAway = true
      const { ingest, open, receive } = yield* makeWorld(() =>
        isAway ? sqlError("57P03") : undefined
      )
      yield* TestClock.adjust("1 hour")
      expect(yield* ingest.idle).toEqual(Duration.zero)
      yield* open.close
      yield* receive(calls(1))
      yield* TestClock.adjust("10 minutes")
      expect(yield* ingest.idle).toEqual(Duration.zero)
      yield* open.open
      for (let minute = 0; minute < 60; minute++) {
        yield* TestClock.adjust("1 second")
        expect(Duration.toSeconds(yield* ingest.idle)).toBeLessThan(7)
      }
      isAway = false
      yield* TestClock.adjust("7 seconds")
    })
  )

  it.scoped("grows while events wait and the writer does nothing", () =>
    Effect.gen(function* () {
      const isStuck = yield* Effect.makeLatch()
      const { events, ingest, receive } = yield* makeWorld(undefined, {}, () => isStuck.await)
      yield* receive(calls(1))
      yield* until(() => events.length === 1)
      yield* TestClock.adjust("31 seconds")
      expect(Duration.toSeconds(yield* ingest.idle)).toBe(31)
      yield* isStuck.open
    })
  )
})
