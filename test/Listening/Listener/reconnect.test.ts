import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, TestClock } from "effect"
import { DialFailed, NamespaceRefused, UpgradeRefused } from "../../../src/Domain/LinkError.ts"
import { about, fails, holds, listener, lost, nextAttempt } from "./scenario.ts"

const unreachable = DialFailed.of("ECONNREFUSED", "")

describe("A reconnecting listener", () => {
  it.scoped("dials exactly at the time its state announces", () =>
    Effect.gen(function* () {
      const seen = yield* listener({ dials: [fails(unreachable)] })
      for (let dials = 1; dials <= 5; dials++) {
        const at = nextAttempt(seen.state())
        yield* TestClock.setTime(at - 1)
        expect(seen.dialledAt.length).toBe(dials)
        yield* TestClock.setTime(at + 1) // the state has whole milliseconds
        expect(seen.dialledAt.length).toBe(dials + 1)
        expect(Math.floor(seen.dialledAt.at(-1) ?? 0)).toBe(at)
      }
    })
  )

  it.scoped("doubles its delays from 0.5 s to 25 s, ±20 %", () =>
    Effect.gen(function* () {
      const seen = yield* listener({ dials: [fails(unreachable)] })
      yield* TestClock.adjust("5 minutes")
      expect(seen.gaps().slice(0, 6)).toEqual([500, 1000, 2000, 4000, 8000, 16_000].map(about))
      expect(seen.gaps().slice(6).length).toBeGreaterThan(5)
      for (const gap of seen.gaps().slice(6)) expect(gap).toEqual(about(25_000))
    })
  )

  it.scoped("randomizes its delays, so that many listeners dial at different times", () =>
    Effect.gen(function* () {
      const some = yield* Effect.replicateEffect(listener({ dials: [fails(unreachable)] }), 20)
      expect(new Set(some.map((seen) => nextAttempt(seen.state()))).size).toBeGreaterThan(15)
    })
  )

  const afterFourFailures = (held: number) =>
    listener({
      dials: [...Array.from({ length: 4 }, () => fails(unreachable)), holds(held), holds()]
    })

  it.scoped("resets its delays after a link of 10 s", () =>
    Effect.gen(function* () {
      const seen = yield* afterFourFailures(10_001)
      yield* TestClock.adjust("1 minute")
      expect((seen.gaps().at(-1) ?? 0) - 10_001).toEqual(about(500))
    })
  )

  it.scoped("keeps doubling its delays after a link of 9 s", () =>
    Effect.gen(function* () {
      const seen = yield* afterFourFailures(9000)
      yield* TestClock.adjust("1 minute")
      expect((seen.gaps().at(-1) ?? 0) - 9000).toEqual(about(8000))
    })
  )

  it.scoped("dials at once when Evolution is back", () =>
    Effect.gen(function* () {
      const back = yield* Deferred.make<void>()
      const dials = [...Array.from({ length: 6 }, () => fails(unreachable)), holds()]
      const seen = yield* listener({ dials, awaitReturn: Deferred.await(back) })
      // The sixth dial comes after 15.5 s, the seventh 16 s later, each ±20 %.
      yield* TestClock.adjust("20 seconds")
      expect(seen.state()).toMatchObject({ _tag: "Waiting", attempt: 6 })
      expect(nextAttempt(seen.state())).toBeGreaterThan(25_000)
      yield* Deferred.succeed(back, undefined)
      yield* TestClock.adjust(0)
      expect(seen.dialledAt.at(-1)).toBe(20_000)
      expect(seen.state()).toMatchObject({ _tag: "Listening", attempt: 7 })
    })
  )

  it.scoped("dials every half second while its namespace does not exist", () =>
    Effect.gen(function* () {
      const refusal = NamespaceRefused.of("/shop-1", "Invalid namespace")
      const refused = Array.from({ length: 20 }, () => fails(refusal))
      const seen = yield* listener({ dials: [...refused, fails(lost)] })
      yield* TestClock.adjust("15 seconds")
      const gaps = seen.gaps()
      expect(gaps.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => about(500)))
      // A missing namespace does not count as a failure: the delays begin at 0.5 s.
      expect(gaps.slice(20, 22)).toEqual([about(500), about(1000)])
    })
  )

  it.scoped("waits and dials again after a proxy's HTTP 502", () =>
    Effect.gen(function* () {
      const seen = yield* listener({
        dials: [fails(UpgradeRefused.of(502, "<html>Bad Gateway</html>")), holds()]
      })
      expect(seen.state()).toMatchObject({ _tag: "Waiting", error: { status: 502 } })
      yield* TestClock.adjust("1 second")
      expect(seen.state()?._tag).toBe("Listening")
    })
  )
})
