import { describe, expect, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Queue, Scope, TestClock, TestServices } from "effect"
import { InstanceName } from "../../src/Domain/Instance.ts"
import { EventSource } from "../../src/Evolution/EventSource.ts"
import {
  awake,
  dataOf,
  eventually,
  ignored,
  oneByOne,
  simulated,
  sourceOf,
  take,
  takeRaw
} from "./EventSource/support.ts"

const [one, two] = [InstanceName.make("shop-1"), InstanceName.make("shop-2")]
const backends = [
  ["global", EventSource.layerGlobal],
  ["namespace", EventSource.layerNamespace]
] as const

describe.each(backends)("EventSource, %s", (_, backend) => {
  /** A source at a simulated Evolution where both instances have been heard before. */
  const started = Effect.gen(function* () {
    const simulator = yield* simulated()
    yield* awake(simulator, one, two)
    return { simulator, source: yield* sourceOf(backend, simulator) }
  })

  it.scoped("gives the events of an instance, in their order", () =>
    Effect.gen(function* () {
      const { simulator, source } = yield* started
      const subscription = yield* source.open(one, ignored)
      const numbers = Array.from({ length: 1000 }, (_, index) => ({ number: index }))
      for (const data of numbers) simulator.emit(one, "messages.upsert", data)
      expect(yield* take(subscription, 1000)).toEqual(numbers)
    })
  )

  it.scoped("gives the whole event as it came, and when it came", () =>
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

  it.scoped("does not give the events of another instance", () =>
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

  it.scoped("fails when Evolution drops the link, after the events before that", () =>
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

  it.scoped("cannot be opened with a wrong key", () =>
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

  it.scoped("does not die of a key that no header can carry", () =>
    Effect.gen(function* () {
      const opening = Effect.flatMap(
        sourceOf(backend, { url: "http://127.0.0.1:1", apiKey: "first-line\nsecond-line" }),
        (source) => source.open(one, ignored)
      )
      const exit = yield* Effect.exit(Effect.scoped(opening))
      expect(Exit.isFailure(exit) && Cause.isDie(exit.cause)).toBe(false)
    })
  )

  it.scoped("cannot be opened when nobody is there", () =>
    Effect.gen(function* () {
      const source = yield* sourceOf(backend, { url: "http://127.0.0.1:1", apiKey: "any" })
      expect(yield* Effect.flip(source.open(one, ignored))).toMatchObject({
        _tag: "DialFailed",
        code: "ECONNREFUSED"
      })
    })
  )

  it.scoped("ends its streams when it is quiesced, after the last event received", () =>
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

  it.scoped("has not heard what its sink has not taken in, not even when its run is given up", () =>
    Effect.gen(function* () {
      const { simulator, source } = yield* started
      yield* TestClock.setTime(107_000)
      const { heard, run } = yield* source.open(one, ignored)
      const handed = yield* Deferred.make<void>()
      const running = yield* Effect.fork(
        run(() => Effect.zipRight(Deferred.succeed(handed, undefined), Effect.never))
      )
      simulator.emit(one, "call", { there: "is no room" })
      yield* Deferred.await(handed)
      yield* TestClock.setTime(158_000)
      simulator.emit(one, "call", { another: "one" })
      const pause = TestServices.provideLive(Effect.sleep("50 millis"))
      yield* pause
      expect((yield* heard).until).toBe(107_000)
      yield* Fiber.interrupt(running)
      expect((yield* heard).until).toBe(107_000)
    })
  )

  it.scoped("has not heard what met a bug in its sink, of which its run dies", () =>
    Effect.gen(function* () {
      const { simulator, source } = yield* started
      yield* TestClock.setTime(107_000)
      const { heard, run } = yield* source.open(one, ignored)
      const running = yield* Effect.fork(run(() => Effect.dieMessage("a bug of ours")))
      simulator.emit(one, "call", { poison: true })
      const exit = yield* Fiber.await(running)
      expect(Exit.isFailure(exit) && Cause.isDie(exit.cause)).toBe(true)
      yield* TestClock.setTime(158_000)
      expect((yield* heard).until).toBe(107_000)
    })
  )

  it.scoped("has nothing to quiesce while nothing is open", () =>
    Effect.gen(function* () {
      const { simulator, source } = yield* started
      yield* source.quiesce
      const subscription = yield* source.open(one, ignored)
      simulator.emit(one, "call", { still: "works" })
      expect(yield* take(subscription, 1)).toEqual([{ still: "works" }])
    })
  )

  it.scoped("leaves the link when the scope closes", () =>
    Effect.gen(function* () {
      const { simulator, source } = yield* started
      const scope = yield* Scope.make()
      yield* Effect.asVoid(Scope.extend(source.open(one, ignored), scope))
      expect(simulator.connections()).toBe(1)
      yield* Scope.close(scope, Exit.void)
      yield* eventually(() => simulator.connections() === 0)
    })
  )

  it.scoped("leaves the link when opening it is given up", () =>
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

  it.scoped("can be opened again after Evolution restarted", () =>
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
