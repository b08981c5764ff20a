import { describe, expect, it } from "@effect/vitest"
import { Cause, DateTime, Effect, Queue, Stream, TestClock } from "effect"
import { sharedDatabase } from "./database.ts"
import { hearing, makeSource, one, registryOn, two } from "./scenario.ts"

const bug = () => Effect.dieMessage("a bug of ours")

describe("The registry of a listener with a bug", { timeout: 30_000 }, () => {
  const database = sharedDatabase()

  /** Two listeners, `one` and `two`: tests let `one` crash. */
  const listening = Effect.gen(function* () {
    const source = yield* makeSource
    const service = yield* registryOn(database, source.layer)
    const { heard, until } = yield* hearing(service.registry)
    yield* service.registry.start(two)
    yield* until(two, "Listening")
    yield* Queue.takeAll(source.dials)
    /** Waits for the next dial of the crashing listener. */
    const nextDial = Queue.take(source.dials)
    return { ...service, heard, nextDial, source, until }
  })

  it.scoped("restarts it and leaves the other listener undisturbed", () =>
    Effect.gen(function* () {
      const { bus, heard, nextDial, registry, source, until } = yield* listening
      source.onOpen = bug
      yield* registry.start(one)
      yield* nextDial
      source.onOpen = () => Effect.void
      yield* TestClock.adjust("100 millis")
      yield* until(one, "Listening")
      yield* source.says(two, { still: "here" })
      yield* Stream.runHead(Stream.filter(bus.after(0), ({ instance }) => instance === two))
      expect(source.count).toEqual(
        new Map([
          [two, 1],
          [one, 2]
        ])
      )
      expect([...(yield* Queue.takeAll(heard))].some(({ name }) => name === two)).toBe(false)
    })
  )

  it.scoped("parks it after five restarts in a minute, with the user action report_bug", () =>
    Effect.gen(function* () {
      const { nextDial, registry, source, until } = yield* listening
      source.onOpen = bug
      yield* registry.start(one)
      yield* nextDial
      for (const delay of [100, 200, 400, 800, 1600]) {
        expect((yield* registry.status(one))._tag).toBe("Connecting")
        yield* TestClock.adjust(delay)
        yield* nextDial
      }
      const parked = yield* until(one, "Parked")
      expect(parked).toMatchObject({
        userAction: "report_bug",
        nextAttempt: null,
        since: DateTime.unsafeMake(3100),
        error: { _tag: "ListenerCrashed" }
      })
      yield* TestClock.adjust("10 minutes")
      expect(source.count.get(one)).toBe(6)
      expect((yield* registry.status(two))._tag).toBe("Listening")
    })
  )

  it.scoped.each(["start", "restart"] as const)("listens again after a %s command", (command) =>
    Effect.gen(function* () {
      const { nextDial, registry, source, until } = yield* listening
      source.onOpen = bug
      yield* registry.start(one)
      yield* nextDial
      yield* TestClock.adjust("10 seconds")
      yield* until(one, "Parked")
      source.onOpen = () => Effect.void
      yield* registry[command](one)
      expect(yield* until(one, "Listening")).toMatchObject({ attempt: 1 })
    })
  )

  it.scoped("restarts it without end when it crashes every half minute", () =>
    Effect.gen(function* () {
      const { nextDial, registry, source, until } = yield* listening
      yield* registry.start(one)
      for (let crash = 1; crash <= 12; crash++) {
        yield* nextDial
        yield* until(one, "Listening")
        yield* TestClock.adjust("30 seconds")
        const link = source.links.get(one)
        yield* link?.failCause(Cause.die("a bug of ours")) ?? Effect.dieMessage("not listening")
        // Longer than the longest delay between restarts, 1.6 s.
        yield* TestClock.adjust("2 seconds")
      }
      expect(source.count.get(one)).toBe(13)
      expect((yield* registry.status(one))._tag).toBe("Listening")
    })
  )
})
