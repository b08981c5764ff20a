import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import { Context, DateTime, Effect, Layer, ManagedRuntime, Option, Stream } from "effect"
import type { LoggedEvent } from "../../src/Domain/Event.ts"
import { InstanceName } from "../../src/Domain/Instance.ts"
import * as EvolutionListener from "../../src/EvolutionListener.ts"
import { EventBus } from "../../src/Log/EventBus.ts"
import { EvolutionSimulator } from "../../src/Testing/mod.ts"
import { storage } from "../support/databases.ts"
import { key, serve } from "./Service.ts"

/** The whole service over a simulated Evolution. */
const start = Effect.gen(function* () {
  const simulator = yield* EvolutionSimulator
  const service = yield* serve(EvolutionListener.layer, {
    EVOLUTION_API_URL: simulator.url,
    EVOLUTION_API_KEY: simulator.apiKey,
    API_KEY: key,
    ...(yield* storage)
  })
  const bus = Context.get(service.context, EventBus)
  /** The first event of an instance, from the beginning of the log, that is like this. */
  const heard = (instance: string, is: (event: LoggedEvent) => boolean) =>
    bus.after(0).pipe(
      Stream.filter((event) => event.instance === instance && is(event)),
      Stream.runHead,
      Effect.map(Option.getOrThrow)
    )
  return { ...service, heard, simulator }
})

class Service extends Context.Tag("test/Service")<Service, Effect.Effect.Success<typeof start>>() {}

const listenerTag = ({ listener }: { readonly listener: { readonly state: { _tag: string } } }) =>
  listener.state._tag

