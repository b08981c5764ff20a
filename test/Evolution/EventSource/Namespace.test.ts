import { type AddressInfo, createServer, type Socket } from "node:net"
import { describe, expect, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Option, Queue, Stream, TestClock } from "effect"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import type { LinkError } from "../../../src/Domain/LinkError.ts"
import { EventSource } from "../../../src/Evolution/EventSource.ts"
import { awake, eventually, ignored, simulated, sourceOf, take, turn } from "./support.ts"

const names = ["shop-1", "shop-2", "shop-3"].map((name) => InstanceName.make(name))
const one = InstanceName.make("shop-1")

/** An instance without an event since Evolution started, and a fiber that opens it. */
const silent = Effect.gen(function* () {
  const simulator = yield* simulated()
  simulator.add(one)
  const source = yield* sourceOf(EventSource.layerNamespace, simulator)
  const refusals = yield* Queue.unbounded<LinkError>()
  const opening = yield* Effect.fork(source.open(one, (error) => Queue.offer(refusals, error)))
  return { opening, refusals, simulator }
})

/** A server that takes connections and answers none. */
const unanswered = Effect.acquireRelease(
  Effect.async<{ readonly url: string; readonly count: () => number; readonly close: () => void }>(
    (resume) => {
      const sockets: Array<Socket> = []
      const server = createServer((socket) => sockets.push(socket.on("error", () => undefined)))
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo // listening on TCP, so never a pipe's name
        const close = () => {
          for (const socket of sockets) socket.destroy()
          server.close()
        }
        resume(
          Effect.succeed({ url: `http://127.0.0.1:${port}`, count: () => sockets.length, close })
        )
      })
    }
  ),
  ({ close }) => Effect.sync(close)
)

describe("EventSource.layerNamespace", () => {
  it.scoped("open reports each refusal while the namespace does not exist", () =>
    Effect.gen(function* () {
      const { opening, refusals } = yield* silent
      for (let asked = 1; asked <= 3; asked++) {
        expect(yield* Queue.take(refusals)).toMatchObject({
          _tag: "NamespaceRefused",
          namespace: "/shop-1",
          reason: "Invalid namespace"
        })
        yield* TestClock.adjust("1.2 seconds")
      }
      expect(yield* Fiber.poll(opening)).toEqual(Option.none())
      yield* Fiber.interrupt(opening)
    })
  )

  it.scoped("open joins once the instance's first event has created its namespace", () =>
    Effect.gen(function* () {
      const { opening, refusals, simulator } = yield* silent
      yield* Queue.take(refusals)
      yield* awake(simulator, one)
      yield* TestClock.adjust("1.2 seconds")
      const subscription = yield* Fiber.join(opening)
      simulator.emit(one, "call", { number: 2 })
      // The event that made the namespace is lost: Evolution replays nothing.
      expect(yield* take(subscription, 1)).toEqual([{ number: 2 }])
    })
  )

  it.scoped("open fails before Evolution would close a connection without a namespace", () =>
    Effect.gen(function* () {
      const { opening, refusals } = yield* silent
      const asked = Effect.gen(function* () {
        yield* Queue.take(refusals)
        yield* TestClock.adjust("1.2 seconds")
      })
      const end = yield* Effect.raceFirst(Effect.forever(asked), Effect.flip(Fiber.join(opening)))
      expect(end._tag).toBe("NamespaceRefused")
      const now = yield* Clock.currentTimeMillis
      expect(now).toBeGreaterThan(35_000)
      expect(now).toBeLessThan(45_000)
    })
  )

  it.scoped("each instance has a connection of its own", () =>
    Effect.gen(function* () {
      const simulator = yield* simulated()
      yield* awake(simulator, ...names)
      const source = yield* sourceOf(EventSource.layerNamespace, simulator)
      yield* Effect.forEach(names, (name) => source.open(name, ignored))
      expect(simulator.connections()).toBe(3)
      yield* Effect.scoped(Effect.asVoid(source.open(one, ignored)))
      yield* eventually(() => simulator.connections() === 3)
    })
  )

  it.scoped("every instance gets its link when many are opened at once", () =>
    Effect.gen(function* () {
      const many = Array.from({ length: 40 }, (_, index) => InstanceName.make(`shop-${index}`))
      const simulator = yield* simulated()
      yield* awake(simulator, ...many)
      const source = yield* sourceOf(EventSource.layerNamespace, simulator)
      const opened = yield* Effect.forEach(many, (name) => source.open(name, ignored), {
        concurrency: "unbounded"
      })
      for (const name of many) simulator.emit(name, "call", { name })
      const firsts = yield* Effect.forEach(opened, (one) => take(one, 1))
      expect(firsts).toEqual(many.map((name) => [{ name }]))
    })
  )

  it.scoped(
    "at most 16 instances are dialled at the same time, and each dial makes room for one",
    () =>
      Effect.gen(function* () {
        const dials = yield* unanswered
        const source = yield* sourceOf(EventSource.layerNamespace, {
          url: dials.url,
          apiKey: "any"
        })
        const names = Array.from({ length: 40 }, (_, index) => InstanceName.make(`shop-${index}`))
        const opening = yield* Effect.fork(
          Effect.forEach(names, (name) => Effect.flip(Effect.scoped(source.open(name, ignored))), {
            concurrency: "unbounded"
          })
        )
        for (const count of [16, 32, 40]) {
          yield* eventually(() => dials.count() >= count)
          yield* Effect.repeatN(turn, 50)
          expect(dials.count()).toBe(count)
          yield* TestClock.adjust("10 seconds")
        }
        const errors = yield* Fiber.join(opening)
        expect(errors.map(({ _tag }) => _tag)).toEqual(Array(40).fill("HandshakeTimeout"))
      })
  )

  it.scoped("created stays empty, since namespace mode cannot see new instances", () =>
    Effect.gen(function* () {
      const simulator = yield* simulated()
      yield* awake(simulator, one)
      const source = yield* sourceOf(EventSource.layerNamespace, simulator)
      const told = yield* Effect.fork(Stream.runHead(yield* source.created(() => true)))
      const subscription = yield* source.open(one, ignored)
      simulator.emit("shop-9", "instance.create", { instanceName: "shop-9", instanceId: "9" })
      simulator.emit(one, "call", { after: true })
      yield* take(subscription, 1)
      expect(yield* Fiber.poll(told)).toEqual(Option.none())
    })
  )
})
