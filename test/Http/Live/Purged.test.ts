import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { range, record } from "../../Log/EventBus/MemoryLog.ts"
import { open } from "../EventStreamReader.ts"
import { idsOf, records, serving } from "../streaming.ts"

describe("a reader of purged events", () => {
  it.scopedLive("reads in the hello whether events after its cursor were purged", () =>
    Effect.gen(function* () {
      const { bus, log, url } = yield* serving([...records(1, 4), record(5, { instance: "bar" })])
      log.records = log.records.filter(({ id }) => id > 3)
      bus.announcePurged("shop", 3, "default")
      const helloOf = (path: string) =>
        Effect.flatMap(open(url, path), (reader) =>
          Effect.map(reader.take(2), ([hello, next]) => [hello?.data, next?.id])
        )
      expect(yield* helloOf("/events/stream?after=1")).toEqual([{ recovered: false, cursor: 1 }, 4])
      expect(yield* helloOf("/events/stream?after=3")).toEqual([{ recovered: true, cursor: 3 }, 4])
      // Of what it asks for, nothing is missing.
      expect(yield* helloOf("/instances/bar/events/stream?after=1")).toEqual([
        { recovered: true, cursor: 1 },
        5
      ])
    })
  )

  it.scopedLive("reads it in a page of the log, too", () =>
    Effect.gen(function* () {
      const { bus, call } = yield* serving(records(4, 6))
      bus.announcePurged("shop", 3, "default")
      const recovered = (query: string) =>
        Effect.map(call("GET", `/events${query}`), ({ json }) => json)
      expect(yield* recovered("?after=1")).toMatchObject({ recovered: false, next: 6 })
      expect(yield* recovered("?after=3")).toMatchObject({ recovered: true, next: 6 })
      expect(yield* recovered("?after=1&instance=bar")).toMatchObject({ recovered: true })
    })
  )

  it.scopedLive("gets another hello if events are purged before it comes to them", () =>
    Effect.gen(function* () {
      let purge = Effect.void
      const { bus, log, url } = yield* serving(
        records(1, 2000),
        16,
        Effect.suspend(() => purge)
      )
      purge = Effect.sync(() => {
        // The first page has been read.
        if (log.reads !== 2) return
        log.records = log.records.filter(({ id }) => id > 1990)
        bus.announcePurged("shop", 1990, "default")
      })
      const reader = yield* open(url, "/events/stream?after=0")
      const frames = yield* reader.take(512)
      expect(idsOf(frames)).toEqual([...range(1, 500), ...range(1991, 2000)])
      expect(frames[0]).toMatchObject({ event: "hello", data: { recovered: true, cursor: 0 } })
      expect(frames[501]).toMatchObject({ event: "hello", data: { recovered: false, cursor: 500 } })
    })
  )
})
