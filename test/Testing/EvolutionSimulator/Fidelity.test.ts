import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import WebSocket from "ws"
import { settingsOfEvolution } from "../../../src/Testing/EvolutionSimulator/State.ts"
import { type Simulator, scopedSimulator } from "../../../src/Testing/mod.ts"

const fixture = (name: string): string =>
  readFileSync(join(import.meta.dirname, "../../fixtures", name), "utf8")
const captured = (name: string): unknown => JSON.parse(fixture(`rest-${name}.json`))

/** The keys, in any order, and the types of the values; of a list the shape of its first item. */
const shapeOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])]
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]))
}

const frames = (name: string) =>
  fixture(name)
    .trim()
    .split("\n")
    .map((line): { readonly frame?: string; readonly body?: string } => JSON.parse(line))

/** Events of captured or received frames, by name: the first of each. */
const eventsIn = (texts: ReadonlyArray<string>) => {
  const events = new Map<string, unknown>()
  for (const text of texts)
    if (text.startsWith("42")) {
      const [event, envelope] = JSON.parse(text.slice(2))
      const { state } = Object(envelope.data)
      const name = state === undefined ? event : `${event} ${state}`
      if (!events.has(name)) events.set(name, envelope)
    }
  return events
}

const world = Effect.gen(function* () {
  const evolution = yield* scopedSimulator({ exposesTokens: false, version: "2.3.6" })
  const call = (method: string, path: string, body?: object, key = evolution.apiKey) =>
    Effect.promise(async () => {
      const response = await fetch(`${evolution.url}${path}`, {
        method,
        headers: { apikey: key, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) })
      })
      return { status: response.status, body: JSON.parse(await response.text()) }
    })
  return { call, evolution }
})

const shops = Effect.fn(function* ({ call }: Effect.Effect.Success<typeof world>) {
  const first = yield* call("POST", "/instance/create", {
    instanceName: "shop-1",
    integration: "EVOLUTION",
    token: "token-shop-1",
    number: "5511999990001",
    websocket: { enabled: true, events: [] }
  })
  const second = yield* call("POST", "/instance/create", {
    instanceName: "shop-2",
    integration: "WHATSAPP-BAILEYS",
    token: "token-shop-2",
    websocket: { enabled: true, events: ["QRCODE_UPDATED", "CONNECTION_UPDATE"] }
  })
  return { first, second }
})

const message = (number: number) => ({
  key: { id: `MSG000${number}`, remoteJid: "5511988887777@s.whatsapp.net", fromMe: false },
  pushName: "Cliente",
  message: { conversation: `Olá ${number}` },
  messageType: "conversation",
  messageTimestamp: 1_795_452_079,
  source: "unknown",
  instanceId: "0a5f343e-bb23-4fc2-94e1-b17f84412637"
})

describe("REST, beside what a real Evolution answered", () => {
  it.scopedLive("refuses with the same bodies", () =>
    Effect.gen(function* () {
      const made = yield* world
      const { call } = made
      yield* shops(made)
      expect(yield* call("GET", "/instance/fetchInstances", undefined, "wrong")).toEqual({
        status: 401,
        body: captured("401")
      })
      const again = { instanceName: "shop-1", integration: "EVOLUTION" }
      expect(yield* call("POST", "/instance/create", again)).toEqual({
        status: 403,
        body: captured("403-name-in-use")
      })
      expect(yield* call("GET", "/instance/connectionState/none")).toEqual({
        status: 404,
        body: captured("404")
      })
    })
  )

  it.scopedLive("answers with the same fields, of the same types", () =>
    Effect.gen(function* () {
      const made = yield* world
      const { call, evolution } = made
      const same = (answer: { readonly body: unknown }, name: string) =>
        expect([name, shapeOf(answer.body)]).toEqual([name, shapeOf(captured(name))])
      same(yield* call("GET", "/"), "root")
      const { first, second } = yield* shops(made)
      expect([first.status, first.body.instance.status, first.body.hash]).toEqual([
        201,
        "open",
        "token-shop-1"
      ])
      same(first, "create-evolution")
      expect([second.status, second.body.instance.status]).toEqual([201, "close"])
      same(second, "create-baileys")
      expect((yield* call("GET", "/instance/connectionState/shop-2")).body).toEqual(
        captured("connection-state")
      )

      evolution.slow({ codeMillis: 60_000 })
      expect(yield* call("GET", "/instance/connect/shop-2")).toEqual({
        status: 200,
        body: captured("connect")
      })
      evolution.slow({})

      for (const number of [1, 2, 3]) evolution.emit("shop-1", "messages.upsert", message(number))
      same(yield* call("GET", "/instance/fetchInstances"), "fetch-instances")
      const found = yield* call("POST", "/chat/findMessages/shop-1", {})
      same(found, "find-messages")
      const second1 = new Date(1_795_452_079_000).toISOString()
      const where = { messageTimestamp: { gte: second1, lte: second1 } }
      const page = yield* call("POST", "/chat/findMessages/shop-1", { where, page: 1, offset: 2 })
      same(page, "find-messages-range")
      expect(page.body.messages).toMatchObject({ total: 3, pages: 2, currentPage: 1 })
      expect(page.body.messages.records).toHaveLength(2)

      const events = { websocket: { enabled: true, events: ["QRCODE_UPDATED"] } }
      const set = yield* call("POST", "/websocket/set/shop-2", events)
      expect(set.status).toBe(201)
      same(set, "websocket-set")
      same(yield* call("GET", "/websocket/find/shop-2"), "websocket-find")
      expect(yield* call("DELETE", "/instance/delete/shop-1")).toEqual({
        status: 200,
        body: captured("delete")
      })
    })
  )
})

