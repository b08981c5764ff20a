import { SqlError } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import {
  type Clock,
  Context,
  DateTime,
  Duration,
  Effect,
  Either,
  Fiber,
  Layer,
  Ref,
  TestClock
} from "effect"
import type { Degraded } from "../../src/Domain/Degraded.ts"
import { EventStore } from "../../src/Log/EventStore.ts"
import { Health } from "../../src/Log/Health.ts"
import { latest } from "../../src/Storage/migrations.ts"
import { databases } from "../support/databases.ts"
import { ingestOf, storeOf } from "../support/doubles.ts"

const sqlError = new SqlError.SqlError({ cause: new Error("Connection terminated") })

const well = { isReadOnly: false, migration: latest }

/** A service with a writer and a database that are as a test says. */
const make = (condition: EventStore["Type"]["condition"] = Effect.succeed(well)) =>
  Effect.gen(function* () {
    const idle = yield* Ref.make(Duration.zero)
    const degraded = yield* Ref.make<Degraded | null>(null)
    const stall = yield* Ref.make(Duration.zero)
    const clock = yield* Effect.clock
    const stalling: Clock.Clock = Object.assign(Object.create(clock), {
      unsafeCurrentTimeNanos: () =>
        clock.unsafeCurrentTimeNanos() + Duration.unsafeToNanos(Effect.runSync(Ref.get(stall)))
    })
    const context = yield* Layer.build(
      Health.layer.pipe(
        Layer.provide(Layer.succeed(EventStore, storeOf({ condition }))),
        Layer.provide(ingestOf({ idle: Ref.get(idle), degraded: Ref.get(degraded) }))
      )
    ).pipe(Effect.withClock(stalling))
    const { live, ready } = Context.get(context, Health)
    /** Time passes in which nothing turns: whoever was to wake meanwhile wakes at its end. */
    const standStill = (seconds: number) =>
      Ref.update(stall, Duration.sum(Duration.seconds(seconds)))
    return { degraded, idle, standStill, live: Effect.either(live), ready: Effect.either(ready) }
  })

const reason = (answer: Either.Either<void, { readonly reason: string }>): string =>
  Either.match(answer, { onLeft: (error) => error.reason, onRight: () => "well" })

/** Time passes, and the loop turns meanwhile. */
const turning = (seconds: number) =>
  Effect.forEach(Array.from({ length: seconds }), () => TestClock.adjust("1 second"))

describe("a live process", () => {
  it.scoped("is one whose loop turns, for however long", () =>
    Effect.gen(function* () {
      const { live } = yield* make()
      expect(reason(yield* live)).toBe("well")
      yield* turning(40)
      expect(reason(yield* live)).toBe("well")
    })
  )

  it.scoped("is not one whose loop stood still; it is again when it has turned for a while", () =>
    Effect.gen(function* () {
      const { live, standStill } = yield* make()
      yield* turning(3)
      yield* standStill(13)
      yield* turning(1)
      const answer = yield* live
      expect(Either.getLeft(answer)).toMatchObject({
        value: { reason: "event_loop", message: "The event loop stood still for 14 s" }
      })
      yield* turning(9)
      expect(reason(yield* live)).toBe("event_loop")
      yield* turning(1)
      expect(reason(yield* live)).toBe("well")
    })
  )

  it.scoped("may have a hiccup", () =>
    Effect.gen(function* () {
      const { live, standStill } = yield* make()
      yield* standStill(9)
      expect(reason(yield* live)).toBe("well")
      yield* turning(1)
      expect(reason(yield* live)).toBe("well")
      yield* standStill(11)
      expect(reason(yield* live)).toBe("event_loop")
    })
  )

  it.scoped("is not one whose writer has tried nothing for 30 s", () =>
    Effect.gen(function* () {
      const { idle, live } = yield* make()
      yield* Ref.set(idle, Duration.seconds(29))
      expect(reason(yield* live)).toBe("well")
      yield* Ref.set(idle, Duration.seconds(31))
      const answer = yield* live
      expect(Either.getLeft(answer)).toMatchObject({
        value: {
          reason: "writer",
          message: "Events wait, and for 31 s nothing was tried to write them"
        }
      })
    })
  )

  it.scoped("does not need the database", () =>
    Effect.gen(function* () {
      const { degraded, live } = yield* make(Effect.fail(sqlError))
      const since = DateTime.unsafeMake(0)
      yield* Ref.set(degraded, { reason: "queue_full" as const, since, message: "Too much waits" })
      expect(reason(yield* live)).toBe("well")
    })
  )
})

describe("a ready service", () => {
  it.scoped("has a database that answers", () =>
    Effect.gen(function* () {
      expect(reason(yield* (yield* make()).ready)).toBe("well")
      const { ready } = yield* make(Effect.fail(sqlError))
      expect(Either.getLeft(yield* ready)).toMatchObject({
        value: {
          reason: "database_unavailable",
          message: "The database does not answer: Connection terminated"
        }
      })
    })
  )

  it.scoped("has one that answers within two seconds, even when it cannot be interrupted", () =>
    Effect.gen(function* () {
      const { ready } = yield* make(Effect.uninterruptible(Effect.never))
      const answer = yield* Effect.fork(ready)
      yield* TestClock.adjust("2 seconds")
      expect(reason(yield* Fiber.join(answer))).toBe("database_unavailable")
    })
  )

  it.scoped("has one that takes what is written", () =>
    Effect.gen(function* () {
      const { degraded, ready } = yield* make()
      const since = DateTime.unsafeMake(0)
      yield* Ref.set(degraded, {
        reason: "database_full" as const,
        since,
        message: "No space left"
      })
      expect(Either.getLeft(yield* ready)).toMatchObject({
        value: { reason: "database_full", message: "No space left" }
      })
      const readOnly = yield* make(Effect.succeed({ ...well, isReadOnly: true }))
      expect(reason(yield* readOnly.ready)).toBe("database_read_only")
    })
  )

  it.scoped("has the schema of this version, no older one and no newer one", () =>
    Effect.gen(function* () {
      for (const migration of [latest - 1, latest + 1]) {
        const { ready } = yield* make(Effect.succeed({ ...well, migration }))
        expect(reason(yield* ready)).toBe("schema_differs")
      }
    })
  )
})

describe.each(databases)("the condition of a database, %s", (_, database) => {
  it.scopedLive(
    "is that it takes writes, and the number of its last migration",
    () =>
      Effect.gen(function* () {
        const { condition } = yield* EventStore
        expect(yield* condition).toEqual(well)
      }).pipe(Effect.provide(EventStore.layer.pipe(Layer.provide(database)))),
    30_000
  )
})
