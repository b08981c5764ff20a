import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Queue, Scope, TestClock } from "effect"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import { EventSource } from "../../../src/Evolution/EventSource.ts"
import { openPacket, scriptedServer } from "../../support/ScriptedServer.ts"
import { dataOf, eventually, ignored, oneByOne, simulated, sourceOf, take } from "./support.ts"

const instances = (count: number) =>
  Array.from({ length: count }, (_, index) => InstanceName.make(`shop-${index + 1}`))
const [one, two] = [InstanceName.make("shop-1"), InstanceName.make("shop-2")]

const started = Effect.gen(function* () {
  const simulator = yield* simulated()
  return { simulator, source: yield* sourceOf(EventSource.layerGlobal, simulator) }
})

/** A server that answers a dial as Evolution does, and lets the test count and speak. */
const counted = Effect.gen(function* () {
  const dials: Array<{ readonly say: (frame: string) => void }> = []
  const { url } = yield* scriptedServer((socket) => {
    dials.push({ say: (frame) => socket.send(frame) })
    socket.send(openPacket)
    socket.on("message", (frame) => {
      if (String(frame) === "40") socket.send('40{"sid":"scripted"}')
    })
  })
  const source = yield* sourceOf(EventSource.layerGlobal, { url: url.href, apiKey: "any" })
  return { dials, source }
})