/** Text frames of a socket, from the handshake on; `said` is sent after it. */
const listening = (evolution: Simulator, said: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const received: Array<string> = []
      const socket = new WebSocket(
        `${evolution.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`,
        { headers: { apikey: evolution.apiKey } }
      )
      socket.on("message", (data, isBinary) => {
        if (isBinary) return
        received.push(String(data))
        if (received.length === 1) socket.send(said)
      })
      await expect.poll(() => received.length).toBe(2)
      return received
    }),
    () => Effect.void
  )

describe("the socket, beside what a real Evolution sent", () => {
  it.scopedLive("opens and answers with the same frames", () =>
    Effect.gen(function* () {
      const { evolution } = yield* world
      const [open = "", connect = ""] = yield* listening(evolution, "40")
      const [realOpen = "", , realConnect = ""] = frames("global.ndjson").map(
        ({ frame = "" }) => frame
      )
      const { sid, ...handshake } = JSON.parse(open.slice(1))
      expect([open[0], handshake]).toEqual([
        realOpen[0],
        JSON.parse(realOpen.slice(1), (key, value) => (key === "sid" ? undefined : value))
      ])
      expect(sid).toHaveLength(20)
      expect([connect.slice(0, 2), shapeOf(JSON.parse(connect.slice(2)))]).toEqual([
        realConnect.slice(0, 2),
        shapeOf(JSON.parse(realConnect.slice(2)))
      ])
      const [, refused] = yield* listening(evolution, "40/shop-2,")
      expect(refused).toBe(frames("namespace-before-first-event.ndjson")[2]?.frame)
    })
  )

  it.scopedLive("refuses a bad key and a missing one with the same words", () =>
    Effect.gen(function* () {
      const { evolution } = yield* world
      const refusal = (headers: Record<string, string>) =>
        Effect.async<unknown>((resume) => {
          const url = `${evolution.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`
          new WebSocket(url, { headers }).on("unexpected-response", async (_, response) => {
            let body = ""
            for await (const part of response) body += part
            const { connection, ...others } = response.headers
            resume(
              Effect.succeed({
                status: response.statusCode,
                headers: {
                  connection: connection?.toLowerCase(),
                  "content-type": others["content-type"],
                  "content-length": others["content-length"]
                },
                body
              })
            )
          })
        })
      for (const [headers, name] of [
        [{ apikey: "wrong" }, "refused-bad-key.ndjson"],
        [{}, "refused-no-key.ndjson"]
      ] as const)
        expect(frames(name)[0]).toMatchObject(Object(yield* refusal(headers)))
    })
  )

  it.scopedLive("tells the same story in the same order, event by event of the same shape", () =>
    Effect.gen(function* () {
      const made = yield* world
      const { call, evolution } = made
      const received = yield* listening(evolution, "40")
      yield* shops(made)
      for (const number of [1, 2, 3]) evolution.emit("shop-1", "messages.upsert", message(number))
      yield* call("GET", "/instance/connect/shop-2")
      evolution.scan("shop-2", "5511999990002")
      yield* call("DELETE", "/instance/delete/shop-1")
      yield* Effect.promise(() => expect.poll(() => received.at(-1)).toContain("remove.instance"))

      const real = eventsIn(frames("global.ndjson").map(({ frame = "" }) => frame))
      const ours = eventsIn(received)
      const told = [...ours.keys()]
      expect(told).toEqual(
        [...real.keys()].filter((name) => !/^(contacts|chats)\./.test(name)).map((name) => name)
      )
      for (const name of told.filter((name) => !isAfterOpen(name)))
        expect([name, shapeOf(ours.get(name))]).toEqual([name, shapeOf(real.get(name))])
    })
  )
})

describe("an instance's namespace, beside what a real Evolution sent", () => {
  it.scopedLive("begins with the first event, and brings the same frames as `/` after it", () =>
    Effect.gen(function* () {
      const made = yield* world
      const { call, evolution } = made
      yield* call("POST", "/instance/create", {
        instanceName: "shop-1",
        integration: "EVOLUTION",
        websocket: { enabled: true, events: settingsOfEvolution }
      })
      const received = yield* listening(evolution, "40/shop-1,")
      for (const number of [1, 2, 3]) evolution.emit("shop-1", "messages.upsert", message(number))
      yield* call("DELETE", "/instance/delete/shop-1")
      yield* Effect.promise(() => expect.poll(() => received.at(-1)).toContain("remove.instance"))

      const real = frames("instance-namespace.ndjson").flatMap(({ frame = "" }) => frame || [])
      const [, , realConnect = ""] = real
      expect(received[1]?.slice(0, 10)).toBe(realConnect.slice(0, 10))
      const prefix = "42/shop-1,"
      const inside = (texts: ReadonlyArray<string>) =>
        texts
          .filter((text) => text.startsWith(prefix) && !/"(chats|contacts)\./.test(text))
          .map((text) => JSON.parse(text.slice(prefix.length)))
      // The creation comes before the namespace is there.
      expect(inside(received).map(([event]) => event)).toEqual(inside(real).map(([event]) => event))
      for (const [nth, frame] of inside(received).entries())
        expect(shapeOf(frame[1])).toEqual(shapeOf(inside(real)[nth]?.[1]))
    })
  )
})

/** The capture's link was made by hand, so Evolution knew no `sender` there. */
const isAfterOpen = (name: string) => name === "connection.update open"
