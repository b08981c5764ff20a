import type { SqlError } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, Fiber, TestClock } from "effect"
import { calls, isPoison, makeWorld, raw, sqlError } from "./World.ts"

const at = (millis: number) => DateTime.unsafeMake(millis)

/** A database that refuses everything with this, until the test says otherwise. */
const refusing = Effect.fn(function* (
  code: string | undefined,
  variables: Readonly<Record<string, string>> = {}
) {
  const database = { error: code === undefined ? undefined : sqlError(code) }
  const world = yield* makeWorld((): SqlError.SqlError | undefined => database.error, variables)
  // So that the end of the test has nothing to wait for.
  yield* Effect.addFinalizer(() => {
    database.error = undefined
    return TestClock.adjust("6 seconds")
  })
  return { ...world, database }
})

describe("Ingest.degraded", () => {
  it.scoped("is null while the database takes writes", () =>
    Effect.gen(function* () {
      const { ingest, receive } = yield* refusing(undefined)
      expect(yield* ingest.degraded).toBeNull()
      yield* receive(calls(1000))
      yield* TestClock.adjust("1 second")
      expect(yield* ingest.degraded).toBeNull()
    })
  )

  it.scoped.each([
    ["57P03", "database_unavailable"],
    ["25006", "database_read_only"],
    ["53100", "database_full"],
    // Not the database's absence; but nothing is written all the same.
    ["42P01", "database_unavailable"]
  ] as const)(
    "maps SQLSTATE %s to %s, with the time and the words of the first refusal",
    ([code, reason]) =>
      Effect.gen(function* () {
        const { ingest, receive } = yield* refusing(code)
        yield* TestClock.setTime(5000)
        yield* receive(calls(3))
        yield* TestClock.adjust("1 minute")
        const message = `The database takes nothing: words of ${code}`
        expect(yield* ingest.degraded).toEqual({ reason, since: at(5000), message })
      })
  )

  it.scoped("is null again after the first successful write", () =>
    Effect.gen(function* () {
      const { data, database, ingest, receive } = yield* refusing("57P03")
      yield* receive(calls(3))
      yield* TestClock.adjust("1 minute")
      database.error = undefined
      yield* TestClock.adjust("6 seconds")
      expect([yield* ingest.degraded, data()]).toEqual([null, [0, 1, 2]])
    })
  )

  it.scoped("starts a new `since` when the reason changes", () =>
    Effect.gen(function* () {
      const { database, ingest, receive } = yield* refusing("57P03")
      yield* receive(calls(1))
      yield* TestClock.adjust("1 minute")
      database.error = sqlError("25006")
      yield* TestClock.adjust("6 seconds")
      const degraded = yield* ingest.degraded
      expect(degraded?.reason).toBe("database_read_only")
      const since = DateTime.toEpochMillis(degraded?.since ?? at(0))
      expect(since).toBeGreaterThan(60_000)
      expect(since).toBeLessThanOrEqual(66_000)
    })
  )

  it.scoped("stays null when the database refuses one event, which goes into quarantine", () =>
    Effect.gen(function* () {
      const { ingest, quarantined, receive } = yield* makeWorld(({ events }) =>
        events.some(isPoison) ? sqlError("22P05") : undefined
      )
      yield* receive([raw("shop", { poison: true }), ...calls(2)])
      yield* TestClock.adjust("1 second")
      expect([quarantined.length, yield* ingest.degraded]).toEqual([1, null])
    })
  )
})

describe("A full queue", () => {
  /** Some two hundred bytes beyond what may wait. */
  const megabytes = (count: number) =>
    Array.from({ length: count }, () => raw("shop", { text: "x".repeat(1024 * 1024) }))
  const small = { QUEUE_MAX_MIB: "1" }

  it.scoped("is reported from the first wait of a caller on, with the reason", () =>
    Effect.gen(function* () {
      const { data, database, ingest, receive } = yield* refusing("25006", small)
      yield* receive(megabytes(1))
      yield* TestClock.adjust("10 seconds")
      expect((yield* ingest.degraded)?.reason).toBe("database_read_only")
      const waiting = yield* Effect.fork(receive(calls(2)))
      yield* TestClock.adjust("20 seconds")
      const words = "The database takes nothing: words of 25006"
      expect(yield* ingest.degraded).toEqual({
        reason: "queue_full",
        since: at(10_000),
        message: `Too much waits to be written, the sockets are read no further: ${words}`
      })
      database.error = undefined
      yield* TestClock.adjust("6 seconds")
      yield* Fiber.join(waiting)
      yield* TestClock.adjust(0)
      expect([yield* ingest.degraded, data()]).toEqual([null, [undefined, 0, 1]])
    })
  )

  it.scoped("is reported without a reason when the database is only slow", () =>
    Effect.gen(function* () {
      const { ingest, open, receive } = yield* makeWorld(undefined, small)
      yield* open.close
      yield* receive(megabytes(1))
      yield* Effect.fork(receive(calls(1)))
      yield* TestClock.adjust("1 second")
      expect(yield* ingest.degraded).toEqual({
        reason: "queue_full",
        since: at(0),
        message: "Too much waits to be written, the sockets are read no further"
      })
      yield* open.open
    })
  )

  it.scoped("is reported when few events have waited too long", () =>
    Effect.gen(function* () {
      const { data, database, ingest, receive } = yield* refusing("57P03", {
        QUEUE_MAX_AGE: "1 minute"
      })
      yield* receive(calls(1))
      yield* TestClock.adjust("61 seconds")
      const waiting = yield* Effect.fork(receive(calls(2)))
      yield* TestClock.adjust("9 seconds")
      expect(yield* ingest.degraded).toMatchObject({ reason: "queue_full", since: at(61_000) })
      database.error = undefined
      yield* TestClock.adjust("6 seconds")
      yield* Fiber.join(waiting)
      yield* TestClock.adjust(0)
      expect([yield* ingest.degraded, data()]).toEqual([null, [0, 0, 1]])
    })
  )
})