describe("EventSource.layerGlobal", () => {
  it.scoped("dials once for everybody who opens at the same time", () =>
    Effect.gen(function* () {
      const { dials, source } = yield* counted
      yield* Effect.forEach(instances(50), (name) => source.open(name, ignored), {
        concurrency: "unbounded"
      })
      yield* Effect.asVoid(source.open(InstanceName.make("later"), ignored))
      expect(dials.length).toBe(1)
    })
  )

  it.scoped("tells everybody of a dial that failed, and dials anew for whoever comes then", () =>
    Effect.gen(function* () {
      const { simulator, source } = yield* started
      simulator.refuse({ status: 502, body: "Bad Gateway" })
      const errors = yield* Effect.forEach(
        instances(10),
        (name) => Effect.flip(Effect.scoped(source.open(name, ignored))),
        { concurrency: "unbounded" }
      )
      expect(errors.map((error) => error._tag)).toEqual(Array(10).fill("UpgradeRefused"))
      simulator.refuse(undefined)
      const subscription = yield* source.open(one, ignored)
      simulator.emit(one, "call", { number: 1 })
      expect(yield* take(subscription, 1)).toEqual([{ number: 1 }])
    })
  )

  /** What Evolution sends, without the time of it: the test's clock is another one. */
  const sent = (instance: string, event = "call") =>
    `42${JSON.stringify([event, { event, instance, data: {} }])}`

  it.scoped(
    "has heard, of each instance, as far as its listener has read, and of all as the last",
    () =>
      Effect.gen(function* () {
        const { dials, source } = yield* counted
        const reads = yield* source.open(one, ignored)
        const lags = yield* source.open(two, ignored)
        const heard = Effect.all([
          Effect.map(reads.heard, ({ until }) => until),
          Effect.map(lags.heard, ({ until }) => until),
          source.heard
        ])
        /** Both have something new, and one reads it. */
        const says = Effect.gen(function* () {
          yield* TestClock.adjust("10 seconds")
          for (const name of [two, one]) dials[0]?.say(sent(name))
          yield* take(reads, 1)
        })
        yield* says
        expect(yield* heard).toEqual([10_000, 10_000, 10_000])
        yield* says
        expect(yield* heard).toEqual([20_000, 10_000, 10_000])
        yield* take(lags, 1)
        expect(yield* heard).toEqual([20_000, 20_000, 20_000])
      })
  )

  it.scoped(
    "does not wait for who has left, nor for a created instance that nobody listens to",
    () =>
      Effect.gen(function* () {
        const { dials, source } = yield* counted
        yield* Effect.asVoid(source.created)
        const subscription = yield* source.open(one, ignored)
        const leaving = yield* Scope.make()
        yield* Scope.extend(source.open(two, ignored), leaving)
        for (let round = 0; round < 2; round++) {
          yield* TestClock.adjust("10 seconds")
          for (const frame of [sent(two), sent("shop-3", "instance.create"), sent(one)])
            dials[0]?.say(frame)
          yield* take(subscription, 1)
        }
        expect(yield* source.heard).toBe(10_000)
        yield* Scope.close(leaving, Exit.void)
        expect(yield* source.heard).toBe(20_000)
      })
  )

  it.scoped("shares one connection, which the last to leave closes", () =>
    Effect.gen(function* () {
      const { simulator, source } = yield* started
      const scopes = yield* Effect.forEach(instances(5), (name) =>
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          yield* Effect.asVoid(Scope.extend(source.open(name, ignored), scope))
          return scope
        })
      )
      expect(simulator.connections()).toBe(1)
      const subscription = yield* Effect.forEach(scopes.slice(1), (scope) =>
        Scope.close(scope, Exit.void)
      ).pipe(
        Effect.zipRight(Scope.extend(source.open(two, ignored), scopes[0] ?? (yield* Scope.make())))
      )
      simulator.emit(two, "call", { still: "there" })
      expect(yield* take(subscription, 1)).toEqual([{ still: "there" }])
      expect(simulator.connections()).toBe(1)
      for (const scope of scopes) yield* Scope.close(scope, Exit.void)
      yield* eventually(() => simulator.connections() === 0)
    })
  )

  it.scoped("fails everybody when the link fails", () =>
    Effect.gen(function* () {
      const { simulator, source } = yield* started
      const links = yield* Effect.forEach(instances(5), (name) => source.open(name, ignored))
      simulator.drop()
      const errors = yield* Effect.forEach(links, ({ run }) => Effect.flip(run(ignored)))
      expect(errors.map((error) => error._tag)).toEqual(Array(5).fill("ConnectionLost"))
    })
  )

  it.scoped("waits for a slow listener, and nobody loses an event by it", () =>
    Effect.gen(function* () {
      const { simulator, source } = yield* started
      const slow = yield* source.open(one, ignored)
      const fast = yield* source.open(two, ignored)
      const heard = yield* Queue.unbounded<unknown>()
      yield* Effect.forkScoped(fast.run(oneByOne((event) => Queue.offer(heard, dataOf(event)))))
      // A source of its own has read everything: so the server has sent everything.
      const another = yield* sourceOf(EventSource.layerGlobal, simulator)
      const control = yield* another.open(two, ignored)
      const numbers = Array.from({ length: 600 }, (_, number) => ({ number }))
      for (const data of numbers) simulator.emit(one, "messages.upsert", data)
      simulator.emit(two, "call", { behind: "the slow one" })
      yield* take(control, 1)
      expect(yield* Queue.size(heard)).toBe(0)
      expect(yield* take(slow, 600)).toEqual(numbers)
      expect(yield* Queue.take(heard)).toEqual({ behind: "the slow one" })
    })
  )

  it.scoped("goes on when a slow listener leaves without having read", () =>
    Effect.gen(function* () {
      const { simulator, source } = yield* started
      const scope = yield* Scope.make()
      yield* Effect.asVoid(Scope.extend(source.open(one, ignored), scope))
      const subscription = yield* source.open(two, ignored)
      for (let number = 0; number < 600; number++) simulator.emit(one, "call", { number })
      simulator.emit(two, "call", { behind: "the slow one" })
      yield* Scope.close(scope, Exit.void)
      expect(yield* take(subscription, 1)).toEqual([{ behind: "the slow one" }])
    })
  )

  it.scoped("gives an event that names no instance to some listener", () =>
    Effect.gen(function* () {
      const { simulator, source } = yield* started
      const some = yield* Queue.unbounded<unknown>()
      for (const name of instances(3)) {
        const { run } = yield* source.open(name, ignored)
        yield* Effect.forkScoped(run(oneByOne((event) => Queue.offer(some, dataOf(event)))))
      }
      simulator.emitRaw("odd", { nobody: "knows" })
      simulator.emitRaw("odder", "just", "words")
      const read = [yield* Queue.take(some), yield* Queue.take(some)]
      expect(read).toEqual([{ nobody: "knows" }, ["just", "words"]])
    })
  )

  it.scoped("ends a lagging listener's run too when it is quiesced, and in order", () =>
    Effect.gen(function* () {
      const { dials, source } = yield* counted
      const { run } = yield* source.open(one, ignored)
      const firstRead = yield* Deferred.make<void>()
      const goOn = yield* Deferred.make<void>()
      const events: Array<unknown> = []
      const reader = yield* Effect.fork(
        run(
          oneByOne((event) => {
            events.push(dataOf(event))
            return Effect.zipRight(Deferred.succeed(firstRead, undefined), Deferred.await(goOn))
          })
        )
      )
      for (let number = 0; number < 1000; number++)
        dials[0]?.say(`42["call",{"instance":"shop-1","data":${number}}]`)
      yield* Deferred.await(firstRead)
      yield* source.quiesce
      dials[0]?.say('42["call",{"instance":"shop-1","data":"too late"}]')
      yield* Deferred.succeed(goOn, undefined)
      yield* Fiber.join(reader)
      expect(events).toEqual(Array.from({ length: events.length }, (_, number) => number))
    })
  )
})
