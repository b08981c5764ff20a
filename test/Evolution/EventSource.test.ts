import { describe, expect, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Queue, Scope, TestClock } from "effect"
import { InstanceName } from "../../src/Domain/Instance.ts"
import {
  awake,
  backends,
  dataOf,
  eventually,
  ignored,
  oneByOne,
  scripted,
  simulated,
  sourceOf,
  take,
  takeRaw
} from "./EventSource/support.ts"

const [one, two] = [InstanceName.make("shop-1"), InstanceName.make("shop-2")]
describe.each(backends)("EventSource, %s", (_, backend) => {
  /** A source at a simulated Evolution where both instances have sent events before. */
  const started = Effect.gen(function* () {
    const simulator = yield* simulated()
    yield* awake(simulator, one, two)
    return { simulator, source: yield* sourceOf(backend, simulator) }
  })

  it.scoped("EventSource gives the events of an instance in order", () =>
    Effect.gen(function* () {
      const { simulator, source } = yield* started
      const subscription = yield* source.open(one, ignored)
      const numbers = Array.from({ length: 1000 }, (_, index) => ({ number: index }))
      for (const data of numbers) simulator.emit(one, "messages.upsert", data)
      expect(yield* take(subscription, 1000)).toEqual(numbers)
    })
  )

  it.scoped("EventSource gives an event whole, with the time of its receipt", () =>
    Effect.gen(function* () {
      const { simulator, source } = yield* started
      const subscription = yield* source.open(one, ignored)
      simulator.emit(one, "connection.update", { state: "open" })
      const [event] = yield* takeRaw(subscription, 1)
      expect(event).toMatchObject({
        name: "connection.update",
        payload: { event: "connection.update", instance: one, data: { state: "open" } },
        receivedAt: 0 // the test's clock has not moved
      })
    })
  )

  it.scoped("EventSource gives a subscription no event of another instance", () =>
    Effect.gen(function* () {
      const { simulator, source } = yield* started
      const ofOne = yield* source.open(one, ignored)
      const ofTwo = yield* source.open(two, ignored)
      for (const number of [1, 2]) {
        simulator.emit(two, "call", { two: number })
        simulator.emit(one, "call", { one: number })
      }
      expect(yield* take(ofOne, 2)).toEqual([{ one: 1 }, { one: 2 }])
      expect(yield* take(ofTwo, 2)).toEqual([{ two: 1 }, { two: 2 }])
    })
  )

  it.scoped("run fails when Evolution drops the link, after the events received before", () =>
    Effect.gen(function* () {
      const { simulator, source } = yield* started
      const subscription = yield* source.open(one, ignored)
      const heard = yield* Queue.unbounded<unknown>()
      const reader = yield* Effect.fork(
        subscription.run(oneByOne((event) => Queue.offer(heard, dataOf(event))))
      )
      simulator.emit(one, "call", { last: true })
      expect(yield* Queue.take(heard)).toEqual({ last: true })
      simulator.drop()
      expect((yield* Effect.flip(Fiber.join(reader)))._tag).toBe("ConnectionLost")
    })
  )

  it.scoped("open fails with a wrong key", () =>
    Effect.gen(function* () {
      const simulator = yield* simulated()
      const source = yield* sourceOf(backend, { url: simulator.url, apiKey: "wrong" })
      expect(yield* Effect.flip(source.open(one, ignored))).toMatchObject({
        _tag: "UpgradeRefused",
        status: 400,
        body: "Invalid global token"
      })
    })
  )

  it.scoped("open does not die of a key that no header can carry", () =>
    Effect.gen(function* () {
      const opening = Effect.flatMap(
        sourceOf(backend, { url: "http://127.0.0.1:1", apiKey: "first-line\nsecond-line" }),
        (source) => source.open(one, ignored)
      )
      const exit = yield* Effect.exit(Effect.scoped(opening))
      expect(Exit.isFailure(exit) && Cause.isDie(exit.cause)).toBe(false)
    })
  )

  it.scoped("open fails when no server answers", () =>
    Effect.gen(function* () {
      const source = yield* sourceOf(backend, { url: "http://127.0.0.1:1", apiKey: "any" })
      expect(yield* Effect.flip(source.open(one, ignored))).toMatchObject({
        _tag: "DialFailed",
        code: "ECONNREFUSED"
      })
    })
  )

  it.scoped("quiesce ends every run after the last event received", () =>
    Effect.gen(function* () {
      const { simulator, source } = yield* started
      const readers = yield* Effect.forEach([one, two], (name) =>
        Effect.gen(function* () {
          const subscription = yield* source.open(name, ignored)
          const heard = yield* Queue.unbounded<unknown>()
          const reader = yield* Effect.fork(
            subscription.run(oneByOne((event) => Queue.offer(heard, dataOf(event))))
          )
          simulator.emit(name, "call", { before: name })
          expect(yield* Queue.take(heard)).toEqual({ before: name })
          return { heard, reader }
        })
      )
      yield* source.quiesce
      simulator.emit(one, "call", { after: one })
      simulator.emit(two, "call", { after: two })
      for (const { heard, reader } of readers) {
        yield* Fiber.join(reader)
        expect(yield* Queue.size(heard)).toBe(0)
      }
    })
  )

  /** A sink that takes nothing, and a signal that it has been called. */
  const stuck = Effect.map(Deferred.make<void>(), (called) => ({
    called: Deferred.await(called),
    sink: () => Effect.zipRight(Deferred.succeed(called, undefined), Effect.never)
  }))

  it.scoped(
    "heard stays at an event that the sink has not taken, even when the run is given up",
    () =>
      Effect.gen(function* () {
        const { deliver, source } = yield* scripted(backend)
        yield* TestClock.setTime(107_000)
        const { heard, run } = yield* source.open(one, ignored)
        const { called, sink } = yield* stuck
        const running = yield* Effect.fork(run(sink))
        yield* deliver([one, "there is no room"])
        yield* called
        // Sooner than a ping is missed, which would end the link.
        yield* TestClock.setTime(140_000)
        yield* deliver([one, "another"])
        expect((yield* heard).until).toBe(107_000)
        expect(yield* source.heard).toBe(107_000)
        yield* Fiber.interrupt(running)
        expect((yield* heard).until).toBe(107_000)
      })
  )

  it.scoped("heard stays at the oldest event of the batch that the sink has", () =>
    Effect.gen(function* () {
      const { deliver, source } = yield* scripted(backend)
      const { heard, run } = yield* source.open(one, ignored)
      const batches = yield* Queue.unbounded<ReadonlyArray<unknown>>()
      const goesOn = yield* Effect.makeLatch()
      yield* Effect.forkScoped(
        run((events) => Effect.zipRight(batches.offer(events.map(dataOf)), goesOn.await))
      )
      yield* deliver([one, 1])
      expect(yield* Queue.take(batches)).toEqual([1])
      yield* TestClock.setTime(10_000)
      yield* deliver([one, 2])
      yield* TestClock.setTime(20_000)
      yield* deliver([one, 3])
      yield* goesOn.open
      yield* goesOn.close
      expect(yield* Queue.take(batches)).toEqual([2, 3])
      yield* TestClock.setTime(30_000)
      yield* deliver()
      expect((yield* heard).until).toBe(10_000)
      yield* goesOn.open
      yield* TestClock.setTime(40_000)
      yield* deliver([one, 4])
      yield* Queue.take(batches)
      yield* deliver()
      expect((yield* heard).until).toBe(40_000)
    })
  )

  it.scoped("heard stays at the event that met a bug in the sink, of which the run dies", () =>
    Effect.gen(function* () {
      const { deliver, source } = yield* scripted(backend)
      yield* TestClock.setTime(107_000)
      const { heard, run } = yield* source.open(one, ignored)
      const running = yield* Effect.fork(run(() => Effect.dieMessage("a bug of ours")))
      yield* Effect.yieldNow()
      yield* deliver([one, "poison"])
      const exit = yield* Fiber.await(running)
      expect(Exit.isFailure(exit) && Cause.isDie(exit.cause)).toBe(true)
      yield* TestClock.setTime(140_000)
      yield* deliver([one, "another"])
      expect((yield* heard).until).toBe(107_000)
    })
  )

  it.scoped("quiesce does nothing while no subscription is open", () =>
    Effect.gen(function* () {
      const { simulator, source } = yield* started
      yield* source.quiesce
      const subscription = yield* source.open(one, ignored)
      simulator.emit(one, "call", { still: "works" })
      expect(yield* take(subscription, 1)).toEqual([{ still: "works" }])
    })
  )

  it.scoped("closing the scope leaves the link", () =>
    Effect.gen(function* () {
      const { simulator, source } = yield* started
      const scope = yield* Scope.make()
      yield* Effect.asVoid(Scope.extend(source.open(one, ignored), scope))
      expect(simulator.connections()).toBe(1)
      yield* Scope.close(scope, Exit.void)
      yield* eventually(() => simulator.connections() === 0)
    })
  )

  it.scoped("interrupting open leaves the link", () =>
    Effect.gen(function* () {
      const { simulator, source } = yield* started
      const opening = yield* Effect.fork(Effect.scoped(source.open(one, ignored)))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(opening)
      const subscription = yield* source.open(two, ignored)
      simulator.emit(two, "call", { two: 1 })
      expect(yield* take(subscription, 1)).toEqual([{ two: 1 }])
      yield* eventually(() => simulator.connections() === 1)
    })
  )

  it.scoped("open succeeds again after Evolution restarted", () =>
    Effect.gen(function* () {
      const { simulator, source } = yield* started
      const subscription = yield* source.open(one, ignored)
      yield* Effect.promise(simulator.stop)
      expect((yield* Effect.flip(subscription.run(ignored)))._tag).toBe("ConnectionLost")
      yield* Effect.promise(simulator.start)
      yield* awake(simulator, one)
      const again = yield* source.open(one, ignored)
      simulator.emit(one, "call", { again: true })
      expect(yield* take(again, 1)).toEqual([{ again: true }])
    })
  )
})
