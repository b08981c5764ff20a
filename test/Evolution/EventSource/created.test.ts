import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Option, Queue, Stream } from "effect"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import { EventSource } from "../../../src/Evolution/EventSource.ts"
import { ignored, simulated, sourceOf, take } from "./support.ts"

const started = Effect.gen(function* () {
  const simulator = yield* simulated()
  const source = yield* sourceOf(EventSource.layerGlobal, simulator)
  /** Emits the event of an instance that is created at Evolution. */
  const create = (instance: string) =>
    simulator.emit(instance, "instance.create", { instanceName: instance, instanceId: "id" })
  return { create, simulator, source }
})

/** A watcher of created instances. */
const watching = Effect.gen(function* () {
  const world = yield* started
  const told = yield* Queue.unbounded<string>()
  const created = yield* world.source.created(() => true)
  yield* Effect.forkScoped(Stream.runForEach(created, (instance) => Queue.offer(told, instance)))
  return { ...world, told }
})

const created = (instance: string) => ({ instanceName: instance, instanceId: "id" })
const neighbour = InstanceName.make("neighbour")
const fresh = InstanceName.make("shop-9")

/** Events of one instance, and instances, that are held at most. */
const [routeCapacity, maxHeld] = [64, 64]

describe("EventSource.layerGlobal and created instances", () => {
  it.scoped("created announces an instance and holds its events until it is opened", () =>
    Effect.gen(function* () {
      const { create, simulator, source, told } = yield* watching
      simulator.add(fresh)
      create(fresh)
      const code = yield* Effect.promise(() => simulator.showQr(fresh))
      expect(yield* Queue.take(told)).toBe(fresh)
      const subscription = yield* source.open(fresh, ignored)
      simulator.emit(fresh, "call", { live: true })
      expect(yield* take(subscription, 3)).toMatchObject([
        created(fresh),
        { qrcode: { code } },
        { live: true }
      ])
    })
  )

  it.scoped("created keeps the link up while no instance is open", () =>
    Effect.gen(function* () {
      const { simulator } = yield* watching
      expect(simulator.connections()).toBe(1)
    })
  )

  it.scoped("created announces new instances alone: no open instance, no other event", () =>
    Effect.gen(function* () {
      const { create, simulator, source, told } = yield* watching
      const open = yield* source.open(neighbour, ignored)
      create(neighbour)
      simulator.emit("silent", "connection.update", { state: "open" })
      create(fresh)
      create(fresh)
      create("last")
      expect([yield* Queue.take(told), yield* Queue.take(told)]).toEqual([fresh, "last"])
      expect(yield* take(open, 1)).toEqual([created(neighbour)])
      // An event that was not held is not there for a later listener.
      const late = yield* source.open(InstanceName.make("silent"), ignored)
      simulator.emit("silent", "call", { number: 2 })
      expect(yield* take(late, 1)).toEqual([{ number: 2 }])
    })
  )

  it.scoped("events are not held while created has no watcher", () =>
    Effect.gen(function* () {
      const { create, simulator, source } = yield* started
      const open = yield* source.open(neighbour, ignored)
      create(fresh)
      simulator.emit(neighbour, "call", {})
      yield* take(open, 1)
      const late = yield* source.open(fresh, ignored)
      simulator.emit(fresh, "call", { number: 2 })
      expect(yield* take(late, 1)).toEqual([{ number: 2 }])
    })
  )

  it.scoped("a bounded number of instances is held, and the oldest is let go", () =>
    Effect.gen(function* () {
      const { create, simulator, source, told } = yield* watching
      const many = Array.from({ length: maxHeld + 1 }, (_, index) => `shop-${index}`)
      // One by one: a watcher that is behind misses the names of instances that are let go.
      const announced = yield* Effect.forEach(many, (instance) =>
        Effect.zipRight(
          Effect.sync(() => create(instance)),
          Queue.take(told)
        )
      )
      expect(announced).toEqual(many)
      const first = yield* source.open(InstanceName.make("shop-0"), ignored)
      const second = yield* source.open(InstanceName.make("shop-1"), ignored)
      for (const instance of many) simulator.emit(instance, "call", { after: instance })
      expect(yield* take(first, 1)).toEqual([{ after: "shop-0" }])
      expect(yield* take(second, 1)).toEqual([created("shop-1")])
    })
  )

  it.scoped("a held instance whose buffer is full is let go, and the link does not wait", () =>
    Effect.gen(function* () {
      const { create, simulator, source, told } = yield* watching
      const open = yield* source.open(neighbour, ignored)
      create(fresh)
      for (let number = 1; number <= routeCapacity; number++)
        simulator.emit(fresh, "call", { number })
      simulator.emit(neighbour, "call", { goes: "on" })
      expect(yield* Queue.take(told)).toBe(fresh)
      expect(yield* take(open, 1)).toEqual([{ goes: "on" }])
      const late = yield* source.open(fresh, ignored)
      simulator.emit(fresh, "call", { number: "after" })
      expect(yield* take(late, 1)).toEqual([{ number: "after" }])
    })
  )

  it.scoped("an event that names no instance does not go to a held one", () =>
    Effect.gen(function* () {
      const { create, simulator, source, told } = yield* watching
      create("held")
      expect(yield* Queue.take(told)).toBe("held")
      const open = yield* source.open(neighbour, ignored)
      // The buffer is full: with one more event the instance is let go.
      for (let number = 1; number < routeCapacity; number++)
        simulator.emit("held", "call", { number })
      simulator.emitRaw("odd", { nobody: "knows" })
      simulator.emit(neighbour, "call", { goes: "on" })
      expect(yield* take(open, 2)).toEqual([{ nobody: "knows" }, { goes: "on" }])
    })
  )

  it.scoped("created fails with the link", () =>
    Effect.gen(function* () {
      const { simulator, source } = yield* started
      const watcher = yield* Effect.fork(Stream.runHead(yield* source.created(() => true)))
      simulator.drop()
      expect((yield* Effect.flip(Fiber.join(watcher)))._tag).toBe("ConnectionLost")
    })
  )

  it.scoped("created ends when the source is quiesced", () =>
    Effect.gen(function* () {
      const { source } = yield* started
      const watcher = yield* Effect.fork(Stream.runHead(yield* source.created(() => true)))
      yield* source.quiesce
      expect(yield* Fiber.join(watcher)).toEqual(Option.none())
    })
  )
})
