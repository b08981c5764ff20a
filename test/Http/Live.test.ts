import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, Exit, Random, Scope } from "effect"
import { InstanceName } from "../../src/Domain/Instance.ts"
import * as State from "../../src/Domain/ListenerState.ts"
import { range, record } from "../Log/EventBus/MemoryLog.ts"
import { type Frame, open } from "./EventStreamReader.ts"
import { idsOf, records, serving } from "./streaming.ts"

/** One turn of the event loop: as events of different commits are published. */
const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

describe("the event stream", () => {
  it.scopedLive("says hello, gives the events after the cursor, and goes on with new ones", () =>
    Effect.gen(function* () {
      const { publish, url } = yield* serving(records(1, 10))
      const reader = yield* open(url, "/events/stream?after=7")
      expect(reader.headers.get("content-type")).toBe("text/event-stream")
      expect(reader.headers.get("cache-control")).toBe("no-store, no-transform")
      const [hello, ...old] = yield* reader.take(4)
      expect(hello).toMatchObject({ event: "hello", data: { recovered: true, cursor: 7 } })
      expect(idsOf(old)).toEqual([8, 9, 10])
      yield* publish([11, 12])
      expect(idsOf(yield* reader.take(2))).toEqual([11, 12])
    })
  )

  it.scopedLive(
    "waits with a reader whose cursor another replica gave, until this one has come to it",
    () =>
      Effect.gen(function* () {
        const { publish, url } = yield* serving(records(1, 10), 8, Effect.void, {
          isReached: (cursor) => Effect.succeed(cursor <= 12)
        })
        const reader = yield* open(url, "/events/stream?after=12")
        expect(yield* reader.take(1)).toMatchObject([
          { event: "hello", data: { recovered: true, cursor: 12 } }
        ])
        yield* publish([11])
        yield* publish([12, 13])
        yield* publish([14])
        expect(idsOf(yield* reader.take(2))).toEqual([13, 14])
      })
  )

  it.scopedLive("gives an event the shape that it has in a page of the log", () =>
    Effect.gen(function* () {
      const { url } = yield* serving([
        record(1, {
          data: { text: 'a "b"\n\nc' },
          extra: { progress: 3 },
          upstreamTime: "1969-12-31T21:00:00.000Z"
        })
      ])
      const reader = yield* open(url, "/events/stream?after=0")
      const [, event] = yield* reader.take(2)
      expect(event).toMatchObject({
        id: 1,
        data: {
          id: 1,
          instance: "shop",
          event: "call",
          data: { text: 'a "b"\n\nc' },
          extra: { progress: 3 },
          upstreamTime: "1969-12-31T21:00:00.000Z",
          upstreamAt: "1970-01-01T00:00:00.000Z",
          receivedAt: "1970-01-01T00:00:00.001Z",
          origin: "live"
        }
      })
    })
  )

  it.scopedLive("starts with new events without a cursor, or with one that the log never had", () =>
    Effect.gen(function* () {
      const { publish, url } = yield* serving(records(1, 10))
      const readers = [
        yield* open(url, "/events/stream"),
        yield* open(url, "/events/stream?after=4000")
      ]
      for (const reader of readers)
        expect(yield* reader.take(1)).toMatchObject([
          { event: "hello", data: { recovered: false, cursor: 10 } }
        ])
      yield* publish([11])
      for (const reader of readers) expect(idsOf(yield* reader.take(1))).toEqual([11])
    })
  )

  it.scopedLive("prefers Last-Event-ID to the cursor in the address, on both streams", () =>
    Effect.gen(function* () {
      const { url } = yield* serving(records(1, 10))
      const id = { "last-event-id": "9" }
      for (const path of ["/events/stream", "/instances/shop/events/stream"])
        for (const query of ["", "?after=2"]) {
          const reader = yield* open(url, `${path}${query}`, id)
          expect(idsOf(yield* reader.take(2)), `${path}${query}`).toEqual([10])
        }
    })
  )

  it.scopedLive("filters by event name, in either form, and by instance", () =>
    Effect.gen(function* () {
      const { url } = yield* serving([
        record(1, { instance: "other" }),
        record(2, { event: "messages.upsert" }),
        record(3, { instance: "other", event: "messages.upsert" }),
        record(4, { event: "call" })
      ])
      const byEvent = yield* open(url, "/events/stream?after=0&event=MESSAGES_UPSERT")
      expect(idsOf(yield* byEvent.take(3))).toEqual([2, 3])
      const byInstance = yield* open(url, "/events/stream?after=0&instance=shop")
      expect(idsOf(yield* byInstance.take(3))).toEqual([2, 4])
      const both = yield* open(url, "/instances/shop/events/stream?after=0&event=call")
      expect(idsOf(yield* both.take(2))).toEqual([4])
    })
  )

  it.scopedLive("gives changes of state of the instances that are asked for", () =>
    Effect.gen(function* () {
      const { changes, url } = yield* serving([])
      const reader = yield* open(url, "/instances/shop/events/stream")
      yield* reader.take(1)
      const state = State.stopped(DateTime.unsafeMake(0))
      yield* changes.offerAll([
        { name: InstanceName.make("other"), state },
        { name: InstanceName.make("shop"), state }
      ])
      expect(yield* reader.take(1)).toMatchObject([
        {
          event: "status",
          data: {
            name: "shop",
            state: { _tag: "Stopped", since: "1970-01-01T00:00:00.000Z" }
          }
        }
      ])
    })
  )

  it.scopedLive("refuses callers without a key and malformed cursors", () =>
    Effect.gen(function* () {
      const { call, url } = yield* serving([])
      const stranger = yield* open(url, "/events/stream", { apikey: "guess" })
      expect(stranger.status).toBe(401)
      expect((yield* call("GET", "/events/stream?after=x")).status).toBe(400)
      const headers = { "last-event-id": "-1" }
      expect((yield* call("GET", "/events/stream", { headers })).status).toBe(400)
    })
  )

  for (const seed of [1, 2, 3]) {
    it.scopedLive(
      `gives a reader that is cut off 20 times every event once, in order (seed ${seed})`,
      () =>
        Effect.gen(function* () {
          // So small a memory that most of what a reader missed has to come from the log.
          const { publish, url } = yield* serving([], 16)
          const cuts = 20
          const got: Array<number | undefined> = []
          let published = 0
          for (let cut = 0; cut <= cuts; cut++) {
            const last = got.at(-1)
            const reader = yield* open(
              url,
              "/events/stream?after=0",
              last === undefined ? {} : { "last-event-id": String(last) }
            )
            const more = cut === cuts ? 1000 - published : yield* Random.nextIntBetween(0, 60)
            for (let left = more; left > 0; ) {
              const some = Math.min(left, yield* Random.nextIntBetween(1, 8))
              yield* publish(range(published + 1, published + some))
              yield* turn
              published += some
              left -= some
            }
            const missing = published - (last ?? 0)
            const wanted = cut === cuts ? missing : yield* Random.nextIntBetween(0, missing + 1)
            got.push(...idsOf(yield* reader.take(wanted + 1)))
            yield* reader.cut
          }
          expect(got).toEqual(range(1, 1000))
        }).pipe(Effect.withRandom(Random.make(`cut ${seed}`)))
    )
  }

  it.scopedLive("ends with bye when the service stops", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { url } = yield* Scope.extend(serving(records(1, 3)), scope)
      const reader = yield* open(url, "/events/stream?after=0")
      yield* reader.take(4)
      yield* Scope.close(scope, Exit.void)
      expect(yield* reader.take(1)).toMatchObject([{ event: "bye", data: { reason: "stopping" } }])
    })
  )

  it.scopedLive(
    "ends for a reader that caught up and fell out of memory; it misses nothing when it reconnects",
    () =>
      Effect.gen(function* () {
        const { publishText, url } = yield* serving([], 16)
        const slow = yield* open(url, "/events/stream?after=0")
        yield* slow.take(1)
        yield* publishText(1, "here")
        expect(idsOf(yield* slow.take(1))).toEqual([1])
        // While it reads nothing: far more than all the buffers on the way hold.
        for (const id of range(2, 600))
          yield* Effect.zipRight(publishText(id, "x".repeat(50_000)), turn)
        const got: Array<Frame> = []
        while (got.at(-1)?.event !== "bye") got.push(...(yield* slow.take(1)))
        expect(got.at(-1)).toMatchObject({ data: { reason: "too_slow" } })
        const seen = idsOf(got)
        expect(seen.length).toBeLessThan(599)
        const again = yield* open(url, "/events/stream", { "last-event-id": String(seen.at(-1)) })
        const rest = idsOf(yield* again.take(600 - Number(seen.at(-1)) + 1))
        expect([...seen, ...rest]).toEqual(range(2, 600))
      })
  )
})
