/** Sources at a simulated or scripted Evolution, and ways to read them. */
import { expect } from "@effect/vitest"
import { Context, Deferred, Effect, Layer, Queue, Schedule, TestServices } from "effect"
import type { WebSocket } from "ws"
import type { RawEvent } from "../../../src/Domain/Event.ts"
import type { Sink } from "../../../src/Evolution/EventSource/Sink.ts"
import { EventSource, type Subscription } from "../../../src/Evolution/EventSource.ts"
import { EvolutionSimulator, type Settings, type Simulator } from "../../../src/Testing/mod.ts"
import { openPacket, scriptedServer } from "../../support/ScriptedServer.ts"
import { evolutionAt } from "../../support/settings.ts"

export const simulated = (settings: Partial<Settings> = {}) =>
  Effect.map(Layer.build(EvolutionSimulator.layer(settings)), Context.get(EvolutionSimulator))

export type Backend = typeof EventSource.layerGlobal

export const sourceOf = (backend: Backend, evolution: { url: string; apiKey: string }) =>
  Effect.map(Layer.build(Layer.provide(backend, evolutionAt(evolution))), Context.get(EventSource))

export const backends = [
  ["global", EventSource.layerGlobal],
  ["namespace", EventSource.layerNamespace]
] as const

/** A source at a server that admits to any namespace and speaks when told to. */
export const scripted = Effect.fn(function* (backend: Backend) {
  const pongs = yield* Queue.unbounded<void>()
  const admitted: Array<{ readonly namespace: string; readonly socket: WebSocket }> = []
  const { url } = yield* scriptedServer((socket) => {
    socket.send(openPacket)
    socket.on("message", (data) => {
      const text = String(data)
      if (text === "3") return pongs.unsafeOffer()
      if (!text.startsWith("40")) return
      const namespace = text.slice(2)
      admitted.push({ namespace, socket })
      socket.send(`40${namespace}{"sid":"scripted"}`)
    })
  })
  const source = yield* sourceOf(backend, { url: url.href, apiKey: "any" })
  /** Sends events of `call` to the last link; succeeds when they, and a ping, have been received. */
  const deliver = (...events: ReadonlyArray<readonly [instance: string, data: unknown]>) =>
    Effect.zipRight(
      Effect.sync(() => {
        const { namespace, socket } = admitted.at(-1) ?? expect.fail("There is no link")
        for (const [instance, data] of events)
          socket.send(`42${namespace}${JSON.stringify(["call", { instance, data }])}`)
        socket.send("2")
      }),
      Queue.take(pongs)
    )
  return { admitted, deliver, source }
})

export const ignored = () => Effect.void

/** Lets the server run what it put off to its next turn. */
export const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

/** Waits for a condition that the far end meets in its own time and does not announce. */
export const eventually = (condition: () => boolean) =>
  Effect.sync(condition).pipe(
    Effect.repeat({ until: (met) => met, schedule: Schedule.spaced("5 millis") }),
    Effect.asVoid,
    TestServices.provideLive
  )

/** Instances whose namespaces exist, as after their first events. */
export const awake = (simulator: Simulator, ...names: ReadonlyArray<string>) =>
  Effect.suspend(() => {
    for (const name of names) {
      simulator.add(name)
      simulator.emit(name, "call", { wakes: name })
    }
    return turn
  })

/** The event's data, or its payload where that has no data. */
export const dataOf = (event: RawEvent): unknown => {
  const payload = event.payload
  return typeof payload === "object" && payload !== null && "data" in payload
    ? payload.data
    : payload
}

/** The first `count` events; then the run is interrupted, but not in the middle of a batch. */
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

/** The data of the first `count` events. */
export const take = (subscription: Subscription, count: number) =>
  Effect.map(takeRaw(subscription, count), (events) => events.map(dataOf))

/** A sink that handles one event after another. */
export const oneByOne =
  (each: (event: RawEvent) => Effect.Effect<unknown>): Sink =>
  (batch) =>
    Effect.forEach(batch, each, { discard: true })
