import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Schema } from "effect"
import { deletedInstances, EventBus } from "../../../src/Log/EventBus.ts"
import { open } from "../EventStreamReader.ts"
import { key, operationsOf } from "../Service.ts"
import { house, ids, message, nobody, only, shop } from "./House.ts"

const [other, mine, third] = ids

/** `SERVERS_TEST_INSTANCES=300` makes the servers larger, and prints how long their start took. */
const count = Number(process.env.SERVERS_TEST_INSTANCES ?? 20)
const timeout = Math.max(180_000, count * 3000)

const megabytes = (bytes: number) => Math.round(bytes / 1024 / 1024)

/** Something that each route takes, so that it is the bounds that refuse, and not the form. */
const bodies: Readonly<Record<string, (name: string) => object>> = {
  "POST /endpoints": (name) => ({
    name: "new",
    servers: [name.replace("only-", "")],
    target: { type: "webhook", url: "https://example.com/" }
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
  "POST /keys": (name) => ({ name: "new", scope: "read", servers: [name.replace("only-", "")] }),
  "POST /session": () => ({ ticket: "made up" })
}

/** Time passes between two requests, and a link that has held for a minute begins to count its attempts anew. */
const timeless = (text: string) =>
  text
    .replaceAll(/"(ageSeconds|attempt)":\d+/g, '"$1":0')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "0000-00-00T00:00:00.000Z")

const Document = Schema.Struct({
  paths: Schema.Record({
    key: Schema.String,
    value: Schema.Record({
      key: Schema.String,
      value: Schema.Struct({
        parameters: Schema.Array(Schema.Struct({ name: Schema.String, in: Schema.String }))
      })
    })
  })
})

const operationsIn = (document: unknown) =>
  Object.entries(Schema.decodeUnknownSync(Document)(document).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters }]) => ({
      method: method.toUpperCase(),
      path,
      takesServer: parameters.some((one) => one.in === "query" && one.name === "server")
    }))
  )

const built = Effect.gen(function* () {
  const service = yield* house(count)
  if (process.env.SERVERS_TEST_INSTANCES !== undefined)
    console.log(
      `All of 3 × ${count + 1} listened after ${Math.round(service.tookMillis)} ms; resident: ${megabytes(process.memoryUsage.rss())} MiB, simulators included`
    )
  for (const id of ids) {
    message(service.simulators[id], only(id), `hello of ${id}`)
    yield* service.logged(`hello of ${id}`)
  }
  /** An answer in all that a caller gets of it. */
  const answerOf = (given: string, method: string, path: string, body?: object) =>
    Effect.promise(async () => {
      const response = await fetch(`${service.url}${path}`, {
        method,
        headers: service.headers(given),
        ...(body && { body: JSON.stringify(body) })
      })
      const whole = await response.text()
      const text = timeless(whole)
      // Ages have more digits later: the length is told without them.
      const passed = Buffer.byteLength(whole) - Buffer.byteLength(text)
      const headers = [...response.headers].flatMap(([name, value]) => {
        if (name === "date") return []
        return [[name, name === "content-length" ? String(Number(value) - passed) : value]]
      })
      return { status: response.status, headers, text }
    })
  return { ...service, answerOf }
})

/** The parts of other servers that no answer to the bound key may have. */
const secretsOf = ({ simulators }: Effect.Effect.Success<typeof built>) =>
  [other, third].flatMap((id) => [`"${id}"`, `=${id}`, only(id), new URL(simulators[id].url).host])

