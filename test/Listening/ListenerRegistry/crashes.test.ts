import { describe, expect, it } from "@effect/vitest"
import { Cause, DateTime, Effect, Queue, Stream, TestClock } from "effect"
import { sharedDatabase } from "./database.ts"
import { hearing, makeSource, one, registryOn, two } from "./scenario.ts"

const bug = () => Effect.dieMessage("a bug of ours")

describe("ListenerRegistry, when a listener has a bug", { timeout: 30_000 }, () => {
  const database = sharedDatabase()

  /** Two listeners; the first is the one that crashes. */
  const listening = Effect.gen(function* () {
    const source = yield* makeSource
    const service = yield* registryOn(database, source.layer)
    const { heard, until } = yield* hearing(service.registry)
    yield* service.registry.start(two)
    yield* until(two, "Listening")
    yield* Queue.takeAll(source.dials)
    /** Lets the first listener come up, or crash, once more. */
    const nextDial = Queue.take(source.dials)
    return { ...service, heard, nextDial, source, until }
  })

  it.scoped("starts it again, and its neighbour does not notice", () =>
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

  it.scoped("gives up after five restarts in a minute, and says so", () =>
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

  it.scoped.each(["start", "restart"] as const)("listens again when a person says %s", (command) =>
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

  it.scoped("never gives up on one that crashes every half minute", () =>
    Effect.gen(function* () {
      const { nextDial, registry, source, until } = yield* listening
      yield* registry.start(one)
      for (let crash = 1; crash <= 12; crash++) {
        yield* nextDial
        yield* until(one, "Listening")
        yield* TestClock.adjust("30 seconds")
        const link = source.links.get(one)
        yield* link?.failCause(Cause.die("a bug of ours")) ?? Effect.dieMessage("not listening")
        // The longest delay of the intensity.
        yield* TestClock.adjust("2 seconds")
      }
      expect(source.count.get(one)).toBe(13)
      expect((yield* registry.status(one))._tag).toBe("Listening")
    })
  )
})
