import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, TestClock } from "effect"
import type * as Gap from "../../../src/Domain/Gap.ts"
import { at, makeWorld, millis, settle, shop, storedOpen, wanted } from "./World.ts"

/** Runs a test on a clock whose wall time it may set; monotonic time (`unsafeCurrentTimeNanos`) stays steady. */
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

describe("A gap during which the clock", () => {
  // Evolution may date messages by the old or by the new time: the gap covers both.
  it.scoped.each([
    ["is set back begins by the new time and ends by the old one", -3600, -3605, 10],
    [
      "is set back by less than its length begins by the new time and ends by the old one",
      -8,
      -13,
      10
    ],
    ["is set forward begins by the old time and ends by the new one", 3600, -5, 3610],
    ["is not set keeps its times", 0, -5, 10]
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

  it.scoped(
    "is set back after it was reopened begins by the new time and ends by the old one",
    () =>
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

  it.scoped("is set back begins by the new time when an earlier service opened it", () =>
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

describe("A gap covers the time without events, by the clock at that time,", () => {
  const reaches = ({ from, to }: Gap.Gap): readonly [boolean, boolean] => [
    DateTime.lessThanOrEqualTo(from, at(0)),
    to !== null && DateTime.greaterThanOrEqualTo(to, at(10))
  ]

  it.scoped("when the clock is set back between the last event and the loss of the link", () =>
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
    ["the start of the open gap", { unfinished: [storedOpen(1800)] }]
  ] as const)("when the service starts on a clock that is behind %s", ([, left]) =>
    Effect.gen(function* () {
      const { ledger } = yield* makeWorld(left)
      yield* TestClock.adjust("10 seconds")
      yield* ledger.close(shop)
      expect(ledger.pending(shop).map(reaches)).toEqual([[true, true]])
    })
  )
})