describe("the API", () => {
  const runtime = ManagedRuntime.make(
    Layer.provide(Layer.scoped(Service, start), EvolutionSimulator.layer())
  )
  beforeAll(() => runtime.runPromise(Effect.void), 30_000)
  afterAll(() => runtime.dispose(), 30_000)

  const test = <E>(title: string, body: (service: Service["Type"]) => Effect.Effect<unknown, E>) =>
    it.live(title, () => Effect.provide(Effect.flatMap(Service, body), runtime), 30_000)

  test("covers the whole life of an instance, from creation to deletion", (service) =>
    Effect.gen(function* () {
      const { call, client, heard, post, simulator } = service
      const name = InstanceName.make("story")
      const path = { name }
      const becomes = (tag: string) =>
        Effect.repeat(client.instances.status({ path, urlParams: {} }), {
          until: (status) => listenerTag(status) === tag
        })

      const created = yield* post("/instances", '{"name":"story","token":"token-of-story"}')
      expect(created.status).toBe(201)
      expect(created.json).toMatchObject({
        name,
        desired: { state: "listening" },
        listener: { state: { _tag: "Listening" } }
      })

      yield* heard(name, ({ event }) => event === "qrcode.updated")
      const qr = yield* client.pairing.qrcode({ path, urlParams: {} })
      expect(qr.code).toBe(simulator.instance(name).qr?.code)
      expect(qr.base64).toMatch(/^data:image\/png;base64,/)
      expect(DateTime.distance(qr.receivedAt, qr.expiresAt)).toBe(45_000)
      const waiting = yield* client.instances.status({ path, urlParams: {} })
      expect(waiting).toMatchObject({
        userAction: "scan_qr",
        whatsapp: { state: "connecting", origin: "live" },
        qrExpiresAt: qr.expiresAt,
        lastEvent: { event: "qrcode.updated" }
      })
      expect(yield* client.instances.get({ path, urlParams: {} })).toMatchObject({
        name,
        userAction: "scan_qr"
      })

      simulator.scan(name)
      yield* heard(name, ({ json }) => String(json).includes('"state":"open"'))
      expect(yield* client.instances.status({ path, urlParams: {} })).toMatchObject({
        userAction: "none",
        whatsapp: { state: "open", reason: null },
        profile: { phone: "5511999990001", name: "Loja" },
        qrExpiresAt: null
      })
      expect(yield* Effect.flip(client.pairing.qrcode({ path, urlParams: {} }))).toMatchObject({
        _tag: "QrNotAvailable",
        userAction: "none"
      })

      const stopped = yield* call("POST", "/instances/story/stop")
      expect(stopped.status).toBe(202)
      expect(stopped.json).toMatchObject({
        userAction: "none",
        desired: { state: "stopped" },
        listener: { state: { _tag: "Stopped" } },
        whatsapp: { state: "open" }
      })
      expect((yield* call("POST", "/instances/story/start")).status).toBe(202)
      yield* becomes("Listening")
      const restarted = yield* call("POST", "/instances/story/restart")
      expect(restarted.status).toBe(202)
      expect(restarted.json).toMatchObject({ desired: { state: "listening" } })
      yield* becomes("Listening")
      const all = yield* client.instances.list({ urlParams: {} })
      expect(all.map((one) => one.name)).toContain(name)

      const removed = yield* call("DELETE", "/instances/story")
      expect([removed.status, removed.text]).toEqual([204, ""])
      for (const method of ["GET", "DELETE"]) {
        const gone = yield* call(method, "/instances/story")
        expect(gone.status).toBe(404)
        expect(gone.json).toMatchObject({ _tag: "InstanceNotFound", instance: "story" })
      }

      const urlParams = { instance: name, after: undefined, event: undefined, limit: undefined }
      const page = (after: number | undefined) =>
        client.events.read({ urlParams: { ...urlParams, after, limit: 2 } })
      const pages = yield* Stream.runCollect(
        Stream.paginateEffect(undefined, (after: number | undefined) =>
          Effect.map(page(after), ({ events, next }) => [
            events,
            events.length === 0 ? Option.none() : Option.some(next)
          ])
        )
      )
      const events = [...pages].flat()
      expect(events).toEqual((yield* client.events.read({ urlParams })).events)
      const ids = events.map(({ id }) => id)
      expect(ids).toEqual([...new Set(ids)].sort((left, right) => left - right))
      const live = events.filter(({ origin }) => origin === "live")
      expect(live.slice(0, 5).map(({ event }) => event)).toEqual([
        "instance.create",
        "connection.update",
        "qrcode.updated",
        "connection.update",
        "connection.update"
      ])
      expect(live.slice(-2).map(({ event }) => event)).toEqual([
        "instance.delete",
        "remove.instance"
      ])
      const shown = yield* call("GET", "/events?instance=story&event=QRCODE_UPDATED")
      expect(shown.json).toMatchObject({
        events: [{ event: "qrcode.updated", data: { qrcode: { code: "[redacted]" } } }]
      })
    }))

  test("gives the same cursor again if there are no newer events", ({ call }) =>
    Effect.gen(function* () {
      const empty = yield* call("GET", "/events?instance=nobody&after=17")
      expect(empty.json).toEqual({ events: [], next: 17, recovered: true })
    }))

  test("refuses to create an instance whose name Evolution already has", ({
    call,
    post,
    simulator
  }) =>
    Effect.gen(function* () {
      const known = simulator.add("taken")
      const answer = yield* post("/instances", '{"name":"taken"}')
      expect(answer.status).toBe(409)
      expect(answer.json).toMatchObject({ _tag: "InstanceExists", instance: "taken" })
      expect(simulator.instance("taken")).toBe(known)
      expect((yield* call("GET", "/instances/taken")).status).toBe(404)
    }))

  test("answers 404 for an instance that was never started", ({ call }) =>
    Effect.gen(function* () {
      for (const [method, path] of [
        ["GET", "/instances/nobody"],
        ["GET", "/instances/nobody/status"],
        ["GET", "/instances/nobody/qrcode"],
        ["POST", "/instances/nobody/stop"],
        ["POST", "/instances/nobody/restart"],
        ["DELETE", "/instances/nobody"]
      ] as const) {
        const answer = yield* call(method, path)
        expect(answer.status, `${method} ${path}`).toBe(404)
        expect(answer.json, `${method} ${path}`).toMatchObject({ _tag: "InstanceNotFound" })
      }
    }))

  test("listens to an instance that existed before the service", ({
    call,
    client,
    heard,
    simulator
  }) =>
    Effect.gen(function* () {
      const name = InstanceName.make("older")
      simulator.add("older", { state: "open", ownerJid: "5511@s.whatsapp.net" })
      expect((yield* call("POST", "/instances/older/start")).status).toBe(202)
      yield* heard(name, ({ origin }) => origin === "snapshot")
      expect(yield* client.instances.status({ path: { name }, urlParams: {} })).toMatchObject({
        userAction: "none",
        whatsapp: { state: "open", origin: "snapshot" }
      })
    }))

  test("is alive and ready", ({ call }) =>
    Effect.gen(function* () {
      for (const path of ["/health/live", "/health/ready"]) {
        const answer = yield* call("GET", path, { headers: { apikey: "" } })
        expect([answer.status, answer.json]).toEqual([200, { status: "ok" }])
      }
    }))

  test("reports errors of Evolution, and keeps nothing of a failed creation", (service) =>
    Effect.gen(function* () {
      const { call, post, simulator } = service
      const attempt = Effect.gen(function* () {
        const { json, status } = yield* post("/instances", '{"name":"later"}')
        expect((yield* call("GET", "/instances/later")).status).toBe(404)
        return { json, status }
      })
      simulator.refuse("license")
      expect(yield* attempt).toMatchObject({ status: 503, json: { _tag: "LicenseRequired" } })
      simulator.refuse({ status: 500, body: "<html>down</html>" })
      expect(yield* attempt).toMatchObject({
        status: 502,
        json: { _tag: "EvolutionUnavailable", status: 500 }
      })
      simulator.refuse(undefined)
      simulator.changeKey("another-key")
      expect(yield* attempt).toMatchObject({ status: 502, json: { _tag: "KeyRefused" } })
      simulator.changeKey(simulator.apiKey)
      yield* Effect.promise(simulator.stop)
      expect(yield* attempt).toMatchObject({
        status: 502,
        json: { _tag: "EvolutionUnavailable", status: null }
      })
    }))

  test("has put no key and no token into any answer so far", ({ said, simulator }) =>
    Effect.sync(() => {
      const words = said.join("\n")
      expect(words).toContain("scan_qr") // it was recorded
      for (const secret of [simulator.apiKey, key, "token-of-story"])
        expect(words).not.toContain(secret)
      for (const name of ["taken", "older"])
        expect(words).not.toContain(simulator.instance(name).token)
    }))
})
