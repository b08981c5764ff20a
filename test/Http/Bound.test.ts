import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Schedule, Schema } from "effect"
import * as EvolutionListener from "../../src/EvolutionListener.ts"
import { NewKey } from "../../src/Http/Api/Keys.ts"
import { EventBus } from "../../src/Log/EventBus.ts"
import { scopedSimulator } from "../../src/Testing/mod.ts"
import { storage } from "../support/databases.ts"
import { open } from "./EventStreamReader.ts"
import { key, serve } from "./Service.ts"

const [mine, others, nobodys] = ["shop-1", "other-1", "never-1"] as const

/** A service with an instance inside a key's bounds and one outside, both with a past. */
const house = Effect.gen(function* () {
  const simulator = yield* scopedSimulator()
  const service = yield* serve(EvolutionListener.layer, {
    EVOLUTION_API_URL: simulator.url,
    EVOLUTION_API_KEY: simulator.apiKey,
    API_KEY: key,
    ...(yield* storage)
  })
  const headers = (given: string) => ({ apikey: given, "content-type": "application/json" })
  const keyOf = (scope: string) =>
    Effect.map(
      service.post("/keys", JSON.stringify({ name: "bound", scope, instances: ["shop-*"] })),
      ({ json }) => Schema.decodeUnknownSync(NewKey)(json).key
    )
  const say = (name: string, text: string) =>
    simulator.emit(name, "messages.upsert", { key: { id: text }, text: `${text} of ${name}` })
  for (const name of [mine, others]) {
    yield* service.post("/instances", JSON.stringify({ name }))
    say(name, "hello")
  }
  const until = (given: string, text: string) =>
    Effect.repeat(service.call("GET", "/events?limit=1000", { headers: headers(given) }), {
      until: (answer) => answer.text.includes(text),
      schedule: Schedule.spaced("20 millis")
    })
  yield* until(key, `hello of ${others}`)
  return { ...service, headers, keyOf, say, simulator, until }
})

interface Operation {
  readonly method: string
  readonly path: string
}

const Document = Schema.Struct({
  paths: Schema.Record({ key: Schema.String, value: Schema.Object })
})

/** Each route of the service, from its own description. */
const operations = (document: unknown): ReadonlyArray<Operation> =>
  Object.entries(Schema.decodeUnknownSync(Document)(document).paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path }))
  )

/** A second may begin between two requests. */
const ageless = (text: string): string => text.replaceAll(/"ageSeconds":\d+/g, '"ageSeconds":0')

const isStream = ({ path }: Operation) => path.endsWith("/stream")

/** Something that each route takes, so that it is the bounds that refuse, and not the form. */
const bodies: Readonly<Record<string, (name: string) => object>> = {
  // A variable of the service: no bound key may send it anywhere.
  "POST /endpoints": (name) => ({
    name,
    instances: [name],
    target: { type: "nats", url: { env: "DELIVERY_NATS" } }
  }),
  "PATCH /endpoints/{id}": () => ({}),
  "POST /endpoints/{id}/resume": () => ({}),
  "POST /endpoints/{id}/rotate": () => ({}),
  "POST /endpoints/{id}/deliver": () => ({ eventId: 1 }),
  "POST /endpoints/{id}/undelivered/retry": () => ({}),
  "POST /endpoints/{id}/replay": (name) => ({ from: { cursor: 0 }, instances: [name] }),
  "POST /instances": (name) => ({ name }),
  "POST /instances/{name}/import": () => ({ from: "2026-01-01T00:00:00Z" }),
  "POST /instances/{name}/pair": () => ({ number: "5511999990009" }),
  "POST /instances/{name}/pairing-links": () => ({}),
  "POST /keys": (name) => ({ name, scope: "read", instances: [name] }),
  "POST /session": () => ({ ticket: "made up" })
}

