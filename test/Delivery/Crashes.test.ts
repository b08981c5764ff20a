import { describe, expect, it } from "@effect/vitest"
import { Effect, Random, TestClock } from "effect"
import { databases } from "../support/databases.ts"
import * as World from "./World.ts"
import { away, idOf, laneOf, make, refused } from "./World.ts"

const lanes = ["a", "b", "c", "d"]

const pick = <A>(all: ReadonlyArray<A>) =>
  Effect.map(Random.nextIntBetween(0, all.length), (nth) => all[nth] as A)

/**
 * Writes events, and kills and restarts the endpoint, while the receiver fails now and then. Gives the events that the
 * receiver took, in order, and how often it was killed.
 */
const story = (order: "instance" | "endpoint" | "none") =>
  Effect.gen(function* () {
    const world = yield* make({ order, retryDelays: [1, 5] })
    const taken: Array<{ readonly id: number; readonly lane: string }> = []
    world.answerWith((message) =>
      Effect.flatMap(Random.nextIntBetween(0, 10), (dice) => {
        if (dice === 0) return refused()
        if (dice === 1) return away
        taken.push({ id: idOf(message), lane: laneOf(message) })
        return Effect.succeed({ status: 200 })
      })
    )
    const written: Array<{ readonly id: number; readonly lane: string }> = []
    let kills = 0
    let running = yield* world.start()
    for (let round = 0; round < 8; round++) {
      const count = yield* Random.nextIntBetween(1, 40)
      const batch = yield* Effect.replicateEffect(pick(lanes), count)
      const ids = yield* world.write(batch)
      for (const [nth, id] of ids.entries()) written.push({ id, lane: batch[nth] ?? "" })
      for (let tick = yield* Random.nextIntBetween(0, 8); tick > 0; tick--) yield* world.sql`select`
      yield* TestClock.adjust(yield* pick(["0 seconds", "2 seconds", "1 minute"] as const))
      const end = yield* pick(["none", "stop", "kill"] as const)
      if (end === "none") continue
      yield* running[end]
      if (end === "kill") kills++
      running = yield* world.start()
    }
    const isDone = () => {
      const ids = new Set(taken.map(({ id }) => id))
      return written.every(({ id }) => ids.has(id))
    }
    while (!isDone()) {
      yield* TestClock.adjust("1 minute")
      yield* world.sql`select`
    }
    yield* running.stop
    return { written, taken, kills }
  })

const firsts = (taken: ReadonlyArray<{ readonly id: number }>) => [
  ...new Set(taken.map(({ id }) => id))
]

describe.each(databases)("An endpoint that crashes, on %s", (_, database) => {
  const test = (
    title: string,
    seed: number | string,
    body: Effect.Effect<void, unknown, World.Provided>
  ) =>
    it.scoped(title, () =>
      body.pipe(Effect.provide(World.layerOn(database)), Effect.withRandom(Random.make(seed)))
    )

  for (const seed of [1, 2, 3])
    test(
      `loses nothing, and repeats in order what was under way (seed ${seed})`,
      seed,
      Effect.gen(function* () {
        const { kills, taken, written } = yield* story("instance")
        for (const lane of lanes) {
          const of = (all: typeof written) => all.filter((one) => one.lane === lane)
          expect(firsts(of(taken))).toEqual(of(written).map(({ id }) => id))
        }
        expect(taken.length - written.length).toBeLessThanOrEqual(kills * lanes.length)
      })
    )

  test(
    "keeps the order of all events where it has one lane",
    "one lane",
    Effect.gen(function* () {
      const { kills, taken, written } = yield* story("endpoint")
      expect(firsts(taken)).toEqual(written.map(({ id }) => id))
      expect(taken.length - written.length).toBeLessThanOrEqual(kills)
    })
  )
})
