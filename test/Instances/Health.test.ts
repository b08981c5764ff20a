import { SqlClient, SqlError } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import {
  Context,
  DateTime,
  Deferred,
  Duration,
  Effect,
  Either,
  Fiber,
  FiberId,
  Layer,
  Ref,
  TestClock
} from "effect"
import { Escalation, LoopCrashed } from "../../src/Concurrency/Supervise.ts"
import type { Degraded } from "../../src/Domain/Degraded.ts"
import { Health } from "../../src/Instances/Health.ts"
import { EventStore } from "../../src/Log/EventStore.ts"
import { Ingest } from "../../src/Log/Ingest.ts"
import { latest, table } from "../../src/Storage/migrations.ts"
import { databases } from "../support/databases.ts"
import { ingestOf, serversOf, storeOf } from "../support/doubles.ts"

const sqlError = new SqlError.SqlError({ cause: new Error("Connection terminated") })

const well = { isReadOnly: false, schema: "current" as const }

/** A service with a writer and a database that are as a test says, and two servers whose writers are well. */
const make = (condition: EventStore["Type"]["condition"] = Effect.succeed(well)) =>
  Effect.gen(function* () {
    const idle = yield* Ref.make(Duration.zero)
    const degraded = yield* Ref.make<Degraded | null>(null)
    const escalation = Deferred.unsafeMake<never, LoopCrashed>(FiberId.none)
    const well = yield* Effect.provide(Ingest, ingestOf({}))
    const ours = ingestOf({ idle: Ref.get(idle), degraded: Ref.get(degraded) })
    const context = yield* Layer.build(
      Health.layer.pipe(
        Layer.provide(Layer.succeed(EventStore, storeOf({ condition }))),
        // The server that a test is about is neither the first nor the last.
        Layer.provide(
          serversOf(
            { ingest: well },
            { ingest: yield* Effect.provide(Ingest, ours) },
            { ingest: well }
          )
        )
      )
    ).pipe(Effect.provideService(Escalation, escalation))
    const { live, ready } = Context.get(context, Health)
    return { degraded, escalation, idle, live: Effect.either(live), ready: Effect.either(ready) }
  })

const reason = (answer: Either.Either<void, { readonly reason: string }>): string =>
  Either.match(answer, { onLeft: (error) => error.reason, onRight: () => "well" })

/** Time passes at once: timers that were due meanwhile fire at its end. */
const stall = (seconds: number) => TestClock.adjust(Duration.seconds(seconds))

describe("Health.live", () => {
  it.scoped("succeeds as soon as the event loop turns after a stall of any length", () =>
    Effect.gen(function* () {
      const { live } = yield* make()
      expect(reason(yield* live)).toBe("well")
      for (const seconds of [9, 13, 600]) {
        yield* stall(seconds)
        expect(reason(yield* live)).toBe("well")
      }
    })
  )

  it.scoped("fails once a background loop keeps crashing", () =>
    Effect.gen(function* () {
      const { escalation, live } = yield* make()
      const message = "The writer keeps crashing"
      yield* Deferred.fail(escalation, new LoopCrashed({ loop: "writer", message }))
      expect(Either.getLeft(yield* live)).toMatchObject({ value: { reason: "loop", message } })
    })
  )

  it.scoped("fails when the writer has tried nothing for 30 s", () =>
    Effect.gen(function* () {
      const { idle, live } = yield* make()
      yield* Ref.set(idle, Duration.seconds(29))
      expect(reason(yield* live)).toBe("well")
      yield* Ref.set(idle, Duration.seconds(31))
      const answer = yield* live
      expect(Either.getLeft(answer)).toMatchObject({
        value: {
          reason: "writer",
          message: "Events wait, and the writer has tried nothing for 31 s"
        }
      })
    })
  )

  it.scoped("succeeds without the database", () =>
    Effect.gen(function* () {
      const { degraded, live } = yield* make(Effect.fail(sqlError))
      const since = DateTime.unsafeMake(0)
      yield* Ref.set(degraded, { reason: "queue_full" as const, since, message: "Too much waits" })
      expect(reason(yield* live)).toBe("well")
    })
  )
})

describe("Health.ready", () => {
  it.scoped("requires a database that answers", () =>
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

  it.scoped("requires an answer within two seconds, even from an uninterruptible statement", () =>
    Effect.gen(function* () {
      const { ready } = yield* make(Effect.uninterruptible(Effect.never))
      const answer = yield* Effect.fork(ready)
      yield* TestClock.adjust("2 seconds")
      expect(reason(yield* Fiber.join(answer))).toBe("database_unavailable")
    })
  )

  it.scoped("requires a database that takes writes", () =>
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

  it.scoped("requires the schema of this version, neither older nor newer", () =>
    Effect.gen(function* () {
      for (const schema of ["behind", "ahead"] as const) {
        const { ready } = yield* make(Effect.succeed({ ...well, schema }))
        expect(reason(yield* ready)).toBe("schema_differs")
      }
    })
  )
})

describe.each(databases)("EventStore.condition on %s", (_, database) => {
  it.scopedLive(
    "reports that the database takes writes and how its schema differs",
    () =>
      Effect.gen(function* () {
        const { condition } = yield* EventStore
        const sql = yield* SqlClient.SqlClient
        expect(yield* condition).toEqual(well)
        const shifted = (by: number) =>
          Effect.gen(function* () {
            yield* sql`
              update ${sql(table)} set migration_id = migration_id + ${by}
              where migration_id = ${latest}`
            return (yield* condition).schema
          }).pipe(
            Effect.ensuring(
              Effect.orDie(sql`
                update ${sql(table)} set migration_id = ${latest}
                where migration_id = ${latest + by}`)
            )
          )
        expect([yield* shifted(1), yield* shifted(1000)]).toEqual(["ahead", "ahead"])
        yield* sql`delete from ${sql(table)} where migration_id = ${latest}`
        const { schema } = yield* condition.pipe(
          Effect.ensuring(
            Effect.orDie(sql`
              insert into ${sql(table)} (migration_id, name) values (${latest}, ${"last"})`)
          )
        )
        expect(schema).toBe("behind")
      }).pipe(Effect.provide(Layer.provideMerge(EventStore.layer, database))),
    30_000
  )
})
