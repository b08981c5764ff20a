import { describe, expect, it } from "@effect/vitest"
import {
  Deferred,
  Effect,
  Exit,
  Fiber,
  Queue,
  Schedule,
  Scope,
  TestClock,
  TestServices
} from "effect"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import { EventSource } from "../../../src/Evolution/EventSource.ts"
import { openPacket, scriptedServer } from "../../support/ScriptedServer.ts"
import {
  dataOf,
  eventually,
  ignored,
  oneByOne,
  scripted,
  simulated,
  sourceOf,
  take
} from "./support.ts"

const instances = (count: number) =>
  Array.from({ length: count }, (_, index) => InstanceName.make(`shop-${index + 1}`))
const [one, two] = [InstanceName.make("shop-1"), InstanceName.make("shop-2")]

/** Events that may wait for one instance before the link waits. */
const routeCapacity = 64

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
  it.scoped("a shared link is dialled once for all who open it at the same time", () =>
    Effect.gen(function* () {
      const { dials, source } = yield* counted
      yield* Effect.forEach(instances(50), (name) => source.open(name, ignored), {
        concurrency: "unbounded"
      })
      yield* Effect.asVoid(source.open(InstanceName.make("later"), ignored))
      expect(dials.length).toBe(1)
    })
  )

  it.scoped("a failed dial fails every open that waits for it, and the next open dials again", () =>
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

  /** An event as Evolution sends it, but for `date_time`: the test's clock is another one. */
  const sent = (instance: string, event = "call") =>
    `42${JSON.stringify([event, { event, instance, data: {} }])}`

  it.scoped(
    "heard of an instance follows its own listener, and heard of the source the slowest one",
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
        /** Both get an event, and one reads it. */
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
    "heard of the source ignores listeners that left and created instances without a listener",
    () =>
      Effect.gen(function* () {
        const { dials, source } = yield* counted
        yield* Effect.asVoid(source.created(() => true))
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

  it.scoped("listeners share one connection, which the last to leave closes", () =>
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

  it.scoped("every run fails when the link fails", () =>
    Effect.gen(function* () {
      const { simulator, source } = yield* started
      const links = yield* Effect.forEach(instances(5), (name) => source.open(name, ignored))
      simulator.drop()
      const errors = yield* Effect.forEach(links, ({ run }) => Effect.flip(run(ignored)))
      expect(errors.map((error) => error._tag)).toEqual(Array(5).fill("ConnectionLost"))
    })
  )

  /**
   * A link whose reader waits: the route of the slow listener is full, an event of the fast one is behind
   * it, and so much is behind that one that the socket is held back.
   */
  const blocked = Effect.gen(function* () {
    const { simulator, source } = yield* started
    const scope = yield* Scope.make()
    const slow = yield* Scope.extend(source.open(one, ignored), scope)
    const fast = yield* source.open(two, ignored)
    const heard = yield* Queue.unbounded<unknown>()
    yield* Effect.forkScoped(fast.run(oneByOne((event) => Queue.offer(heard, dataOf(event)))))
    const numbers = Array.from({ length: 3000 }, (_, number) => ({ number }))
    const emit = (from: number, to?: number) => {
      for (const data of numbers.slice(from, to)) simulator.emit(one, "messages.upsert", data)
    }
    emit(0, routeCapacity)
    simulator.emit(two, "call", { behind: "a full buffer" })
    expect(yield* Queue.take(heard)).toEqual({ behind: "a full buffer" })
    emit(routeCapacity, 600)
    simulator.emit(two, "call", { behind: "the slow one" })
    emit(600)
    yield* Effect.repeat(fast.heard, {
      until: ({ isHeldBack }) => isHeldBack,
      schedule: Schedule.spaced("5 millis")
    }).pipe(TestServices.provideLive)
    return { heard, leave: Scope.close(scope, Exit.void), numbers, slow }
  })

  it.scoped("a shared link waits for a slow listener and loses no event", () =>
    Effect.gen(function* () {
      const { heard, numbers, slow } = yield* blocked
      expect(yield* Queue.size(heard)).toBe(0)
      expect(yield* take(slow, numbers.length)).toEqual(numbers)
      expect(yield* Queue.take(heard)).toEqual({ behind: "the slow one" })
    })
  )

  it.scoped("a shared link goes on when a slow listener leaves without reading", () =>
    Effect.gen(function* () {
      const { heard, leave } = yield* blocked
      expect(yield* Queue.size(heard)).toBe(0)
      yield* leave
      expect(yield* Queue.take(heard)).toEqual({ behind: "the slow one" })
    })
  )

  it.scoped("heard stays at a buffered event until the sink has taken it", () =>
    Effect.gen(function* () {
      const { deliver, source } = yield* scripted(EventSource.layerGlobal)
      const late = yield* source.open(one, ignored)
      const other = yield* source.open(two, ignored)
      const passed = yield* Queue.unbounded<unknown>()
      yield* Effect.forkScoped(other.run(oneByOne((event) => passed.offer(dataOf(event)))))
      yield* TestClock.setTime(10_000)
      yield* deliver([one, "early"], [two, "behind"])
      expect(yield* Queue.take(passed)).toBe("behind")
      yield* TestClock.setTime(20_000)
      const called = yield* Deferred.make<void>()
      yield* Effect.forkScoped(
        late.run(() => Effect.zipRight(Deferred.succeed(called, undefined), Effect.never))
      )
      yield* Deferred.await(called)
      yield* deliver([two, "later"])
      yield* Queue.take(passed)
      yield* deliver()
      expect((yield* late.heard).until).toBe(10_000)
      expect((yield* other.heard).until).toBe(20_000)
      expect(yield* source.heard).toBe(10_000)
    })
  )

  it.scoped("the second of two subscriptions of one instance outlives the first", () =>
    Effect.gen(function* () {
      const { deliver, source } = yield* scripted(EventSource.layerGlobal)
      const leaving = yield* Scope.make()
      yield* Effect.asVoid(Scope.extend(source.open(one, ignored), leaving))
      const second = yield* source.open(one, ignored)
      yield* Scope.close(leaving, Exit.void)
      yield* deliver([one, "still there"])
      expect(yield* take(second, 1)).toEqual(["still there"])
    })
  )

  it.scoped("an event that names no instance goes to one of the listeners", () =>
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

  it.scoped("quiesce ends the run of a lagging listener too, with its events in order", () =>
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
