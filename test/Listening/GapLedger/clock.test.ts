import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, TestClock } from "effect"
import type * as Gap from "../../../src/Domain/Gap.ts"
import { at, makeWorld, millis, settle, shop, storedOpen, wanted } from "./World.ts"

/** A clock whose time of day a test sets forward and back, and whose other time goes on. */
const withJumps = <A, E, R>(test: (jump: (seconds: number) => void) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(TestClock.testClock(), (steady) => {
    let offset = 0
    const now = () => steady.unsafeCurrentTimeMillis() + offset
    const jumpy: TestClock.TestClock = Object.create(steady, {
      unsafeCurrentTimeMillis: { value: now },
      currentTimeMillis: { value: Effect.sync(now) },
      unsafeCurrentTimeNanos: { value: () => steady.unsafeCurrentTimeNanos() }
    })
    const jump = (seconds: number) => {
      offset += seconds * 1000
    }
    return Effect.withClock(test(jump), jumpy)
  })

describe("a gap in which the clock is set", () => {
  // Nobody knows which time Evolution goes by, so it reaches as far as by either.
  it.scoped.each([
    ["back, begins by the new time, and ends by the old one", -3600, -3605, 10],
    ["back by less than it lasts, too", -8, -13, 10],
    ["forward, begins when it did, and ends by the new time", 3600, -5, 3610],
    ["not at all, is what it seems", 0, -5, 10]
  ] as const)("%s", ([, jumped, from, to]) =>
    withJumps((jump) =>
      Effect.gen(function* () {
        const { gaps, ledger } = yield* makeWorld()
        yield* ledger.open(shop, millis(-5), "connection_lost")
        yield* TestClock.adjust("4 seconds")
        jump(jumped)
        yield* TestClock.adjust("6 seconds")
        yield* ledger.close(shop)
        const [gap] = ledger.pending(shop)
        expect([gap?.from, gap?.to]).toEqual([at(from), at(to)])
        yield* settle
        expect(gaps().at(-1)).toEqual(gap)
      })
    )
  )

  it.scoped("back while it goes on for the second time, reaches as far, too", () =>
    withJumps((jump) =>
      Effect.gen(function* () {
        const { ledger } = yield* makeWorld()
        yield* ledger.open(shop, millis(-5), "connection_lost")
        yield* TestClock.adjust("10 seconds")
        yield* ledger.close(shop)
        yield* TestClock.adjust("2 seconds")
        yield* ledger.open(shop, millis(7), "connection_lost")
        jump(-3600)
        yield* TestClock.adjust("8 seconds")
        yield* ledger.close(shop)
        expect(ledger.pending(shop)).toMatchObject([{ from: at(-3605), to: at(20) }])
      })
    )
  )

  it.scoped("back, and which began before this service, too", () =>
    withJumps((jump) =>
      Effect.gen(function* () {
        const { ledger } = yield* makeWorld({ unfinished: [storedOpen(-600)] })
        jump(-3600)
        yield* TestClock.adjust("10 seconds")
        yield* ledger.close(shop)
        expect(ledger.pending(shop)).toMatchObject([{ from: at(-4200), to: at(10) }])
      })
    )
  )
})

describe("a gap has in it the time in which we did not hear, by the clock of then", () => {
  const reaches = ({ from, to }: Gap.Gap): readonly [boolean, boolean] => [
    DateTime.lessThanOrEqualTo(from, at(0)),
    to !== null && DateTime.greaterThanOrEqualTo(to, at(10))
  ]

  it.scoped("when it was set back between what was heard last and the loss", () =>
    withJumps((jump) =>
      Effect.gen(function* () {
        const { ledger } = yield* makeWorld()
        yield* TestClock.setTime(millis(60))
        jump(-60)
        yield* ledger.open(shop, millis(55), "connection_lost")
        yield* TestClock.adjust("10 seconds")
        yield* ledger.close(shop)
        expect(ledger.pending(shop).map(reaches)).toEqual([[true, true]])
      })
    )
  )

  it.scoped.each([
    [
      "the last heartbeat",
      { instances: [wanted()], lastHeartbeat: { at: at(1800), stopped: true } }
    ],
    ["the gap it was in began", { unfinished: [storedOpen(1800)] }]
  ] as const)("when the service starts by one that is behind %s", ([, left]) =>
    Effect.gen(function* () {
      const { ledger } = yield* makeWorld(left)
      yield* TestClock.adjust("10 seconds")
      yield* ledger.close(shop)
      expect(ledger.pending(shop).map(reaches)).toEqual([[true, true]])
    })
  )
})
