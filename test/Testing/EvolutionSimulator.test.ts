import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { scopedSimulator } from "../../src/Testing/mod.ts"

const second = (at: number) => new Date(at * 1000).toISOString()

/** A simulator with five messages of one instance, three of them in one second. */
const simulator = Effect.fn(function* (storeMessages = true) {
  const evolution = yield* scopedSimulator({ storeMessages })
  evolution.add("shop")
  for (const [number, at] of [100, 101, 101, 101, 102].entries())
    evolution.emit("shop", number === 4 ? "send.message" : "messages.upsert", {
      key: { id: `M${number}`, remoteJid: `${number % 2}@s.whatsapp.net`, fromMe: number === 4 },
      messageTimestamp: at
    })
  evolution.emit("shop", "messages.update", { keyId: "M0" })
  const call = (path: string, body?: object) =>
    Effect.promise(async () => {
      const response = await fetch(`${evolution.url}${path}`, {
        ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
        headers: { apikey: evolution.apiKey, connection: "close" }
      })
      return { status: response.status, text: await response.text() }
    })
  const find = (body: object) =>
    Effect.map(call("/chat/findMessages/shop", body), ({ text }) => {
      const { messages } = JSON.parse(text)
      const records: ReadonlyArray<{ key: { id: string } }> = messages.records
      return { ...messages, records: records.map(({ key }) => key.id) }
    })
  return { evolution, call, find }
})

describe("findMessages", () => {
  it.scopedLive("filters by time when both ends are given, whole seconds, ends included", () =>
    Effect.gen(function* () {
      const { find } = yield* simulator()
      const between = { gte: second(101.9), lte: second(102.9) }
      expect((yield* find({ where: { messageTimestamp: between } })).total).toBe(4)
      const { gte } = between
      expect((yield* find({ where: { messageTimestamp: { gte } } })).total).toBe(5)
    })
  )

  it.scopedLive("filters by the key, and by `fromMe` when it is true alone", () =>
    Effect.gen(function* () {
      const { find } = yield* simulator()
      expect((yield* find({ where: { key: { id: "M1" } } })).records).toEqual(["M1"])
      const key = { remoteJid: "0@s.whatsapp.net" }
      expect((yield* find({ where: { key } })).total).toBe(3)
      expect((yield* find({ where: { key: { fromMe: true } } })).records).toEqual(["M4"])
      expect((yield* find({ where: { key: { fromMe: false } } })).total).toBe(5)
    })
  )

  it.scopedLive("gives pages, newest first, with ties in another order each time", () =>
    Effect.gen(function* () {
      const { find } = yield* simulator()
      const first = yield* find({ offset: 1 })
      expect(first).toEqual({ total: 5, pages: 5, currentPage: 1, records: ["M4"] })
      expect((yield* find({ offset: 1, page: 5 })).records).toEqual(["M0"])
      const orders = new Set<string>()
      for (let time = 0; time < 20; time++) orders.add((yield* find({})).records.join())
      expect(orders.size).toBeGreaterThan(1)
    })
  )

  it.scopedLive("knows nothing when nothing is stored", () =>
    Effect.gen(function* () {
      const { find } = yield* simulator(false)
      expect(yield* find({})).toMatchObject({ total: 0, pages: 0, records: [] })
    })
  )
})

describe("the websocket's settings", () => {
  it.scopedLive("are Evolution's own list when none is named, and no other name is taken", () =>
    Effect.gen(function* () {
      const { call, evolution } = yield* simulator()
      const set = (events: ReadonlyArray<string>) =>
        call("/websocket/set/shop", { websocket: { enabled: true, events } })
      expect((yield* set([])).status).toBe(201)
      const stored = evolution.instance("shop").websocket?.events
      expect(stored).toContain("GROUP_UPDATE")
      expect(stored).not.toContain("GROUPS_UPDATE")
      expect(stored).not.toContain("MESSAGING_HISTORY_SET")
      expect((yield* set(["GROUPS_UPDATE"])).status).toBe(400)
      expect((yield* set(["MESSAGING_HISTORY_SET"])).status).toBe(400)
    })
  )
})

describe("a refusal", () => {
  it.scopedLive("answers every request, the polling probe, too, until it ends", () =>
    Effect.gen(function* () {
      const { call, evolution } = yield* simulator()
      const probe = call("/socket.io/?EIO=4&transport=polling")
      expect((yield* probe).status).toBe(200)
      evolution.refuse({ status: 502, body: "Bad Gateway" })
      expect(yield* probe).toEqual({ status: 502, text: "Bad Gateway" })
      evolution.refuse("license")
      expect((yield* probe).status).toBe(200)
      expect((yield* call("/websocket/find/shop")).status).toBe(503)
    })
  )
})
