import { describe, expect, it } from "@effect/vitest"
import { Clock, Effect, TestClock } from "effect"
import { listened } from "./Exchange.ts"

const hour = 3_600_000

/** A link whose events have Evolution's time, which differs from ours by `offset`. */
const dated = Effect.gen(function* () {
  const { link, server } = yield* listened
  yield* TestClock.setTime(100 * hour)
  const evolution = { offset: 0 }
  /** One event a second for so many seconds, each 50 ms in transit. */
  const steadily = (seconds: number) =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 second")
      const receivedAt = yield* Clock.currentTimeMillis
      const date_time = new Date(receivedAt - 50 + evolution.offset).toISOString()
      const payload = { event: "call", instance: "shop-1", data: receivedAt, date_time }
      for (const { inbox, isLeft } of server.connections)
        if (!isLeft) yield* inbox.offer({ name: "call", payload, receivedAt })
      yield* TestClock.adjust(0)
    }).pipe(Effect.repeatN(seconds - 1))
  /** The time since `heard`, in ms. */
  const behind = Effect.zipWith(
    Clock.currentTimeMillis,
    link.heard,
    (now, { until }) => now - until
  )
  return { behind, evolution, link, server, steadily }
})

describe.each([
  ["ahead", hour],
  ["back", -hour]
])("a link while Evolution's clock is set %s by an hour", (_, jump) => {
  it.scoped("heard follows timely events again, at the latest soon", () =>
    Effect.gen(function* () {
      const { behind, evolution, steadily } = yield* dated
      yield* steadily(10)
      expect(yield* behind).toBeLessThan(100)
      evolution.offset += jump
      yield* steadily(10)
      // A clock that was set cannot be told from late events at once.
      yield* TestClock.adjust("1 hour")
      yield* steadily(10)
      expect(yield* behind).toBeLessThan(100)
    })
  )

  it.scoped("a renewal comes to its end", () =>
    Effect.gen(function* () {
      const { evolution, link, server, steadily } = yield* dated
      yield* steadily(10)
      evolution.offset += jump
      yield* steadily(10)
      yield* TestClock.adjust("1 hour")
      yield* Effect.fork(link.renew)
      yield* steadily(20)
      expect(server.connections.map(({ isLeft }) => isLeft)).toEqual([true, false])
    })
  )
})

describe("an event that waited while the socket was held back", () => {
  it.scoped("lateness does not count the wait, so a gap does not begin too early", () =>
    Effect.gen(function* () {
      const { behind, link, server, steadily } = yield* dated
      yield* steadily(10)
      const until = yield* Clock.currentTimeMillis
      const [connection] = server.connections
      if (connection === undefined) throw new Error("There is no connection")
      connection.heard = { until, isHeldBack: true }
      const sentAt = new Date(until + 1000).toISOString()
      yield* TestClock.adjust("4 minutes")
      const receivedAt = yield* Clock.currentTimeMillis
      const payload = { event: "call", instance: "shop-1", data: 1, date_time: sentAt }
      yield* connection.inbox.offer({ name: "call", payload, receivedAt })
      yield* TestClock.adjust(0)
      expect(until - (yield* link.heard).until).toBeLessThan(100)
      connection.heard = undefined
      expect(yield* behind).toBeLessThan(100)
      yield* steadily(1)
      expect(yield* behind).toBeLessThan(100)
    })
  )
})
