import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import { Context, Effect, Layer, ManagedRuntime, Option, Stream } from "effect"
import { InstanceName } from "../../src/Domain/Instance.ts"
import * as EvolutionListener from "../../src/EvolutionListener.ts"
import { EventBus } from "../../src/Log/EventBus.ts"
import { EvolutionSimulator } from "../../src/Testing/mod.ts"
import { storage } from "../support/databases.ts"
import { directions, impossible, names } from "../support/names.ts"
import { key, serve } from "./Service.ts"

/** The whole service over a simulated Evolution. */
const start = Effect.gen(function* () {
  const simulator = yield* EvolutionSimulator
  const service = yield* serve(EvolutionListener.layer, {
    EVOLUTION_API_URL: simulator.url,
    EVOLUTION_API_KEY: simulator.apiKey,
    API_KEY: key,
    METRICS_PER_INSTANCE: "true",
    ...(yield* storage)
  })
  const bus = Context.get(service.context, EventBus)
  const heard = (instance: string, event: string) =>
    bus.after(0).pipe(
      Stream.filter((one) => one.instance === instance && one.event === event),
      Stream.runHead,
      Effect.map(Option.getOrThrow)
    )
  return { ...service, heard, simulator }
})

class Service extends Context.Tag("test/Names")<Service, Effect.Effect.Success<typeof start>>() {}

const pathOf = (name: string, rest = "") => `/instances/${encodeURIComponent(name)}${rest}`
const namesIn = (json: unknown) =>
  Array.isArray(json) ? json.map(({ name }: { readonly name: string }) => name) : []

describe("the API and a name", () => {
  const runtime = ManagedRuntime.make(
    Layer.provide(Layer.scoped(Service, start), EvolutionSimulator.layer())
  )
  beforeAll(() => runtime.runPromise(Effect.void), 30_000)
  afterAll(() => runtime.dispose(), 30_000)

  const test = <E>(title: string, body: (service: Service["Type"]) => Effect.Effect<unknown, E>) =>
    it.live(title, () => Effect.provide(Effect.flatMap(Service, body), runtime), 60_000)

  for (const name of names)
    test(`carries ${JSON.stringify(name).slice(0, 60)} through every call`, (service) =>
      Effect.gen(function* () {
        const { call, heard, post, simulator } = service
        expect(yield* post("/instances", JSON.stringify({ name }))).toMatchObject({
          status: 201,
          json: { name, listener: { state: { _tag: "Listening" } } }
        })
        yield* heard(name, "qrcode.updated")
        expect(yield* call("GET", pathOf(name, "/qrcode"))).toMatchObject({
          status: 200,
          json: { code: simulator.instance(name).qr?.code }
        })
        simulator.scan(name)
        simulator.emit(name, "messages.upsert", { key: { id: "a" }, of: name })
        yield* heard(name, "messages.upsert")
        for (const rest of ["", "/status", "/gaps", "/timeline"])
          expect(yield* call("GET", pathOf(name, rest)), rest).toMatchObject({ status: 200 })
        const query = new URLSearchParams({ instance: name, event: "messages.upsert" })
        expect(yield* call("GET", `/events?${query}`)).toMatchObject({
          json: { events: [{ instance: name, data: { of: name } }] }
        })
        expect(yield* post(pathOf(name, "/stop"), "")).toMatchObject({
          status: 202,
          json: { name }
        })
        expect(yield* post(pathOf(name, "/start"), "")).toMatchObject({
          status: 202,
          json: { name }
        })
        expect(yield* post(pathOf(name, "/pairing-links"), "{}")).toMatchObject({ status: 201 })
      }))

  test("lists all of them, each once and as it is", ({ call }) =>
    Effect.gen(function* () {
      const { json } = yield* call("GET", "/instances")
      expect(namesIn(json).sort()).toEqual([...names].sort())
    }))

  test("labels the metrics of each by its name", ({ call }) =>
    Effect.gen(function* () {
      const { text } = yield* call("GET", "/metrics")
      const labels = [...text.matchAll(/^evolution_listener_instance_listener_state\{(.*)\} 1$/gm)]
      const escaped = names.map((name) =>
        name.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"')
      )
      for (const name of escaped)
        expect(
          labels.some(([, label]) => label?.includes(`instance_name="${name}"`)),
          name
        ).toBe(true)
    }))

  test("binds a key to exactly the names that its patterns match", ({ call, client, url }) =>
    Effect.gen(function* () {
      for (const name of names) {
        const pattern = name.replaceAll(/[\\*]/g, "\\$&")
        const made = yield* client.keys.make({
          payload: { name: "bound", scope: "read", instances: [pattern] }
        })
        const ask = (path: string) =>
          Effect.promise(async () =>
            (await fetch(`${url}${path}`, { headers: { apikey: made.key } })).json()
          )
        expect(namesIn(yield* ask("/instances"))).toEqual([name])
        // The database reads the same pattern.
        expect(yield* ask("/events?event=messages.upsert&limit=100")).toMatchObject({
          events: [{ instance: name }]
        })
      }
      expect((yield* call("GET", "/keys")).status).toBe(200)
    }))

  for (const name of impossible)
    test(`refuses ${JSON.stringify(name).slice(0, 40)} with a sentence`, ({ post }) =>
      Effect.gen(function* () {
        const { status, text } = yield* post("/instances", JSON.stringify({ name }))
        expect(status).toBe(400)
        expect(text).toContain("An instance name has 1 to 255 characters")
      }))

  for (const name of directions)
    test(`hears the events of "${name}", and says why nothing else can be done`, (service) =>
      Effect.gen(function* () {
        const { call, client, heard, simulator } = service
        simulator.add(name)
        simulator.emit(name, "instance.create", { instanceName: name })
        simulator.emit(name, "messages.upsert", { key: { id: "a" }, of: name })
        yield* heard(name, "messages.upsert")
        const query = new URLSearchParams({ instance: name, event: "messages.upsert" })
        expect(yield* call("GET", `/events?${query}`)).toMatchObject({
          json: { events: [{ instance: name, data: { of: name } }] }
        })
        expect(namesIn((yield* call("GET", "/instances")).json)).toContain(name)
        expect(simulator.instances().map((one) => one.name)).toContain(name)
        expect(client).toBeDefined()
      }))

  test("deletes each with its events, and no other", ({ call, simulator }) =>
    Effect.gen(function* () {
      const left = new Set(names)
      for (const name of names.filter((_, index) => index % 3 === 0)) {
        left.delete(name)
        expect((yield* call("DELETE", `${pathOf(name)}?purge=true`)).status).toBe(204)
        expect((yield* call("GET", pathOf(name))).status).toBe(404)
      }
      const there = simulator.instances().map(({ name }) => name)
      expect(there.filter((name) => !directions.includes(name)).sort()).toEqual([...left].sort())
      const { json } = yield* call("GET", "/events?event=messages.upsert&limit=1000")
      const { events } = json as { events: ReadonlyArray<{ instance: string }> } // the API's answer
      expect(new Set(events.map(({ instance }) => instance))).toEqual(
        new Set([...left, ...directions])
      )
    }))

  test("accepts a name in a path as any client writes it", ({ call }) =>
    Effect.gen(function* () {
      const name = InstanceName.make("vendas.sp")
      for (const path of [
        "/instances/vendas.sp",
        "/instances/vendas%2esp",
        "/instances/%76endas.sp"
      ])
        expect(yield* call("GET", path)).toMatchObject({ status: 200, json: { name } })
    }))
})
