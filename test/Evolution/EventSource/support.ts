/** What the suites of both backends need to see. */
import { Context, Deferred, Effect, Layer, Schedule, TestServices } from "effect"
import { payloadOf, type RawEvent } from "../../../src/Domain/Event.ts"
import type { Sink } from "../../../src/Evolution/EventSource/Sink.ts"
import { EventSource, type Subscription } from "../../../src/Evolution/EventSource.ts"
import type { Settings } from "../../support/EvolutionSimulator/State.ts"
import { EvolutionSimulator, type Simulator } from "../../support/EvolutionSimulator.ts"
import { evolutionAt } from "../../support/settings.ts"

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
export const dataOf = (event: RawEvent): unknown => {
  const payload = payloadOf(event)
  return typeof payload === "object" && payload !== null && "data" in payload
    ? payload.data
    : payload
}

/** The first so many of what comes; its run is interrupted then, but not in the middle of a batch. */
export const takeRaw = ({ run }: Subscription, count: number) =>
  Effect.gen(function* () {
    const taken: Array<RawEvent> = []
    const enough = yield* Deferred.make<void>()
    const reading = run((events) => {
      taken.push(...events)
      return taken.length < count ? Effect.void : Effect.asVoid(Deferred.succeed(enough, undefined))
    })
    yield* Effect.raceFirst(reading, Deferred.await(enough))
    return taken.slice(0, count)
  })

/** The data of these. */
export const take = (subscription: Subscription, count: number) =>
  Effect.map(takeRaw(subscription, count), (events) => events.map(dataOf))

/** A sink that has its turn with each event. */
export const oneByOne =
  (each: (event: RawEvent) => Effect.Effect<unknown>): Sink =>
  (batch) =>
    Effect.forEach(batch, each, { discard: true })
