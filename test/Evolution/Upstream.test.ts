import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, Option, TestClock } from "effect"
import { EvolutionUnavailable } from "../../src/Domain/EvolutionError.ts"
import { Upstream } from "../../src/Evolution/Upstream.ts"
import { evolution } from "./EvolutionClient/double.ts"

const down = new EvolutionUnavailable({ message: "Cannot reach Evolution", status: null })

/** An Evolution that is up until the test says otherwise, and its probes. */
const scenario = Effect.gen(function* () {
  const world = { up: true, pings: 0, asking: 0, mostAsking: 0 }
  const ping = Effect.suspend(() => {
    world.pings++
    world.asking++
    world.mostAsking = Math.max(world.mostAsking, world.asking)
    return Effect.delay(world.up ? Effect.void : down, "50 millis")
  }).pipe(Effect.ensuring(Effect.sync(() => world.asking--)))
  const layer = Layer.provide(Upstream.layer, evolution({ ping }))
  const { awaitReturn } = Context.get(yield* Layer.build(layer), Upstream)
  return {
    world,
    wait: Effect.fork(awaitReturn),
    waitAll: (count: number) => Effect.replicateEffect(Effect.fork(awaitReturn), count)
  }
})

/** The number of fibers that awaitReturn has woken. */
const woken = (fibers: Iterable<Fiber.RuntimeFiber<void>>) =>
  Effect.map(
    Effect.forEach(fibers, Fiber.poll),
    (exits) => exits.filter((exit) => Option.exists(exit, Exit.isSuccess)).length
  )

describe("Upstream", () => {
  it.scoped("awaitReturn succeeds for all who wait when Evolution answers again", () =>
    Effect.gen(function* () {
      const { waitAll, world } = yield* scenario
      const fibers = yield* waitAll(5)
      world.up = false
      yield* TestClock.adjust("30 seconds")
      expect(yield* woken(fibers)).toBe(0)
      world.up = true
      yield* TestClock.adjust("2 seconds")
      expect(yield* woken(fibers)).toBe(5)
    })
  )

  it.scoped("awaitReturn waits while Evolution answers all along", () =>
    Effect.gen(function* () {
      const { waitAll } = yield* scenario
      const fibers = yield* waitAll(3)
      yield* TestClock.adjust("3 minutes")
      expect(yield* woken(fibers)).toBe(0)
    })
  )

  it.scoped("awaitReturn after a return waits for the next one", () =>
    Effect.gen(function* () {
      const { wait, world } = yield* scenario
      world.up = false
      const first = yield* wait
      yield* TestClock.adjust("2 seconds")
      world.up = true
      yield* TestClock.adjust("2 seconds")
      const second = yield* wait
      yield* TestClock.adjust("1 minute")
      expect([yield* woken([first]), yield* woken([second])]).toEqual([1, 0])
    })
  )

  it.scoped("one probe a second serves all who wait", () =>
    Effect.gen(function* () {
      const { waitAll, world } = yield* scenario
      yield* waitAll(10)
      yield* TestClock.adjust("1 minute")
      expect(world.mostAsking).toBe(1)
      // A probe every second, 20 % more or less, and 50 ms for its answer.
      expect(world.pings).toBeGreaterThanOrEqual(48)
      expect(world.pings).toBeLessThanOrEqual(72)
    })
  )

  it.scoped("awaitReturn wakes after a return between two waits", () =>
    Effect.gen(function* () {
      const { wait, world } = yield* scenario
      world.up = false
      const first = yield* wait
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.interrupt(first)
      const second = yield* wait
      world.up = true
      yield* TestClock.adjust("2 seconds")
      expect(yield* woken([second])).toBe(1)
    })
  )

  it.scoped("no probe runs before the first waits, or for long after the last succeeded", () =>
    Effect.gen(function* () {
      const { wait, world } = yield* scenario
      yield* TestClock.adjust("1 minute")
      expect(world.pings).toBe(0)
      world.up = false
      const fiber = yield* wait
      yield* TestClock.adjust("5 seconds")
      world.up = true
      yield* TestClock.adjust("5 seconds")
      expect(yield* woken([fiber])).toBe(1)
      yield* TestClock.adjust("5 seconds")
      const asked = world.pings
      yield* TestClock.adjust("1 minute")
      expect(world.pings).toBe(asked)
    })
  )

  it.scoped("the probe goes on when one leaves, and stops soon after the last", () =>
    Effect.gen(function* () {
      const { wait, world } = yield* scenario
      const [leaver, stayer] = [yield* wait, yield* wait]
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(leaver)
      const whileOneLeft = world.pings
      yield* TestClock.adjust("5 seconds")
      expect(world.pings).toBeGreaterThan(whileOneLeft)
      yield* Fiber.interrupt(stayer)
      yield* TestClock.adjust("6 seconds")
      const whenAllLeft = world.pings
      yield* TestClock.adjust("1 minute")
      expect(world.pings).toBe(whenAllLeft)
    })
  )
})
