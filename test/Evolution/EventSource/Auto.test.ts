/**
 * Global events where Evolution sends them, else namespaces. People who listen at `/` of an Evolution without
 * them hear nothing: EvolutionAPI/evolution-api#853, #176.
 */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Queue, Stream } from "effect"
import type { RawEvent } from "../../../src/Domain/Event.ts"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import { HandedLink } from "../../../src/Evolution/Ear.ts"
import { EventSource, type Subscription } from "../../../src/Evolution/EventSource.ts"
import { awake, dataOf, eventually, ignored, simulated, sourceOf, turn } from "./support.ts"

const one = InstanceName.make("shop-1")
const comma = InstanceName.make("shop,1")

/** Both namespaces exist, and Evolution sends global events or does not. */
const world = (globalEvents: boolean) =>
  Effect.gen(function* () {
    const simulator = yield* simulated({ globalEvents })
    yield* awake(simulator, one, "shop-2")
    const source = yield* sourceOf(EventSource.layerAuto, simulator)
    const created = yield* source.created(() => true)
    const heard: Array<unknown> = []
    const take = (events: ReadonlyArray<RawEvent>) =>
      Effect.sync(() => void heard.push(...events.map(dataOf)))
    return {
      ...{ created, heard, simulator, source },
      open: source.open(one, ignored),
      run: (subscription: Subscription) => Effect.fork(subscription.run(take)),
      emit: (data: string) => {
        simulator.emit(one, "call", data)
        return turn
      },
      hears: (...data: ReadonlyArray<string>) => eventually(() => heard.join() === data.join())
    }
  })

const ended = (mode: "global" | "namespace") =>
  Exit.fail(expect.objectContaining({ _tag: "ModeChanged", mode }))

describe("EventSource.layerAuto", () => {
  it.scoped("begins by namespaces where the owner before ended so", () =>
    Effect.gen(function* () {
      const { emit, hears, open, run, source } = yield* Effect.provideService(
        world(false),
        HandedLink,
        { byNamespace: true, expected: [], take: Effect.succeedNone }
      )
      expect(source.isShared).toBe(false)
      yield* run(yield* open)
      yield* emit("a")
      yield* hears("a")
    })
  )

  it.scoped("goes over to namespaces and back, and brings no event twice", () =>
    Effect.gen(function* () {
      const { emit, hears, open, run, simulator, source } = yield* world(false)
      const before = yield* run(yield* open)
      yield* emit("not heard")
      expect([source.isShared, (yield* source.shared)?.lastEventAt]).toEqual([true, undefined])

      yield* source.changeMode("namespace")
      expect(yield* Fiber.await(before)).toEqual(ended("namespace"))
      const inside = yield* run(yield* open)
      yield* emit("a")
      yield* hears("a")
      expect(source.isShared).toBe(false)

      // The event comes over both links.
      simulator.broadcast(true)
      yield* emit("b")
      yield* eventually(() => Effect.runSync(source.shared)?.lastEventAt !== undefined)
      yield* hears("a", "b")

      yield* source.changeMode("global")
      expect(yield* Fiber.await(inside)).toEqual(ended("global"))
      const after = yield* run(yield* open)
      yield* emit("c")
      yield* hears("a", "b", "c")
      yield* emit("d")
      yield* hears("a", "b", "c", "d")
      yield* source.quiesce
      expect(yield* Fiber.await(after)).toEqual(Exit.void)
    })
  )

  it.scoped("ends a subscription after the events that were received", () =>
    Effect.gen(function* () {
      const { emit, hears, open, run, source } = yield* world(true)
      const subscription = yield* open
      yield* emit("a")
      yield* eventually(() => Effect.runSync(source.flow(one))?.lastEventAt !== undefined)
      yield* source.changeMode("namespace")
      expect(yield* Fiber.await(yield* run(subscription))).toEqual(ended("namespace"))
      yield* hears("a")
    })
  )

  // EvolutionAPI/evolution-api#1101: "Invalid namespace" for hours after a restart.
  it.scoped("ends an open that waits for a namespace which is no longer needed", () =>
    Effect.gen(function* () {
      const { simulator, source } = yield* world(false)
      const name = InstanceName.make("shop-3")
      simulator.add(name)
      yield* source.changeMode("namespace")
      const refusals = yield* Queue.unbounded<unknown>()
      const opening = yield* Effect.fork(source.open(name, (error) => Queue.offer(refusals, error)))
      yield* Queue.take(refusals)
      yield* source.changeMode("global")
      expect(yield* Fiber.await(opening)).toEqual(ended("global"))
    })
  )

  it.scoped("refuses a comma by namespace, names the way out, and takes it by global events", () =>
    Effect.gen(function* () {
      const { source } = yield* world(true)
      yield* source.changeMode("namespace")
      const error = yield* Effect.flip(source.open(comma, ignored))
      expect(error).toMatchObject({
        _tag: "NameImpossible",
        message: expect.stringContaining("WEBSOCKET_GLOBAL_EVENTS=true")
      })
      yield* source.changeMode("global")
      yield* source.open(comma, ignored)
    })
  )

  it.scoped("counts no event as dropped, and holds none, while namespaces bring it", () =>
    Effect.gen(function* () {
      const { created, emit, simulator, source } = yield* world(true)
      const dropped: Array<string> = []
      yield* source.watchIgnored((name) => dropped.push(name))
      const names: Array<string> = []
      yield* Effect.forkScoped(
        Stream.runForEach(created, (name) => Effect.sync(() => names.push(name)))
      )
      yield* source.changeMode("namespace")
      simulator.add("shop-3")
      simulator.emit("shop-3", "instance.create", {})
      yield* emit("a")
      yield* eventually(() => Effect.runSync(source.shared)?.lastEventAt !== undefined)
      expect([dropped, names]).toEqual([[], []])

      yield* source.changeMode("global")
      yield* emit("b")
      yield* eventually(() => dropped.length > 0)
      expect(dropped).toEqual([one])
    })
  )

  it.scoped("tells of each change to those who wait for the next one", () =>
    Effect.gen(function* () {
      const { source } = yield* world(false)
      const first = yield* Effect.fork(source.modeChanged)
      yield* Effect.yieldNow()
      yield* source.changeMode("global")
      expect(first.unsafePoll()).toBe(null)
      yield* source.changeMode("namespace")
      expect(yield* Fiber.await(first)).toEqual(Exit.void)
      const second = yield* Effect.fork(source.modeChanged)
      yield* Effect.yieldNow()
      yield* source.changeMode("global")
      expect(yield* Fiber.await(second)).toEqual(Exit.void)
    })
  )
})
