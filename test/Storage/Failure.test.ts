import { SqlError } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Clock, Effect, Exit, TestClock } from "effect"
import { isTimeout, outageOf, untilBack } from "../../src/Storage/Failure.ts"

const failed = (cause: unknown) => new SqlError.SqlError({ cause })
const coded = (code: string) => Object.assign(new Error("words"), { code })

describe("Failure.outageOf", () => {
  it("separates a read-only, a full and an unavailable database by SQLSTATE", () => {
    expect(outageOf(failed(coded("25006")))).toBe("database_read_only")
    expect(outageOf(failed(coded("53100")))).toBe("database_full")
    // Out of connections, shutting down, connection failure, a port where nobody is.
    for (const code of ["53300", "57P01", "08006", "ECONNREFUSED"])
      expect(outageOf(failed(coded(code))), code).toBe("database_unavailable")
  })

  it("treats an error without a code as an unavailable database", () => {
    expect(outageOf(failed(new Error("Connection terminated unexpectedly")))).toBe(
      "database_unavailable"
    )
    expect(outageOf(failed(undefined))).toBe("database_unavailable")
  })

  it("finds the code at any depth of the causes", () => {
    expect(outageOf(failed(failed(failed(coded("53100")))))).toBe("database_full")
    expect(outageOf(failed(new Error("wrapped", { cause: coded("25006") })))).toBe(
      "database_read_only"
    )
  })
})

describe("Failure.isTimeout", () => {
  it("recognizes the time-outs of the pool and the client, and no other error", () => {
    const ended = new Error("Connection terminated unexpectedly")
    for (const error of [
      // The three race: pg-pool's words, and pg's, and @effect/sql-pg's.
      new Error("Connection terminated due to connection timeout", { cause: ended }),
      new Error("timeout expired"),
      new Error("Connection timed out")
    ]) {
      expect(isTimeout(error), error.message).toBe(true)
      expect(isTimeout(failed(error)), error.message).toBe(true)
    }
    for (const error of [ended, failed(ended), coded("ECONNREFUSED"), undefined])
      expect(isTimeout(error)).toBe(false)
  })
})

describe("Failure.untilBack", () => {
  it.effect("starts short, doubles, and retries at least every 5 s without end", () =>
    Effect.gen(function* () {
      const triedAt: Array<number> = []
      const away = Effect.flatMap(Clock.currentTimeMillis, (now) => {
        triedAt.push(now)
        return Effect.fail("away")
      })
      const waiting = yield* Effect.fork(Effect.exit(Effect.retry(away, untilBack("100 millis"))))
      yield* TestClock.adjust("5 minutes")
      const delays = triedAt.slice(1).map((at, index) => at - (triedAt[index] ?? 0))
      for (const [index, expected] of [100, 200, 400, 800, 1600, 3200].entries()) {
        expect(delays[index]).toBeGreaterThanOrEqual(expected * 0.8 - 0.01)
        expect(delays[index]).toBeLessThanOrEqual(expected * 1.2 + 0.01)
      }
      expect(Math.max(...delays)).toBeLessThanOrEqual(6000)
      expect(Math.min(...delays.slice(6))).toBeGreaterThanOrEqual(4000 - 0.01)
      // 5 s 20 % more or less, for minutes; and nobody gave up.
      expect(triedAt.length).toBeGreaterThan(50)
      expect(waiting.unsafePoll()).toBeNull()
    })
  )

  it.effect("ends with the first attempt that succeeds", () =>
    Effect.gen(function* () {
      let tries = 0
      const back = Effect.suspend(() =>
        ++tries < 4 ? Effect.fail("away") : Effect.succeed("back")
      )
      const waiting = yield* Effect.fork(Effect.retry(back, untilBack("100 millis")))
      yield* TestClock.adjust("1 second")
      expect(waiting.unsafePoll()).toEqual(Exit.succeed("back"))
      yield* TestClock.adjust("1 minute")
      expect(tries).toBe(4)
    })
  )
})
