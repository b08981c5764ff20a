import { describe, expect, it } from "@effect/vitest"
import { Effect, Stream, TestClock } from "effect"
import { sharedDatabase } from "./database.ts"
import { hearing, lost, makeSource, one, registryOn } from "./scenario.ts"

describe("The log", { timeout: 30_000 }, () => {
  const database = sharedDatabase()

  it.scoped("has every change of a listener's state, without the attempts in between", () =>
    Effect.gen(function* () {
      const source = yield* makeSource
      const { bus, registry } = yield* registryOn(database, source.layer)
      const { until } = yield* hearing(registry)
      const turns = (count: number) =>
        bus.after(0).pipe(
          Stream.filter(({ event }) => event === "listener.updated"),
          Stream.take(count),
          Stream.runCollect,
          Effect.map((events) =>
            [...events].map(({ json, ...event }) => [event, JSON.parse(String(json))])
          )
        )
      source.onOpen = () => lost
      yield* registry.start(one)
      yield* until(one, "Waiting")
      // Several attempts fail.
      yield* TestClock.adjust("10 seconds")
      source.onOpen = () => Effect.void
      yield* TestClock.adjust("1 minute")
      yield* until(one, "Listening")
      yield* registry.stop(one)
      const all = yield* turns(3)
      expect(all.map(([, state]) => state._tag)).toEqual(["Waiting", "Listening", "Stopped"])
      expect(all[0]).toMatchObject([
        { instance: one, origin: "listener" },
        { error: { _tag: "ConnectionLost" }, attempt: 1 }
      ])
      const since = (yield* registry.status(one)).since
      expect(all[2]?.[1].since).toBe(new Date(since.epochMillis).toISOString())
      expect(source.count.get(one)).toBeGreaterThan(3)
    })
  )
})