describe("a key bound to shop-*", { timeout: 60_000 }, () => {
  for (const scope of ["read", "operate", "admin"] as const)
    it.scopedLive(
      `with scope "${scope}" can neither see nor infer another instance by any route`,
      () =>
        Effect.gen(function* () {
          const { call, headers, keyOf, simulator, url } = yield* house
          const bound = yield* keyOf(scope)
          const nobodysId = crypto.randomUUID()
          const ask = ({ method, path }: Operation, name: string) =>
            call(method, path.replace("{name}", name).replaceAll(/\{\w+\}/g, nobodysId), {
              headers: headers(bound),
              ...(bodies[`${method} ${path}`] === undefined
                ? {}
                : { body: JSON.stringify(bodies[`${method} ${path}`]?.(name)) })
            })
          const document = yield* call("GET", "/openapi.json")
          const all = operations(document.json)
          expect(all.length).toBeGreaterThan(20)
          const before = yield* call("GET", `/instances/${others}/gaps`)

          for (const operation of all.filter((one) => !isStream(one))) {
            const title = `${operation.method} ${operation.path}`
            const about = yield* ask(operation, others)
            const nothing = yield* ask(operation, nobodys)
            expect([about.status, ageless(about.text).replaceAll(others, "X")], title).toEqual([
              nothing.status,
              ageless(nothing.text).replaceAll(nobodys, "X")
            ])
            // Nothing but the caller's own words.
            const said = about.text.replaceAll(`"${others}\\"`, "").replaceAll(`"${others}"`, "")
            expect(said, title).not.toContain(others)
            if (operation.path.includes("{name}")) expect([403, 404], title).toContain(about.status)
          }
          for (const query of [`instance=${others}`, "limit=1000", "event=messages.upsert"]) {
            const { json, status, text } = yield* call("GET", `/events?${query}`, {
              headers: headers(bound)
            })
            expect([status, text.includes(others)], query).toEqual([200, false])
            if (query.startsWith("instance"))
              expect(json).toEqual({ events: [], next: 0, recovered: true })
            else expect(text).toContain(mine)
          }
          // And nothing was done to it.
          expect((yield* call("GET", `/instances/${others}`)).status).toBe(200)
          expect((yield* call("GET", `/instances/${others}/gaps`)).text).toBe(before.text)
          expect(simulator.instance(others).name).toBe(others)
          const closed = yield* open(url, "/pairing/stream", { apikey: bound })
          expect(closed.status).toBe(401)
        })
    )

  it.scopedLive("is not told that events of other instances were purged", () =>
    Effect.gen(function* () {
      const { call, context, headers, keyOf } = yield* house
      const bound = yield* keyOf("read")
      const recovered = (given: string) =>
        Effect.map(call("GET", "/events?after=0", { headers: headers(given) }), ({ json }) =>
          Schema.decodeUnknownSync(Schema.Struct({ recovered: Schema.Boolean }))(json)
        )
      Context.get(context, EventBus).announcePurged(others, 1, "default")
      expect(yield* recovered(key)).toEqual({ recovered: false })
      expect(yield* recovered(bound)).toEqual({ recovered: true })
    })
  )

  it.scopedLive("gets the events of its own instances on a stream, and nothing of others", () =>
    Effect.gen(function* () {
      const { call, headers, keyOf, say, until, url } = yield* house
      const bound = yield* keyOf("read")
      for (const path of [
        "/events/stream?after=0",
        `/events/stream?after=0&instance=${others}`,
        `/instances/${others}/events/stream?after=0`
      ]) {
        // A reader that sees everything wants the same, so that nothing made for it reaches the bound one.
        const unbound = yield* open(url, path)
        yield* unbound.take(1)
        const reader = yield* open(url, path, { apikey: bound })
        const own = yield* open(url, "/events/stream?after=0&instance=shop-1", { apikey: bound })
        for (const name of [others, mine]) {
          yield* call("POST", `/instances/${name}/stop`, { headers: headers(key) })
          yield* call("POST", `/instances/${name}/start`, { headers: headers(key) })
        }
        const text = `news ${path}`
        say(others, text)
        say(mine, text)
        yield* until(key, `${text} of ${mine}`)
        // What its own instance's stream has, the other one could have had, too.
        const seen = yield* own.takeUntil(({ data }) => JSON.stringify(data).includes(text))
        expect(JSON.stringify(seen)).toContain(`${text} of ${mine}`)
        const frames = path.includes(others)
          ? yield* reader.take(1)
          : yield* reader.takeUntil(({ data }) => JSON.stringify(data).includes(text))
        expect(JSON.stringify(frames)).not.toContain(others)
        expect(reader.pending()).not.toContain(others)
      }
    })
  )
})
