import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, Queue, Scope, Stream, TestClock } from "effect"
import type { EventBus } from "../../src/Log/EventBus.ts"
import { sharedDatabase } from "./ListenerRegistry/database.ts"
import { hearing, lost, makeSource, one, registryOn, two } from "./ListenerRegistry/scenario.ts"

/** Waits until the first event of the link is committed. */
const heardOn = (bus: EventBus["Type"]) =>
  Stream.runHead(Stream.filter(bus.after(0), ({ origin }) => origin === "live"))

describe("ListenerRegistry", { timeout: 30_000 }, () => {
  const database = sharedDatabase()

  const started = Effect.gen(function* () {
    const source = yield* makeSource
    const service = yield* registryOn(database, source.layer)
    return { ...service, source, ...(yield* hearing(service.registry)) }
  })

  it.scoped("listens to a started instance and commits its events", () =>
    Effect.gen(function* () {
      const { bus, instances, log, registry, source, until } = yield* started
      yield* registry.start(one)
      yield* until(one, "Listening")
      yield* source.says(one, { number: 1 })
      yield* heardOn(bus)
      const [event] = yield* log.read({ events: ["messages.upsert"], limit: 10 })
      expect(event).toMatchObject({ instance: one, data: { number: 1 }, origin: "live" })
      expect(instances.get(one)).toMatchObject({ desired: "listening" })
      expect(yield* registry.status(one)).toMatchObject({ _tag: "Listening", attempt: 1 })
    })
  )

  it.scoped("runs one listener for an instance that is started several times", () =>
    Effect.gen(function* () {
      const { registry, source, until } = yield* started
      yield* Effect.all([registry.start(one), registry.start(one), registry.start(one)], {
        concurrency: "unbounded"
      })
      yield* until(one, "Listening")
      yield* registry.start(one)
      yield* registry.start(two)
      yield* until(two, "Listening")
      expect(source.count).toEqual(
        new Map([
          [one, 1],
          [two, 1]
        ])
      )
    })
  )

  it.scoped("closes the link on stop and stays stopped until the next start", () =>
    Effect.gen(function* () {
      const { instances, registry, source, until } = yield* started
      yield* registry.start(one)
      yield* until(one, "Listening")
      yield* TestClock.adjust("1 second")
      yield* registry.stop(one)
      expect(source.links.has(one)).toBe(false)
      expect((yield* registry.status(one))._tag).toBe("Stopped")
      expect(instances.get(one)?.desired).toBe("stopped")
      yield* TestClock.adjust("10 minutes")
      expect((yield* registry.status(one))._tag).toBe("Stopped")
      expect(source.count.get(one)).toBe(1)
      yield* registry.start(one)
      yield* until(one, "Listening")
      expect(source.links.has(one)).toBe(true)
    })
  )

  it.scoped("restarts a listener without a link by a dial at once with reset delays", () =>
    Effect.gen(function* () {
      const { registry, source, until } = yield* started
      source.onOpen = () => lost
      yield* registry.start(one)
      yield* until(one, "Waiting")
      yield* TestClock.adjust("1 minute")
      source.onOpen = () => Effect.void
      yield* registry.restart(one)
      expect(yield* until(one, "Listening")).toMatchObject({ attempt: 1 })
      expect(source.links.size).toBe(1)
      yield* registry.stop(one)
      yield* registry.restart(one)
      expect(yield* until(one, "Listening")).toMatchObject({ attempt: 1 })
      expect(source.renewed).toEqual([])
    })
  )

  it.scoped(
    "restarts a listener on a link by an exchange of the link, without an interruption",
    () =>
      Effect.gen(function* () {
        const { bus, heard, instances, registry, source, until } = yield* started
        yield* registry.start(one)
        const before = yield* until(one, "Listening")
        const link = source.links.get(one)
        yield* registry.restart(one)
        yield* TestClock.adjust(0)
        expect(source.renewed).toEqual([one])
        // The old link stays up when the fresh one fails.
        source.renew = () => lost
        expect((yield* Effect.flip(registry.restart(one)))._tag).toBe("EvolutionUnavailable")
        expect([source.count.get(one), source.links.get(one)]).toEqual([1, link])
        expect([yield* registry.status(one), yield* Queue.size(heard)]).toEqual([before, 0])
        yield* source.says(one, { still: "here" })
        expect((yield* Stream.runHead(bus.after(0)))._tag).toBe("Some")
        expect(instances.get(one)).toMatchObject({ desired: "listening" })
      })
  )

  it.scoped("stops a listener during an exchange of its link", () =>
    Effect.gen(function* () {
      const { registry, source, until } = yield* started
      source.renew = () => Effect.never
      yield* registry.start(one)
      yield* until(one, "Listening")
      yield* Effect.fork(registry.restart(one))
      yield* TestClock.adjust(0)
      yield* registry.stop(one)
      expect(source.links.has(one)).toBe(false)
      expect((yield* registry.status(one))._tag).toBe("Stopped")
    })
  )

  it.scoped("fails with InstanceNotFound for an instance that was never started", () =>
    Effect.gen(function* () {
      const { instances, registry } = yield* started
      const answers = yield* Effect.all([
        Effect.flip(registry.status(one)),
        Effect.flip(registry.stop(one)),
        Effect.flip(registry.restart(one))
      ])
      for (const error of answers)
        expect(error).toMatchObject({ _tag: "InstanceNotFound", instance: one })
      // Failed commands add no instance.
      expect([yield* registry.all, instances.get(one)]).toEqual([[], undefined])
    })
  )

  it.scoped("publishes every state change in order and lists all current states", () =>
    Effect.gen(function* () {
      const { heard, registry, source, until } = yield* started
      yield* registry.start(one)
      yield* until(one, "Listening")
      yield* source.links.get(one)?.fail(lost) ?? Effect.void
      expect(yield* until(one, "Waiting")).toMatchObject({ error: lost })
      yield* registry.stop(one)
      yield* registry.start(two)
      const rest = yield* Effect.replicateEffect(Queue.take(heard), 3)
      expect(rest.map(({ name, state }) => [name, state._tag])).toEqual([
        [one, "Stopped"],
        [two, "Connecting"],
        [two, "Listening"]
      ])
      expect((yield* registry.all).map(({ name, state }) => [name, state._tag])).toEqual([
        [one, "Stopped"],
        [two, "Listening"]
      ])
    })
  )

  it.scoped("forgets an instance and keeps its events", () =>
    Effect.gen(function* () {
      const { bus, instances, log, registry, source, until } = yield* started
      yield* registry.start(one)
      yield* until(one, "Listening")
      yield* source.says(one, { number: 1 })
      yield* heardOn(bus)
      yield* registry.forget(one)
      expect(source.links.has(one)).toBe(false)
      expect((yield* Effect.flip(registry.status(one)))._tag).toBe("InstanceNotFound")
      expect(instances.get(one)).toBeUndefined()
      const events = (yield* log.read({ limit: 10 })).map(({ event }) => event)
      expect(events).toContain("messages.upsert")
    })
  )

  it.scoped("resumes started instances after a restart of the service, and no stopped ones", () =>
    Effect.gen(function* () {
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { registry, until } = yield* started
          yield* registry.start(one)
          yield* registry.start(two)
          yield* until(two, "Listening")
          yield* TestClock.adjust("5 seconds")
          yield* registry.stop(two)
        })
      )
      yield* TestClock.adjust("5 seconds")
      const { registry, source } = yield* started
      expect(yield* Queue.take(source.dials)).toBe(one)
      expect((yield* registry.all).map(({ name }) => name).sort()).toEqual([one, two])
      // The state dates from the stop, not from the restart of the service.
      const stopped = yield* registry.status(two)
      expect([stopped._tag, stopped.since.epochMillis]).toEqual(["Stopped", 5000])
      expect(source.count.has(two)).toBe(false)
    })
  )

  it.scoped("commits received events before it stops", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { registry, source, until } = yield* Scope.extend(started, scope)
      yield* registry.start(one)
      yield* until(one, "Listening")
      yield* Effect.forEach([1, 2, 3], (number) => source.says(one, { number }))
      yield* Scope.close(scope, Exit.void)
      const { log } = yield* started
      const received = yield* log.read({ events: ["messages.upsert"], limit: 10 })
      const data = received.map((event) => event.data)
      expect(data).toEqual([{ number: 1 }, { number: 2 }, { number: 3 }])
    })
  )

  // The test clock stands still here: any sleep would hang the test.
  it.scoped("stops at once when no listener is on a link", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { registry, source, until } = yield* Scope.extend(started, scope)
      source.onOpen = (name) => (name === one ? lost : Effect.never)
      yield* registry.start(one)
      yield* until(one, "Waiting")
      yield* registry.start(two)
      yield* until(two, "Connecting")
      yield* Scope.close(scope, Exit.void)
      expect(source.links.size).toBe(0)
    })
  )

  it.scoped("waits at most 1 s for its listeners when it stops", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { registry, source, until } = yield* Scope.extend(started, scope)
      source.quiesce = Effect.void
      yield* registry.start(one)
      yield* until(one, "Listening")
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* TestClock.adjust(999)
      expect([yield* Fiber.poll(closing), source.links.has(one)]).toEqual([Option.none(), true])
      yield* TestClock.adjust(1)
      yield* Fiber.join(closing)
      expect(source.links.has(one)).toBe(false)
    })
  )
})
