import type { SqlError } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, TestClock } from "effect"
import { detailOf } from "../../../src/Domain/ErrorDetail.ts"
import * as Outage from "../../../src/Log/Ingest/Outage.ts"
import { sqlError } from "./World.ts"

const at = (millis: number) => DateTime.unsafeMake(millis)

/** A statement of the queue's, tried once. */
const once = (outage: Outage.Outage, statement: Effect.Effect<void, SqlError.SqlError>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(outage.persistently(1, statement))
    yield* TestClock.adjust(0)
    return fiber
  })

describe("A statement outside of the queue", () => {
  it.effect("reports an unavailable database while no event waits", () =>
    Effect.gen(function* () {
      const outage = yield* Outage.make(detailOf)
      yield* TestClock.setTime(5000)
      yield* Effect.flip(outage.observe(sqlError("57P03")))
      yield* TestClock.adjust("5 seconds")
      yield* Effect.flip(outage.observe(sqlError("57P03")))
      const message = "The database takes nothing: words of 57P03"
      expect(yield* outage.now).toEqual({
        reason: "database_unavailable",
        since: at(5000),
        message
      })
      yield* outage.observe(Effect.void)
      expect(yield* outage.now).toBeNull()
    })
  )

  it.effect("does not end an outage of the queue when it succeeds, as the disk may be full", () =>
    Effect.gen(function* () {
      const outage = yield* Outage.make(detailOf)
      yield* once(outage, sqlError("53100"))
      yield* outage.observe(Effect.void)
      expect((yield* outage.now)?.reason).toBe("database_full")
    })
  )

  it.effect("yields to the outcome of the queue's next statement", () =>
    Effect.gen(function* () {
      const outage = yield* Outage.make(detailOf)
      yield* Effect.flip(outage.observe(sqlError("57P03")))
      yield* once(outage, sqlError("25006"))
      expect((yield* outage.now)?.reason).toBe("database_read_only")
      yield* once(outage, Effect.void)
      expect(yield* outage.now).toBeNull()
    })
  )
})

describe("A database that does not answer", () => {
  it.effect("counts as unavailable after ten seconds, from the request until the answer", () =>
    Effect.gen(function* () {
      const outage = yield* Outage.make(detailOf)
      const answers = yield* Effect.makeLatch()
      yield* TestClock.setTime(5000)
      yield* once(outage, answers.await)
      yield* TestClock.adjust("10 seconds")
      expect(yield* outage.now).toBeNull()
      yield* TestClock.adjust("1 millis")
      const message = "The database takes nothing: it does not answer"
      expect(yield* outage.now).toEqual({
        reason: "database_unavailable",
        since: at(5000),
        message
      })
      yield* answers.open
      yield* TestClock.adjust(0)
      expect(yield* outage.now).toBeNull()
    })
  )

  it.effect("causes no outage when the caller has stopped waiting", () =>
    Effect.gen(function* () {
      const outage = yield* Outage.make(detailOf)
      yield* Effect.timeoutOption(outage.observe(Effect.never), "1 second").pipe(Effect.fork)
      yield* TestClock.adjust("1 minute")
      expect(yield* outage.now).toBeNull()
    })
  )
})
