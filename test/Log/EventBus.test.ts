import { SqlError } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Redacted, Stream, TestClock } from "effect"
import type * as EventBus from "../../src/Log/EventBus.ts"
import { jsonText } from "../support/jsonText.ts"
import { logged, makeLog, range, record, settle, take } from "./EventBus/MemoryLog.ts"

describe("EventBus", () => {
  it.effect("gives a reader that starts now only later events", () =>
    Effect.gen(function* () {
      const { log, make, publish } = makeLog([1, 2])
      const bus = yield* make(8)
      yield* publish(bus, [3, 4])
      const events = bus.after("now")
      yield* publish(bus, [5]) // after the call, though nobody reads yet
      const reader = yield* Effect.fork(take(events, 3))
      yield* settle
      yield* publish(bus, [7, 9])
      expect(yield* reader).toEqual([5, 7, 9])
      expect(log.reads).toBe(0)
    })
  )

  it.effect("gives a reader with a cursor the logged events, then new ones", () =>
    Effect.gen(function* () {
      const { log, make, publish } = makeLog(range(1, 1200))
      const bus = yield* make(8)
      const reader = yield* Effect.fork(take(bus.after(10), 1195))
      yield* settle
      yield* publish(bus, range(1201, 1205))
      expect(yield* reader).toEqual(range(11, 1205))
      expect(log.reads).toBe(3)
    })
  )

  it.effect("gives an event from the log as it was live, except for redacted codes", () =>
    Effect.gen(function* () {
      const { log, make } = makeLog([])
      const qrcode = { code: "[redacted]", base64: null, pairingCode: null }
      log.records.push(
        record(1, { extra: { isLatest: true }, upstreamTime: "then" }),
        record(2, { event: "qrcode.updated", data: { qrcode } })
      )
      const bus = yield* make(8)
      const [first, second] = yield* Stream.runCollect(Stream.take(bus.after(0), 2))
      expect(first).toEqual({ ...logged(1), extra: '{"isLatest":true}', upstreamTime: "then" })
      expect(second?.lifeCycle && Redacted.value(second.lifeCycle)).toEqual({
        event: "qrcode.updated",
        data: { qrcode }
      })
    })
  )

  const large = "x".repeat(12 * 1024 * 1024)
  const qrcode = { code: "2@code", base64: large }
  it.effect.each([
    ["data", { json: jsonText(JSON.stringify(large)) }],
    ["extra fields", { extra: jsonText(JSON.stringify(large)) }],
    [
      "a code's image",
      { lifeCycle: Redacted.make({ event: "qrcode.updated" as const, data: { qrcode } }) }
    ]
  ] as const)("drops large events from memory early and reads them from the log: %s", ([, texts]) =>
    Effect.gen(function* () {
      const { log, make } = makeLog([])
      const bus = yield* make(8)
      const ids = range(1, 4)
      log.records.push(...ids.map((id) => record(id)))
      // The fourth brings the ring beyond twice what it may hold; the log gives what it let go.
      yield* bus.publish(ids.map((id) => ({ ...logged(id), ...texts })))
      expect(yield* take(bus.after(0), 4)).toEqual(ids)
      expect(log.reads).toBe(1)
      yield* bus.publish([logged(5)])
      log.records.push(record(5))
      expect(yield* take(bus.after(4), 1)).toEqual([5])
      expect(log.reads).toBe(1)
    })
  )

  it.effect("sends a slow reader to the log without delaying other readers", () =>
    Effect.gen(function* () {
      const { log, make, publish } = makeLog([])
      const bus = yield* make(4)
      const goOn = yield* Deferred.make<void>()
      const got: Array<number> = []
      const slow = yield* bus.after("now").pipe(
        Stream.take(100),
        Stream.runForEach(({ id }) =>
          Effect.zipRight(
            Effect.sync(() => got.push(id)),
            Deferred.await(goOn)
          )
        ),
        Effect.fork
      )
      const quick = yield* Effect.fork(take(bus.after("now"), 100))
      yield* settle
      for (const id of range(1, 100)) yield* Effect.zipRight(publish(bus, [id]), settle)
      expect(yield* quick).toEqual(range(1, 100))
      expect(log.reads).toBe(0)
      expect(got).toEqual([1])
      yield* Deferred.succeed(goOn, undefined)
      yield* slow
      expect(got).toEqual(range(1, 100))
      expect(log.reads).toBe(1)
    })
  )

  it.effect("gives each of a hundred readers every event", () =>
    Effect.gen(function* () {
      const { make, publish } = makeLog([1, 2, 3])
      const bus = yield* make(8)
      const readers = yield* Effect.forEach(range(0, 99), (index) =>
        Effect.fork(take(bus.after(index % 4), 103 - (index % 4)))
      )
      for (const id of range(4, 103)) yield* publish(bus, [id])
      const got = yield* Effect.forEach(readers, Fiber.join)
      got.forEach((ids, index) => {
        expect(ids).toEqual(range((index % 4) + 1, 103))
      })
    })
  )

  it.effect("resumes after a database outage without a lost or repeated event", () =>
    Effect.gen(function* () {
      let failures = 6
      const away = Effect.suspend(() =>
        failures-- > 0
          ? new SqlError.SqlError({ cause: new Error("Connection terminated"), message: "Failed" })
          : Effect.void
      )
      const { make, publish } = makeLog(range(1, 20), away)
      const bus = yield* make(8)
      const reader = yield* Effect.fork(take(bus.after(0), 22))
      yield* publish(bus, [21, 22])
      yield* TestClock.adjust("1 minute")
      expect(yield* reader).toEqual(range(1, 22))
    })
  )

  it.effect("does not wait for purged events", () =>
    Effect.gen(function* () {
      const { log, make, publish } = makeLog(range(1, 50))
      const bus = yield* make(8)
      log.records = []
      const reader = yield* Effect.fork(take(bus.after(3), 2))
      yield* settle
      yield* publish(bus, [51, 52])
      expect(yield* reader).toEqual([51, 52])
    })
  )

  it.effect("reports a purge once to a reader that missed events", () =>
    Effect.gen(function* () {
      const { log, make, publish } = makeLog(range(1, 1200))
      const bus = yield* make(8)
      const missed: Array<number> = []
      const reader = {
        wants: (instance: string) => instance === "shop",
        missed: (until: number) => Effect.sync(() => missed.push(until))
      }
      bus.announcePurged("shop", 700, "default")
      bus.announcePurged("bar", 900, "default")
      log.records = log.records.filter(({ id }) => id > 700 || id < 3)
      expect(yield* take(bus.after(0, reader), 502)).toEqual([1, 2, ...range(701, 1200)])
      expect(missed).toEqual([700])
      yield* take(bus.after(700, reader), 10)
      expect(missed).toEqual([700])
      // What was purged and is in memory all the same is not missed.
      yield* publish(bus, range(1201, 1204))
      bus.announcePurged("shop", 1202, "default")
      expect(yield* take(bus.after(1200, reader), 4)).toEqual(range(1201, 1204))
      expect(missed).toEqual([700])
    })
  )

  it.effect("reports a purge once when it ends several pages after the cursor", () =>
    Effect.gen(function* () {
      const { log, make } = makeLog(range(1, 1800))
      const bus = yield* make(8)
      const missed: Array<number> = []
      bus.announcePurged("shop", 1700, "default")
      log.records = log.records.filter(({ id }) => id <= 1400 || id > 1700)
      const reader = {
        wants: () => true,
        missed: (until: number) => Effect.sync(() => missed.push(until))
      }
      expect(yield* take(bus.after(0, reader), 1500)).toEqual([
        ...range(1, 1400),
        ...range(1701, 1800)
      ])
      expect(missed).toEqual([1700])
    })
  )

  it.effect("calls every watcher even when one throws, for a batch and for cleared memory", () =>
    Effect.gen(function* () {
      const { make, publish } = makeLog([])
      const bus = yield* make(8)
      const calls: Array<string> = []
      yield* bus.watch({
        published: () => {
          throw new TypeError("a bug")
        },
        forgetting: () => {
          throw new TypeError("a bug")
        }
      })
      yield* bus.watch({
        published: (events) => calls.push(`published ${events.map(({ id }) => id)}`),
        forgetting: () => calls.push("forgetting")
      })
      yield* publish(bus, [1, 2])
      yield* bus.forget
      yield* publish(bus, [3])
      expect(calls).toEqual(["published 1,2", "forgetting", "published 3"])
    }).pipe(Effect.scoped)
  )

  it.effect("drops the events in memory when `forget` is called", () =>
    Effect.gen(function* () {
      const { log, make, publish } = makeLog([])
      const bus = yield* make(8)
      yield* publish(bus, range(1, 5))
      log.records = log.records.filter(({ id }) => id !== 3 && id !== 5)
      yield* bus.forget
      expect(yield* bus.newest).toBe(5)
      const reader = yield* Effect.fork(take(bus.after(0), 4))
      const late = yield* Effect.fork(take(bus.after("now"), 1))
      yield* settle
      yield* publish(bus, [6])
      expect(yield* reader).toEqual([1, 2, 4, 6])
      expect(yield* late).toEqual([6])
    })
  )

  it.effect("calls a watcher for each batch and each `forget` until its scope closes", () =>
    Effect.gen(function* () {
      const { make, publish } = makeLog([])
      const bus = yield* make(8)
      const seen: Array<ReadonlyArray<number> | "forgetting"> = []
      const watcher: EventBus.Watcher = {
        published: (events) => {
          expect(Effect.runSync(bus.newest)).toBe(events.at(-1)?.id)
          seen.push(events.map(({ id }) => id))
        },
        forgetting: () => seen.push("forgetting")
      }
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* bus.watch(watcher)
          yield* publish(bus, [1, 2])
          yield* bus.forget
          yield* publish(bus, [4])
        })
      )
      yield* publish(bus, [5])
      expect(seen).toEqual([[1, 2], "forgetting", [4]])
      expect(yield* bus.newest).toBe(5)
    })
  )

  it.effect("loses no event that is committed while a reader finds the log purged", () =>
    Effect.gen(function* () {
      let meanwhile: Effect.Effect<void> = Effect.void
      const { log, make, publish } = makeLog(
        [10],
        Effect.suspend(() => meanwhile)
      )
      const bus = yield* make(2)
      log.records = []
      let rounds = 0
      // The first read has found nothing; before it is told so, more than a ring's worth comes.
      meanwhile = Effect.suspend(() => (++rounds === 2 ? publish(bus, range(11, 20)) : Effect.void))
      const got: Array<number> = []
      const read = Stream.runForEach(bus.after(0), ({ id }) => Effect.sync(() => got.push(id)))
      yield* Effect.fork(read)
      yield* settle
      expect(got).toEqual(range(11, 20))
    })
  )
})
