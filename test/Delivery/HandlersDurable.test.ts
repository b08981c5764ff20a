import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Layer, Queue, Schedule, TestClock } from "effect"
import { retryPolicy } from "../../src/Delivery/Handlers/Run.ts"
import * as Handlers from "../../src/Delivery/Handlers.ts"
import { databases } from "../support/databases.ts"
import { makeWorld, turnOfLoop } from "./Durable/World.ts"

const heardBy = (durable: string, name = "custom.event") =>
  Effect.map(Queue.unbounded<number>(), (heard) => ({
    heard,
    handler: Handlers.on(name, ({ id }) => heard.offer(id), { durable })
  }))

/** Repeats a look until it fits; the test's own limit of time ends it. */
const until = <A, E, R>(
  look: Effect.Effect<A, E, R>,
  fits: (seen: A) => boolean
): Effect.Effect<A, E, R> =>
  Effect.repeat(Effect.zipLeft(look, turnOfLoop), { until: (seen: A) => fits(seen) })

describe.each(databases)("A durable handler, on %s", { timeout: 60_000 }, (_, database) => {
  const provided = Effect.provide(database)

  it.scopedLive("goes on after a restart where it was, and a new name begins with now", () =>
    Effect.gen(function* () {
      const { cursors, start } = yield* makeWorld
      const sync = yield* heardBy("crm-sync")
      const first = yield* start(sync.handler)
      yield* first.write("custom.event", "custom.event")
      expect([...(yield* Queue.takeN(sync.heard, 2))]).toEqual([1, 2])
      yield* until(cursors, ([row]) => row?.cursor === 2)
      yield* first.end
      const between = yield* start(Layer.empty)
      yield* between.write("custom.event", "other.event", "custom.event")
      yield* between.end
      const fresh = yield* heardBy("another")
      const second = yield* start(Layer.merge(sync.handler, fresh.handler))
      expect([...(yield* Queue.takeN(sync.heard, 2))]).toEqual([3, 5])
      yield* second.write("custom.event")
      expect(yield* sync.heard.take).toBe(6)
      expect(yield* fresh.heard.take).toBe(6)
    }).pipe(provided)
  )

  it.scopedLive("repeats the event in hand alone, after a kill in the midst of it", () =>
    Effect.gen(function* () {
      const { start } = yield* makeWorld
      const heard = yield* Queue.unbounded<number>()
      const hangs = Handlers.on(
        "custom.event",
        ({ id }) => Effect.zipRight(heard.offer(id), id === 2 ? Effect.never : Effect.void),
        { durable: "crm-sync" }
      )
      const first = yield* start(hangs)
      yield* first.write("custom.event", "custom.event", "custom.event")
      expect([...(yield* Queue.takeN(heard, 2))]).toEqual([1, 2])
      yield* first.end
      const sync = yield* heardBy("crm-sync")
      yield* start(sync.handler)
      expect([...(yield* Queue.takeN(sync.heard, 2))]).toEqual([2, 3])
    }).pipe(provided)
  )

  it.scopedLive("repeats one event, after a kill between the handler and the cursor", () =>
    Effect.gen(function* () {
      const { sql, start } = yield* makeWorld
      const sync = yield* heardBy("crm-sync")
      const first = yield* start(sync.handler)
      yield* first.write("custom.event")
      expect(yield* sync.heard.take).toBe(1)
      yield* until(sql`select from handler_cursors where cursor = 1`, (rows) => rows.length > 0)
      yield* sql`alter table handler_cursors add constraint stuck check (cursor < 2)`
      yield* first.write("custom.event", "custom.event")
      expect(yield* sync.heard.take).toBe(2)
      yield* until(
        Effect.sync(() => first.lines.length),
        (lines) => lines > 0
      )
      expect(first.lines[0]?.message).toContain(
        'Cannot keep the cursor of the durable handler "crm-sync"'
      )
      yield* first.end
      expect(yield* sync.heard.size).toBe(0)
      yield* sql`alter table handler_cursors drop constraint stuck`
      yield* start(sync.handler)
      expect([...(yield* Queue.takeN(sync.heard, 2))]).toEqual([2, 3])
    }).pipe(provided)
  )

  it.scopedLive("tries an event again until it succeeds, while the next one waits", () =>
    Effect.gen(function* () {
      const { start } = yield* makeWorld
      const heard = yield* Queue.unbounded<number>()
      let failures = 0
      const handler = Handlers.on(
        "custom.event",
        ({ id }) =>
          Effect.zipRight(
            heard.offer(id),
            id !== 1 || ++failures > 2
              ? Effect.void
              : failures === 1
                ? Effect.fail("no")
                : Effect.die(new Error("bug"))
          ),
        { durable: "crm-sync" }
      )
      const { lines, write } = yield* start(handler)
      yield* write("custom.event", "custom.event")
      expect([...(yield* Queue.takeN(heard, 4))]).toEqual([1, 1, 1, 2])
      const told = expect.stringMatching(
        /^The durable handler "crm-sync" failed on event 1, trying again in \d\.\d s$/
      )
      const line = { level: "ERROR", message: told, instance: "shop" }
      expect(lines).toEqual([line, line])
    }).pipe(provided)
  )

  it.scopedLive("is told of events that were purged before it got them, once", () =>
    Effect.gen(function* () {
      const { cursors, start } = yield* makeWorld
      const missed = yield* Queue.unbounded<Handlers.Missed>()
      const heard = yield* Queue.unbounded<number>()
      const handler = Handlers.on("custom.event", ({ id }) => heard.offer(id), {
        durable: "crm-sync",
        onMissed: (what) => missed.offer(what)
      })
      const first = yield* start(handler)
      yield* first.write("custom.event")
      expect(yield* heard.take).toBe(1)
      yield* until(cursors, ([row]) => row?.cursor === 1)
      yield* first.end
      const between = yield* start(Layer.empty)
      yield* between.write("custom.event", "custom.event")
      yield* between.purge.instance("shop")
      yield* between.end
      const second = yield* start(handler)
      expect(yield* missed.take).toEqual({ server: "default", after: 1, until: 3 })
      const text =
        'The durable handler "crm-sync" was not called for some events after 1, up to 3: they were purged before'
      expect(second.lines).toEqual([{ level: "WARN", message: text }])
      yield* until(cursors, ([row]) => row?.missedUntil === 3)
      yield* second.end
      const third = yield* start(handler)
      yield* third.write("custom.event")
      expect(yield* heard.take).toBe(4)
      expect(yield* missed.size).toBe(0)
    }).pipe(provided)
  )

  it.scopedLive("ends when another process owns the server, and leaves the cursor to it", () =>
    Effect.gen(function* () {
      const { cursors, sql, start } = yield* makeWorld
      const sync = yield* heardBy("crm-sync")
      const old = yield* start(sync.handler)
      yield* old.write("custom.event", "custom.event", "custom.event")
      expect([...(yield* Queue.takeN(sync.heard, 3))]).toEqual([1, 2, 3])
      yield* until(cursors, ([row]) => row?.cursor === 3)
      yield* sql`update servers set epoch = 7`
      const heir = yield* start(Layer.empty, { epoch: 7 })
      // The old one does not know yet, and has the event in hand.
      const events = yield* heir.write("custom.event", "custom.event")
      yield* old.publish(events)
      expect(yield* sync.heard.take).toBe(4)
      yield* old.fallen
      expect(yield* sync.heard.size).toBe(0)
      expect(yield* cursors).toEqual([{ name: "crm-sync", cursor: 3, missedUntil: 0 }])
      const late = yield* heardBy("crm-sync")
      yield* (yield* start(late.handler)).fallen
      expect(yield* late.heard.size).toBe(0)
      yield* Layer.build(Layer.provide(late.handler, heir.layer))
      expect(yield* late.heard.take).toBe(4)
    }).pipe(provided)
  )

  it.scoped("moves over events of other names, with one statement for those of five seconds", () =>
    Effect.gen(function* () {
      const { cursors, start } = yield* makeWorld
      const sync = yield* heardBy("crm-sync")
      const { write } = yield* start(sync.handler)
      yield* until(cursors, (rows) => rows.length > 0)
      yield* write(...Array.from({ length: 50 }, () => "other.event"))
      yield* Effect.replicateEffect(turnOfLoop, 20)
      expect(yield* cursors).toMatchObject([{ cursor: 0 }])
      yield* TestClock.adjust("5 seconds")
      yield* until(cursors, ([row]) => row?.cursor === 50)
      expect(yield* sync.heard.size).toBe(0)
    }).pipe(provided)
  )

  it.scopedLive("is refused where the program has another one of its name", () =>
    Effect.gen(function* () {
      const { start } = yield* makeWorld
      const one = yield* heardBy("crm-sync")
      const two = yield* heardBy("crm-sync", "other.event")
      const refused = yield* Effect.flip(start(Layer.merge(one.handler, two.handler)))
      expect(refused).toBeInstanceOf(Handlers.DurableNameTaken)
      expect(refused).toMatchObject({
        message:
          'Cannot start the durable handler "crm-sync": the program has another one of this name, and a name has one cursor; give each its own'
      })
    }).pipe(provided)
  )

  it.scopedLive("ends with the scope of its own layer, and its name is free again", () =>
    Effect.gen(function* () {
      const { start } = yield* makeWorld
      const { layer, write } = yield* start(Layer.empty)
      const one = yield* heardBy("crm-sync")
      const held = Effect.scoped(
        Effect.gen(function* () {
          yield* Layer.build(Layer.provide(one.handler, layer))
          yield* write("custom.event")
          expect(yield* one.heard.take).toBe(1)
        })
      )
      yield* held
      yield* write("custom.event")
      expect(yield* one.heard.size).toBe(0)
      yield* Layer.build(Layer.provide(one.handler, layer))
      // Whether the first one was noted is a matter of a moment; the second one comes in any case.
      expect(yield* until(one.heard.take, (id) => id === 2)).toBe(2)
    }).pipe(provided)
  )
})

describe("The time between attempts", () => {
  it.effect("doubles from a second to five minutes, each varied by a fifth", () =>
    Effect.gen(function* () {
      const delays = yield* Schedule.run(
        Schedule.delays(retryPolicy),
        0,
        Array.from({ length: 14 }, () => undefined)
      )
      const seconds = [...delays].map(Duration.toSeconds)
      const planned = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300]
      planned.forEach((plan, nth) => {
        expect(seconds[nth]).toBeGreaterThanOrEqual(plan * 0.8)
        expect(seconds[nth]).toBeLessThanOrEqual(plan * 1.2)
      })
    })
  )
})
