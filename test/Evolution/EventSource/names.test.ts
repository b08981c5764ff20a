import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Layer, Stream } from "effect"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import { EventSource } from "../../../src/Evolution/EventSource.ts"
import { Probe } from "../../../src/Evolution/Probe.ts"
import { names } from "../../support/names.ts"
import { evolutionAt } from "../../support/settings.ts"
import { awake, backends, ignored, scripted, simulated, sourceOf, take } from "./support.ts"

const withComma = names.filter((name) => name.includes(","))
const withoutComma = names.filter((name) => !name.includes(","))

describe("a link and a name", () => {
  it.scopedLive.each(
    backends.flatMap(([mode, backend]) => {
      const possible = mode === "global" ? names : withoutComma
      return possible.map((name) => [mode, name, backend] as const)
    })
  )("in %s mode, the events of %j are heard", ([, text, backend]) =>
    Effect.gen(function* () {
      const simulator = yield* simulated()
      yield* awake(simulator, ...names)
      const name = InstanceName.make(text)
      const source = yield* sourceOf(backend, simulator)
      const subscription = yield* source.open(name, ignored)
      for (const other of names) simulator.emit(other, "call", { of: other })
      expect(yield* take(subscription, 1)).toEqual([{ of: text }])
    })
  )

  it.scopedLive.each(withComma)("no namespace %j is asked for, which would end a link", (text) =>
    Effect.gen(function* () {
      const { admitted, source } = yield* scripted(EventSource.layerNamespace)
      expect(yield* Effect.flip(source.open(InstanceName.make(text), ignored))).toMatchObject({
        _tag: "NameImpossible",
        instance: text,
        message: expect.stringContaining("EVOLUTION_MODE=global")
      })
      yield* source.open(InstanceName.make("shop-1"), ignored)
      expect(admitted.map(({ namespace }) => namespace)).toEqual(["/shop-1,"])
    })
  )

  it.scopedLive("a check that listens in all namespaces leaves out those that cannot be", () =>
    Effect.gen(function* () {
      const simulator = yield* simulated({ globalEvents: false })
      yield* awake(simulator, ...names)
      const probe = yield* Layer.build(Layer.provide(Probe.layer, evolutionAt(simulator)))
      const heard = yield* Context.get(probe, Probe).namespaces(names)
      for (const name of withoutComma) simulator.emit(name, "call", {})
      const all = yield* Stream.runCollect(Stream.take(heard, withoutComma.length))
      expect([...all].sort()).toEqual([...withoutComma].sort())
    })
  )
})
