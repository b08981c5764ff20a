import { randomUUID } from "node:crypto"
import { SqlClient } from "@effect/sql"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, Layer, ManagedRuntime, Option } from "effect"
import * as Gap from "../../src/Domain/Gap.ts"
import { InstanceName } from "../../src/Domain/Instance.ts"
import { EventStore } from "../../src/Log/EventStore.ts"
import { GapStore } from "../../src/Log/GapStore.ts"
import { databases } from "../support/databases.ts"
import { event, nothing } from "./EventStore/batch.ts"

const [shop, bar] = [InstanceName.make("shop-1"), InstanceName.make("bar-1")]

/** Milliseconds count: a gap's edges are compared with what was heard when. */
const at = (seconds: number) =>
  DateTime.unsafeMake(Date.UTC(2026, 0, 2, 3, 4, 5, 678) + seconds * 1000)

const open = (from: number, instance = shop) =>
  Gap.opened({ id: randomUUID(), instance, from: at(from), cause: "heartbeat_missed" })
const closed = (from: number, instance = shop) => Gap.closed(open(from, instance), at(from + 10))

describe.each(databases)("GapStore on %s", (_name, database) => {
  const runtime = ManagedRuntime.make(
    Layer.provideMerge(Layer.merge(GapStore.layer, EventStore.layer), database)
  )
  beforeAll(() => runtime.runPromise(Effect.void), 30_000)
  beforeEach(() =>
    runtime.runPromise(
      Effect.flatMap(
        SqlClient.SqlClient,
        (sql) => sql`
          with emptied as (delete from gaps), known as (
            insert into instances (name, desired, desired_at)
            values (${shop}, 'listening', now()), (${bar}, 'listening', now())
            on conflict do nothing
          )
          update servers set heard_at = default, stopped = default`
      )
    )
  )
  afterAll(() => runtime.dispose(), 30_000)

  const test = (
    title: string,
    body: (
      store: GapStore["Type"],
      write: (...gaps: ReadonlyArray<Gap.Gap>) => Effect.Effect<unknown, unknown>
    ) => Effect.Effect<unknown, unknown, SqlClient.SqlClient>
  ) =>
    it.effect(title, () =>
      Effect.provide(
        Effect.flatMap(Effect.all([GapStore, EventStore]), ([store, log]) =>
          body(store, (...gaps) =>
            log.append({
              ...nothing,
              events: gaps.map((gap) => event("{}", { event: "gap.updated", gap }))
            })
          )
        ),
        runtime
      )
    )

  test("starts without gaps, losses and heartbeat", (store) =>
    Effect.gen(function* () {
      expect(yield* store.list(shop, 10)).toEqual([])
      expect(yield* store.unfinished).toEqual([])
      expect(yield* store.lost).toEqual([])
      expect(yield* store.lastHeartbeat).toBeUndefined()
    }))

  test("returns a gap as it was written, to the millisecond", (store, write) =>
    Effect.gen(function* () {
      const bare = open(0)
      const full = Gap.retrying(
        Gap.progressed(closed(20), 7, at(25.123)),
        'words with " and \\ and 世界',
        at(90.001)
      )
      yield* write(bare, full)
      expect(yield* store.list(shop, 10)).toEqual([full, bare])
    }))

  test("lists an instance's gaps, newest first, up to a limit", (store, write) =>
    Effect.gen(function* () {
      const gaps = [closed(40), closed(0), open(60), closed(20)]
      yield* write(...gaps, closed(30, bar))
      const from = (limit: number, instance = "shop-1") =>
        Effect.map(store.list(instance, limit), (found) => found.map((gap) => gap.from))
      expect(yield* from(10)).toEqual([at(60), at(40), at(20), at(0)])
      expect(yield* from(2)).toEqual([at(60), at(40)])
      expect(yield* from(10, "bar-1")).toEqual([at(30)])
      expect(yield* from(10, "shop-1' or true --")).toEqual([])
    }))

  test("separates unfinished, lost and recovered gaps", (store, write) =>
    Effect.gen(function* () {
      const unfinished = [
        open(0),
        closed(20),
        Gap.reopened(Gap.retrying(closed(40), "why", at(90))),
        Gap.retrying(closed(60, bar), "why", at(90)),
        Gap.progressed(closed(80, bar), 7, at(85))
      ]
      const done = [
        Gap.recovered(closed(1)),
        Gap.lost(closed(2), "not_stored", "why"),
        Gap.lost(closed(3), "not_stored", "why"),
        Gap.lost(closed(4, bar), "not_stored", "why"),
        Gap.recovered(closed(5, bar))
      ]
      yield* write(...[...unfinished].reverse(), ...done)
      expect(yield* store.unfinished).toEqual(unfinished)
      const lost = [...(yield* store.lost)].sort(([left], [right]) => (left < right ? -1 : 1))
      expect(lost).toEqual([
        ["bar-1", 1],
        ["shop-1", 2]
      ])
    }))

  test("finds a gap by its id and instance", (store, write) =>
    Effect.gen(function* () {
      const gap = Gap.offset(Gap.recovered(closed(1)), { least: -1500, most: 2500 })
      yield* write(gap)
      expect(yield* store.find(shop, gap.id)).toEqual(Option.some(gap))
      expect(yield* store.find(bar, gap.id)).toEqual(Option.none())
    }))

  test("keeps an unfinished import of a time before the instance was known", (store, write) =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const later = InstanceName.make("known later")
      yield* sql`
        insert into instances (name, desired, desired_at, known_since)
        values (${later}, 'listening', now(), ${DateTime.toDate(at(100))})`
      const entry = (from: number) =>
        Gap.imported({
          id: randomUUID(),
          instance: later,
          from: at(from),
          to: at(from + 50),
          limit: null
        })
      const early = entry(0)
      yield* write(early, closed(0, later))
      expect(yield* store.unfinished).toEqual([early])
      expect(yield* store.imported).toEqual([])
      yield* write(Gap.recovered(entry(60)))
      expect(yield* store.imported).toEqual([later])
    }))

  test("gives the lost gaps that may be tried again, newest first", (store, write) =>
    Effect.gen(function* () {
      const limited = [1, 2, 3].map((n) =>
        Gap.lost(Gap.progressed(closed(n), 10 * n, at(n)), "limit", "too many")
      )
      const others = [
        Gap.lost(closed(4), "not_stored", "why"),
        Gap.lost(closed(5, bar), "not_stored", "why"),
        Gap.recovered(closed(6))
      ]
      yield* write(...limited, ...others)
      expect(yield* store.limited(30)).toEqual([limited[1], limited[0]])
      expect(yield* store.limited(0)).toEqual([])
      expect(yield* store.lostFor(shop, "not_stored", 9)).toEqual([others[0]])
      expect(yield* store.lostFor(shop, "not_found", 9)).toEqual([])
    }))

  test("ignores gaps of a deleted instance, also when its name is in use again", (store, write) =>
    Effect.gen(function* () {
      const gone = InstanceName.make("gone-1")
      const again = InstanceName.make("again-1")
      const sql = yield* SqlClient.SqlClient
      yield* sql`
        insert into instances (name, desired, desired_at, known_since)
        values (${again}, 'listening', now(), ${DateTime.toDate(at(60))})`
      const now = closed(70, again)
      yield* write(open(0, gone), closed(20, gone), closed(40, again), now)
      expect(yield* store.unfinished).toEqual([now])
      // A gap of the former bearer of the name that is done with.
      yield* write(Gap.lost(closed(10, again), "not_stored", "why"))
      expect(yield* store.lost).toEqual([])
    }))

  test("keeps the last version of each gap", (store, write) =>
    Effect.gen(function* () {
      const first = open(0)
      const second = Gap.retrying(Gap.closed(first, at(10)), "why", at(90))
      yield* write(first)
      yield* write(second)
      expect(yield* store.list(shop, 10)).toEqual([second])
      const last = Gap.recovered(second)
      yield* write(Gap.progressed(second, 3, at(5)), last)
      expect(yield* store.list(shop, 10)).toEqual([last])
      expect([yield* store.unfinished, yield* store.lost]).toEqual([[], []])
    }))

  test("keeps the last heartbeat and the clean stop after it", (store) =>
    Effect.gen(function* () {
      yield* store.heartbeat(at(0))
      yield* store.heartbeat(at(5.001))
      expect(yield* store.lastHeartbeat).toEqual({ at: at(5.001), stopped: false })
      yield* store.markStopped
      expect(yield* store.lastHeartbeat).toEqual({ at: at(5.001), stopped: true })
      // The next service is on its feet: from now on it can be killed.
      yield* store.heartbeat(at(10))
      expect(yield* store.lastHeartbeat).toEqual({ at: at(10), stopped: false })
    }))

  test("returns no heartbeat when the service stopped before the first", (store) =>
    Effect.gen(function* () {
      yield* store.markStopped
      expect(yield* store.lastHeartbeat).toBeUndefined()
    }))

  test("writes heartbeats and batches independently", (store, write) =>
    Effect.gen(function* () {
      yield* store.heartbeat(at(0))
      yield* write(open(0))
      expect(yield* store.lastHeartbeat).toEqual({ at: at(0), stopped: false })
      yield* store.heartbeat(at(5))
      yield* write(open(20))
      expect(yield* store.list(shop, 10)).toHaveLength(2)
      expect(yield* store.lastHeartbeat).toEqual({ at: at(5), stopped: false })
    }))
})