describe(`a key bound to one of three servers with ${count} instances each`, { timeout }, () => {
  it.scopedLive("can neither see nor infer another server by any route", () =>
    Effect.gen(function* () {
      const service = yield* built
      const { answerOf, call, keyOf, simulators, summary } = service
      const document = (yield* call("GET", "/openapi.json")).json
      const all = operationsIn(document)
      expect(all.length).toBe(operationsOf(document).length)
      expect(all.filter(({ takesServer }) => takesServer).length).toBeGreaterThan(17)

      for (const scope of ["read", "operate", "admin"]) {
        const bound = yield* keyOf(scope, { servers: [mine] })
        const ask = (operation: (typeof all)[number], name: string, query = "") => {
          const { method, path } = operation
          const id = "8b1ea8e2-3c0f-4f0a-9a55-6a9b8f1f6d11"
          return answerOf(
            bound,
            method,
            path.replace("{name}", name).replace("{id}", id) + query,
            bodies[`${method} ${path}`]?.(name)
          )
        }
        const expectSame = (title: string, about: object, nothing: object) => {
          const [one, another] = [about, nothing].map((answer) => JSON.stringify(answer))
          expect(one?.replaceAll(other, nobody), `${scope} ${title}`).toBe(another)
        }
        for (const operation of all) {
          const title = `${operation.method} ${operation.path}`
          if (operation.takesServer) {
            const about = yield* ask(operation, shop(0), `?server=${other}`)
            expectSame(title, about, yield* ask(operation, shop(0), `?server=${nobody}`))
            expect([403, 404], title).toContain(about.status)
          }
          // A stream does not end, and an instance that is created is there.
          if (operation.path.endsWith("/stream") || title === "POST /instances") continue
          const variants = title.startsWith("DELETE /instances") ? ["", "?purge=true"] : [""]
          for (const query of variants) {
            const about = yield* ask(operation, only(other), query)
            expectSame(title, about, yield* ask(operation, only(nobody), query))
            const said = JSON.stringify(about).replaceAll(`${only(other)}\\\\\\"`, "")
            if (operation.path.includes("{name}")) continue
            for (const secret of secretsOf(service)) expect(said, title).not.toContain(secret)
          }
        }
        for (const query of [
          "limit=1000",
          `limit=1000&instance=${only(other)}`,
          `instance=${shop(0)}`
        ])
          for (const secret of secretsOf(service))
            expect(
              (yield* answerOf(bound, "GET", `/events?${query}`)).text.replace(
                `"${only(other)}"`,
                ""
              )
            ).not.toContain(secret)
        expect((yield* summary(bound)).servers.map(({ server }) => server)).toEqual([mine])
        expect((yield* answerOf(bound, "GET", "/keys/self")).text).toContain(
          `"servers":["${mine}"]`
        )
        expect((yield* answerOf(bound, "GET", "/metrics")).status).toBe(403)
      }
      // And nothing was done to the others.
      for (const id of [other, third]) {
        expect(simulators[id].instances()).toHaveLength(count + 1)
        expect((yield* call("GET", `/events?server=${id}&instance=${only(id)}`)).text).toContain(
          `hello of ${id}`
        )
      }
      const states = (yield* summary()).servers.map(({ instances }) => instances.listeners)
      expect([states[0], states[2]]).toEqual([{ Listening: count + 1 }, { Listening: count + 1 }])
    })
  )

  it.scopedLive("creates an instance under a name of another server as if that were free", () =>
    Effect.gen(function* () {
      const { answerOf, keyOf, simulators } = yield* built
      const bound = yield* keyOf("operate", { servers: [mine] })
      const made = yield* answerOf(bound, "POST", "/instances", { name: only(other) })
      const fresh = yield* answerOf(bound, "POST", "/instances", { name: only(nobody) })
      expect([made.status, fresh.status]).toEqual([201, 201])
      expect(made.text).toContain(`"server":"${mine}"`)
      expect(simulators[mine].instance(only(other)).name).toBe(only(other))
      expect(simulators[other].instances()).toHaveLength(count + 1)
    })
  )

  it.scopedLive("streams its own server alone, and so does a token that it makes", () =>
    Effect.gen(function* () {
      const service = yield* built
      const { answerOf, call, headers, keyOf, logged, post, simulators, until, url } = service
      const bound = yield* keyOf("read", { servers: [mine] })
      const { json } = yield* call("POST", "/stream-tokens", {
        headers: headers(bound),
        body: "{}"
      })
      const { token } = Schema.decodeUnknownSync(Schema.Struct({ token: Schema.String }))(json)
      for (const path of [
        "/events/stream?after=0",
        `/instances/${shop(0)}/events/stream?after=0`
      ]) {
        const readers = [
          yield* open(url, path, { apikey: bound }),
          yield* open(url, `${path}&token=${token}`, { apikey: "" })
        ]
        for (const id of ids) {
          for (const command of ["stop", "start"])
            yield* post(`/instances/${shop(0)}/${command}?server=${id}`, "")
          yield* until(call("GET", `/instances/${shop(0)}?server=${id}`), ({ text }) =>
            text.includes('"_tag":"Listening"')
          )
          message(simulators[id], shop(0), `news of ${id} ${path}`)
          yield* logged(`news of ${id} ${path}`)
        }
        message(simulators[mine], shop(0), `last ${path}`)
        for (const reader of readers) {
          expect(reader.status).toBe(200)
          const frames = yield* reader.takeUntil(({ data }) =>
            JSON.stringify(data ?? "").includes(`last ${path}`)
          )
          const text = JSON.stringify(frames) + reader.pending()
          expect(text).toContain(`news of ${mine}`)
          for (const secret of [...secretsOf(service), `of ${other}`, `of ${third}`])
            expect(text).not.toContain(secret)
        }
      }
      const ofOther = yield* open(url, `/instances/${only(other)}/events/stream?after=0`, {
        apikey: bound
      })
      expect(JSON.stringify(yield* ofOther.take(1))).not.toContain(other)
      expect((yield* answerOf(bound, "GET", `/events/stream?server=${other}`)).status).toBe(404)
    })
  )

  it.scopedLive("is not told that events of other servers were purged", () =>
    Effect.gen(function* () {
      const { call, context, headers, keyOf, url } = yield* built
      const bound = yield* keyOf("read", { servers: [mine] })
      const bus = Context.get(context, EventBus)
      const recovered = (given: string) =>
        Effect.gen(function* () {
          const page = yield* call("GET", "/events?after=0", { headers: headers(given) })
          const reader = yield* open(url, "/events/stream?after=0", { apikey: given })
          const frames = yield* reader.takeUntil(({ event }) => event === "hello")
          return [/"recovered":(\w+)/.exec(page.text)?.[1], frames.at(-1)?.data]
        })
      const told = (whole: boolean) => [String(whole), { recovered: whole, cursor: 0 }]
      bus.announcePurged(shop(0), 1, other)
      expect(yield* recovered(key)).toEqual(told(false))
      expect(yield* recovered(bound)).toEqual(told(true))
      bus.announcePurged(only(third), 2, third)
      bus.foldPurged([only(third), deletedInstances], third)
      expect(yield* recovered(bound)).toEqual(told(true))
      bus.announcePurged(shop(0), 3, mine)
      expect(yield* recovered(bound)).toEqual(told(false))
    })
  )
})
