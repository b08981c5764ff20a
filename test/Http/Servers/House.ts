/** One service with three Evolution servers, whose instances have the same names. */
import { Effect, Option, Schedule, Schema } from "effect"
import { Summary } from "../../../src/Domain/Summary.ts"
import * as EvolutionListener from "../../../src/EvolutionListener.ts"
import { NewKey } from "../../../src/Http/Api/Keys.ts"
import { type Simulator, scopedSimulator } from "../../../src/Testing/mod.ts"
import { storage } from "../../support/databases.ts"
import { parse, sampleOf } from "../../support/Exposition.ts"
import { key, serve } from "../Service.ts"

/** Ids of one length, so that answers that name them have one length, too. `inner` sends no global events. */
export const ids = ["north", "south", "inner"] as const
export type Id = (typeof ids)[number]

/** In the place of the id of a server, and of the part of a name, that does not exist. */
export const nobody = "never"

/** The instance that only this server has. */
export const only = (id: string) => `only-${id}`

export const shop = (nth: number) => `shop-${nth}`

export const message = (simulator: Simulator, name: string, text: string) =>
  void simulator.emit(name, "messages.upsert", { key: { id: text }, text })

/** A simulated Evolution with instances that are linked. A namespace begins with its instance's first event. */
const evolution = (id: Id, count: number) =>
  Effect.map(
    scopedSimulator({ globalEvents: id !== "inner", apiKey: `key-of-${id}-0123456789` }),
    (simulator) => {
      const names = [only(id), ...Array.from({ length: count }, (_, nth) => shop(nth))]
      for (const name of names) simulator.addLinked(name)
      for (const name of names) message(simulator, name, "the first event")
      return simulator
    }
  )

const variablesOf = (id: Id, { apiKey, url }: Simulator) => ({
  [`EVOLUTION_API_URL__${id.toUpperCase()}`]: url,
  [`EVOLUTION_API_KEY__${id.toUpperCase()}`]: apiKey,
  ...(id === "inner" && { EVOLUTION_MODE__INNER: "namespace" })
})

/** Serves until the scope closes, and begins when every instance is listened to. */
export const house = (count: number) =>
  Effect.gen(function* () {
    const simulators = {
      north: yield* evolution("north", count),
      south: yield* evolution("south", count),
      inner: yield* evolution("inner", count)
    }
    const began = performance.now()
    const service = yield* serve(EvolutionListener.layer, {
      EVOLUTION_SERVERS: ids.join(","),
      ...variablesOf("north", simulators.north),
      ...variablesOf("south", simulators.south),
      ...variablesOf("inner", simulators.inner),
      API_KEY: key,
      ...(yield* storage)
    })
    const headers = (given: string) => ({ apikey: given, "content-type": "application/json" })
    const summary = (given = key) =>
      Effect.flatMap(service.call("GET", "/summary", { headers: headers(given) }), ({ json }) =>
        Effect.orDie(Schema.decodeUnknown(Summary)(json))
      )
    const until = <A>(look: Effect.Effect<A>, is: (found: A) => boolean) =>
      Effect.repeat(look, { until: is, schedule: Schedule.spaced("50 millis") }).pipe(
        Effect.timeoutOption(`${60 + count} seconds`),
        Effect.flatMap(
          Option.match({
            onNone: () => Effect.flatMap(look, (last) => Effect.dieMessage(JSON.stringify(last))),
            onSome: Effect.succeed
          })
        )
      )
    const logged = (text: string) =>
      until(service.call("GET", "/events?event=messages.upsert&limit=1000"), (page) =>
        page.text.includes(text)
      )
    const keyOf = (scope: string, bounds: object) =>
      Effect.map(
        service.post("/keys", JSON.stringify({ name: "bound", scope, ...bounds })),
        ({ json }) => Schema.decodeUnknownSync(NewKey)(json).key
      )
    const metrics = Effect.map(service.call("GET", "/metrics"), ({ text }) => {
      const families = parse(text)
      return (name: string, labels: Readonly<Record<string, string>>) =>
        sampleOf(families, `evolution_listener_${name}`, labels)
    })
    yield* until(summary(), ({ servers }) =>
      servers.every(({ instances }) => instances.listeners.Listening === count + 1)
    )
    const tookMillis = performance.now() - began
    return { ...service, headers, keyOf, logged, metrics, simulators, summary, tookMillis, until }
  })
