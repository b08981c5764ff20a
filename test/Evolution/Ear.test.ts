import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Option, Scope, TestClock } from "effect"
import { InstanceName } from "../../src/Domain/Instance.ts"
import * as Ear from "../../src/Evolution/Ear.ts"
import { EventSource } from "../../src/Evolution/EventSource.ts"
import type { Simulator } from "../../src/Testing/mod.ts"
import { evolutionAt } from "../support/settings.ts"
import { eventually, ignored, simulated, sourceOf, take } from "./EventSource/support.ts"

const [one, two] = [InstanceName.make("shop-1"), InstanceName.make("shop-2")]

const listening = Effect.gen(function* () {
  const simulator = yield* simulated()
  for (const name of [one, two]) simulator.add(name)
  const ear = yield* Effect.provide(Ear.make, evolutionAt(simulator))
  yield* ear.up(Duration.zero)
  return { ear, simulator }
})

const emit = (simulator: Simulator, name: InstanceName, ...numbers: ReadonlyArray<number>) => {
  for (const number of numbers) simulator.emit(name, "call", { number })
}

const numbered = (...numbers: ReadonlyArray<number>) => numbers.map((number) => ({ number }))

/** Takes over, and opens the source of a tenure, whose listeners are those of `expected`. */
const takeOver = (ear: Ear.Ear, simulator: Simulator, expected: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { take, ...given } = yield* ear.give
    const source = yield* Effect.provideService(
      sourceOf(EventSource.layerGlobal, simulator),
      Ear.HandedLink,
      { take, expected, byNamespace: false }
    )
    return { ...given, source }
  })

/** A tenure whose first listener waits: an instance has more events than may wait for its own, which is not there. */
const heldUp = Effect.gen(function* () {
  const { ear, simulator } = yield* listening
  emit(simulator, two, ...Array.from({ length: 100 }, (_, number) => number))
  emit(simulator, one, 1)
  const { source } = yield* takeOver(ear, simulator, [one, two])
  const first = yield* source.open(one, ignored)
  const heard = yield* Effect.fork(take(first, 1))
  return { heard, source }
})

/** The connections that the simulated Evolution has. */
const isAlone = (simulator: Simulator) => eventually(() => simulator.connections() === 1)

describe("Ear", () => {
  it.scoped("hands over the link with what came over it, and what comes later follows", () =>
    Effect.gen(function* () {
      const { ear, simulator } = yield* listening
      emit(simulator, one, 1, 2, 3)
      const { isAligned, source } = yield* takeOver(ear, simulator, [one])
      expect(isAligned).toBe(false)
      const subscription = yield* source.open(one, ignored)
      emit(simulator, one, 4)
      expect(yield* take(subscription, 4)).toEqual(numbered(1, 2, 3, 4))
      yield* isAlone(simulator)
    })
  )

  it.scoped("lets events wait for the listeners that are expected, and for no others", () =>
    Effect.gen(function* () {
      const { heard, source } = yield* heldUp
      expect(Option.isNone(yield* Fiber.poll(heard))).toBe(true)
      const second = yield* source.open(two, ignored)
      expect((yield* take(second, 100)).length).toBe(100)
      expect(yield* heard).toEqual(numbered(1))
    })
  )

  it.scoped("drops the events of a listener that does not come within 30 s", () =>
    Effect.gen(function* () {
      const { heard } = yield* heldUp
      yield* TestClock.adjust(Duration.seconds(29))
      expect(Option.isNone(yield* Fiber.poll(heard))).toBe(true)
      yield* TestClock.adjust(Duration.seconds(1))
      expect(yield* heard).toEqual(numbered(1))
    })
  )

  it.scoped("hears anew, and not from before, when its link was lost", () =>
    Effect.gen(function* () {
      const { ear, simulator } = yield* listening
      emit(simulator, one, 1)
      simulator.drop()
      yield* eventually(() => simulator.connections() === 0)
      yield* TestClock.adjust(Duration.seconds(1))
      yield* ear.up(Duration.zero)
      emit(simulator, one, 2)
      const { source } = yield* takeOver(ear, simulator, [one])
      expect(yield* take(yield* source.open(one, ignored), 1)).toEqual(numbered(2))
    })
  )

  it.scoped("is closed while this process owns the server, and opens again after it", () =>
    Effect.gen(function* () {
      const { ear, simulator } = yield* listening
      const tenure = yield* Scope.make()
      const { source } = yield* Scope.extend(takeOver(ear, simulator, [one]), tenure)
      yield* Scope.extend(source.open(one, ignored), tenure)
      expect(ear.isOpen()).toBe(false)
      yield* isAlone(simulator)
      yield* Scope.close(tenure, Exit.void)
      expect(ear.isOpen()).toBe(true)
      yield* ear.up(Duration.zero)
      yield* isAlone(simulator)
      emit(simulator, one, 5)
      const { source: next } = yield* takeOver(ear, simulator, [one])
      expect(yield* take(yield* next.open(one, ignored), 1)).toEqual(numbered(5))
    })
  )

  it.scoped("gives no link while Evolution is away", () =>
    Effect.gen(function* () {
      const simulator = yield* simulated()
      simulator.refuse({ status: 502, body: "Bad Gateway" })
      const ear = yield* Effect.provide(Ear.make, evolutionAt(simulator))
      const { since, source } = yield* takeOver(ear, simulator, [])
      expect(since).toBeUndefined()
      simulator.refuse(undefined)
      simulator.add(one)
      const subscription = yield* source.open(one, ignored)
      emit(simulator, one, 1)
      expect(yield* take(subscription, 1)).toEqual(numbered(1))
    })
  )
})
