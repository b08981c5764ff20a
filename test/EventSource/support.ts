/** What the suites of both backends need to see. */
import { Context, Effect, Layer, Schedule, Stream, TestServices } from "effect"
import type { RawEvent } from "../../src/Domain/Event.ts"
import { EventSource } from "../../src/EventSource.ts"
import type { Settings } from "../support/EvolutionSimulator/State.ts"
import { EvolutionSimulator, type Simulator } from "../support/EvolutionSimulator.ts"
import { evolutionAt } from "../support/settings.ts"

export const simulated = (settings: Partial<Settings> = {}) =>
  Effect.map(Layer.build(EvolutionSimulator.layer(settings)), Context.get(EvolutionSimulator))

export type Backend = typeof EventSource.layerGlobal

export const sourceOf = (backend: Backend, evolution: { url: string; apiKey: string }) =>
  Effect.map(Layer.build(Layer.provide(backend, evolutionAt(evolution))), Context.get(EventSource))

export const ignored = () => Effect.void

/** Lets the server do what it put off to its next turn. */
export const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

/** For what the far end does in its own time and announces to nobody. */
export const eventually = (condition: () => boolean) =>
  Effect.sync(condition).pipe(
    Effect.repeat({ until: (met) => met, schedule: Schedule.spaced("5 millis") }),
    Effect.asVoid,
    TestServices.provideLive
  )

/** An instance whose namespace exists, as after its first event. */
export const awake = (simulator: Simulator, ...names: ReadonlyArray<string>) =>
  Effect.suspend(() => {
    for (const name of names) {
      simulator.add(name)
      simulator.emit(name, "call", { wakes: name })
    }
    return turn
  })

/** What stands in an event's data. */
export const dataOf = ({ payload }: RawEvent): unknown =>
  typeof payload === "object" && payload !== null && "data" in payload ? payload.data : payload

export const take = <E>(events: Stream.Stream<RawEvent, E>, count: number) =>
  events.pipe(
    Stream.take(count),
    Stream.map(dataOf),
    Stream.runCollect,
    Effect.map((chunk) => [...chunk])
  )
