/** Time is real here, but for processes whose clocks are wrong by an hour. */
import { describe, expect, it } from "@effect/vitest"
import { Clock, Context, DateTime, Duration, Effect, Layer, Option, Redacted } from "effect"
import { ApiKey } from "../../src/Access/ApiKey.ts"
import { KeyStore } from "../../src/Access/KeyStore.ts"
import { SharedTime } from "../../src/Access/SharedTime.ts"
import { Tokens } from "../../src/Http/Auth/Tokens.ts"
import { replica, schema, testDatabaseUrl, withinOneSecond } from "./Replicas.ts"

const hour = 3_600_000

/** The real clock, set forward. */
const wrongBy = (millis: number): Clock.Clock => {
  const real = Clock.make()
  return Object.assign(Clock.make(), {
    unsafeCurrentTimeMillis: () => real.unsafeCurrentTimeMillis() + millis,
    currentTimeMillis: Effect.map(real.currentTimeMillis, (now) => now + millis)
  })
}

const access = Layer.mergeAll(KeyStore.layer, Tokens.layer).pipe(
  Layer.provideMerge(SharedTime.layer),
  Layer.provide(Layer.succeed(ApiKey, Redacted.make("key-of-the-test")))
)

/** A process with a clock of its own. */
const start = (url: string, clock: Clock.Clock) =>
  Effect.map(Effect.withClock(replica(url, "looks", access), clock), ({ services }) => {
    const { create, find } = Context.get(services, KeyStore)
    const { issue, verify } = Context.get(services, Tokens)
    const within = Effect.withClock(clock)
    return {
      time: within(Context.get(services, SharedTime).now),
      issue: (lifetime: Duration.Duration) => within(issue("stream", "", lifetime)),
      opens: (token: string) => Effect.isSuccess(within(verify("stream", Redacted.make(token)))),
      make: (expiresAt: DateTime.Utc) =>
        Effect.map(
          within(
            create({ name: "till", scope: "read", instances: null, servers: null, expiresAt })
          ),
          ([, key]) => key
        ),
      knows: (key: Redacted.Redacted) => Effect.map(within(find(key)), Option.isSome)
    }
  })

describe.skipIf(testDatabaseUrl === "")("The time of keys and tokens", { timeout: 60_000 }, () => {
  it.scopedLive("is that of the database, whatever the clock of a process says", () =>
    Effect.gen(function* () {
      const url = yield* schema
      const replicas = yield* Effect.all([
        start(url, wrongBy(-hour)),
        start(url, wrongBy(0)),
        start(url, wrongBy(hour))
      ])
      for (const { time } of replicas) {
        const late = DateTime.distance(yield* DateTime.now, yield* time)
        expect(Math.abs(late)).toBeLessThan(1000)
      }
      for (const { issue } of replicas) {
        const { token } = yield* issue(Duration.minutes(1))
        for (const { opens } of replicas) expect(yield* opens(token)).toBe(true)
      }
      const now = yield* DateTime.now
      for (const { make } of replicas) {
        const valid = yield* make(DateTime.add(now, { minutes: 1 }))
        const expired = yield* make(now)
        for (const { knows } of replicas) {
          yield* withinOneSecond(knows(valid), (isKnown) => isKnown)
          expect(yield* knows(expired)).toBe(false)
        }
      }
    })
  )
})
