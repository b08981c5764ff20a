import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Layer, TestClock } from "effect"
import { NameImpossible } from "../../../src/Domain/EvolutionError.ts"
import { ModeChanged } from "../../../src/Domain/LinkError.ts"
import { Upstream } from "../../../src/Evolution/Upstream.ts"
import { Pacing } from "../../../src/Listening/Pacing.ts"
import { autoSource } from "../../support/doubles.ts"
import { about } from "../Listener/scenario.ts"
import { neverUp, waiting } from "./paces.ts"

const world = Effect.gen(function* () {
  const { changeMode, layer } = autoSource()
  const upstream = Layer.succeed(Upstream, { awaitReturn: Effect.never })
  const context = yield* Layer.build(Layer.provide(Pacing.layer, [layer, upstream]))
  return { changeMode, pace: Context.get(context, Pacing).pace }
})

describe("Pacing in auto mode", () => {
  it.scoped(
    "lets all wait for one moment by global events, and each for its own by namespaces",
    () =>
      Effect.gen(function* () {
        const { changeMode, pace } = yield* world
        const [one, two] = [yield* pace, yield* pace]
        const failure = neverUp()
        const shared = [yield* waiting(one, failure), yield* waiting(two, failure)]
        expect(shared[0]?.planned).toBe(shared[1]?.planned)
        yield* changeMode("namespace")
        const own = [yield* waiting(one, failure), yield* waiting(two, failure)]
        expect(own.map(({ planned }) => planned)).toEqual([about(500), about(500)])
        expect(own[0]?.planned).not.toBe(own[1]?.planned)
      })
  )

  it.scoped("ends a wait that only a person could end, when global events may help", () =>
    Effect.gen(function* () {
      const { changeMode, pace } = yield* world
      yield* changeMode("namespace")
      const parked = yield* waiting(yield* pace, neverUp(NameImpossible.asNamespace("shop,1")))
      expect([parked.plan?.userAction, parked.planned]).toEqual(["use_global_mode", about(300_000)])
      yield* changeMode("global")
      yield* TestClock.adjust(0)
      expect(parked.dialledAt).toBeDefined()
    })
  )

  it.scoped("counts no change of mode as a failure", () =>
    Effect.gen(function* () {
      const { pace } = yield* world
      const failure = { error: ModeChanged.to("global"), wasUp: true, wasStable: true }
      for (let change = 1; change <= 3; change++) {
        const { planned } = yield* waiting(yield* pace, failure)
        expect(planned).toEqual(about(500))
        yield* TestClock.adjust("1 second")
      }
    })
  )
})
