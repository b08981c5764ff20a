import { describe, expect, it } from "@effect/vitest"
import { type Clock, DateTime, Effect, Logger, Queue, TestClock } from "effect"
import * as DatabaseClock from "../../src/Cluster/DatabaseClock.ts"
import { databases } from "../support/databases.ts"

/** The clock of the test is the machine's: it begins in 1970, the database's goes on. */
describe.each(databases)("The clock of a replica on %s", (_name, database) => {
  const offOf = ({ unsafeCurrentTimeMillis }: Clock.Clock) =>
    Math.abs(unsafeCurrentTimeMillis() - Date.now())

  it.scoped("is the database's, also when the machine's clock is set", () =>
    Effect.gen(function* () {
      const told = yield* Queue.unbounded<string>()
      const ear = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ message }) => void Queue.unsafeOffer(told, String(message)))
      )
      const clock = yield* Effect.provide(DatabaseClock.make, ear)
      expect(yield* Queue.take(told)).toMatch(
        /^This machine's clock is \d+ s behind the database's, which counts here: set both by NTP$/
      )
      expect(offOf(clock)).toBeLessThan(5000)
      const now = yield* Effect.withClock(DateTime.now, clock)
      expect(Math.abs(DateTime.toEpochMillis(now) - Date.now())).toBeLessThan(5000)

      // The machine's clock goes on by a minute, in no time.
      yield* TestClock.adjust("1 minute")
      yield* Queue.take(told)
      expect(offOf(clock)).toBeLessThan(5000)
    }).pipe(Effect.provide(database))
  )

  it.scopedLive("leaves the monotonic clock and small differences alone", () =>
    Effect.gen(function* () {
      const own = yield* Effect.clock
      const clock = yield* DatabaseClock.make
      const [before, nanos] = [own.unsafeCurrentTimeMillis(), own.unsafeCurrentTimeNanos()]
      expect(clock.unsafeCurrentTimeMillis() - before).toBeLessThan(50)
      expect(clock.unsafeCurrentTimeMillis()).toBeGreaterThanOrEqual(before)
      expect(clock.unsafeCurrentTimeNanos() - nanos).toBeLessThan(50_000_000n)
    }).pipe(Effect.provide(database))
  )
})
