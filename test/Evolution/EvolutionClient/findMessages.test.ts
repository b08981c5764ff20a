import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Option, Schema, TestClock } from "effect"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import { EvolutionClient, type MessageQuery } from "../../../src/Evolution/EvolutionClient.ts"
import { EvolutionSimulator } from "../../../src/Testing/mod.ts"
import { evolutionAt } from "../../support/settings.ts"
import { type Answer, apiKey, clientAt, fixture, json, name, refusal, server } from "./server.ts"

const nothing = json(200, { messages: { total: 0, pages: 0, currentPage: 1, records: [] } })
const noon = Date.UTC(2026, 0, 2, 12) / 1000

const asking = (query: MessageQuery, ...answers: ReadonlyArray<Answer | undefined>) =>
  Effect.gen(function* () {
    const { requests, url } = yield* server(...answers)
    const client = yield* clientAt(url)
    return { requests, answer: client.findMessages(name, query) }
  })

const parse = Schema.decodeUnknownSync(Schema.parseJson())

describe("the request of findMessages", () => {
  it.scoped.each([
    [
      "a stretch of seconds, both ends of it",
      { seconds: [noon - 60, noon + 0], pageSize: 250 },
      {
        where: {
          messageTimestamp: { gte: "2026-01-02T11:59:00.000Z", lte: "2026-01-02T12:00:00.000Z" }
        },
        page: 1,
        offset: 250
      }
    ],
    [
      "one message by its key",
      { keyId: "MSG0001", pageSize: 1 },
      { where: { key: { id: "MSG0001" } }, page: 1, offset: 1 }
    ],
    ["whatever there is", { pageSize: 1 }, { where: {}, page: 1, offset: 1 }],
    [
      "one message of one second, even of the first",
      { seconds: [0, 0], keyId: "MSG0001", pageSize: 3 },
      {
        where: {
          messageTimestamp: { gte: "1970-01-01T00:00:00.000Z", lte: "1970-01-01T00:00:00.000Z" },
          key: { id: "MSG0001" }
        },
        page: 1,
        offset: 3
      }
    ]
  ] as const)("findMessages asks for %s", ([, query, body]) =>
    Effect.gen(function* () {
      const { answer, requests } = yield* asking(query, nothing)
      expect(yield* answer).toEqual({ messages: { total: 0, records: [] } })
      expect(requests.map(({ call, headers }) => [call, headers.apikey])).toEqual([
        ["POST /chat/findMessages/shop-1", apiKey]
      ])
      expect(parse(requests[0]?.body)).toEqual(body)
    })
  )

  it.scopedLive("findMessages is repeated after a failure, but not after a refusal", () =>
    Effect.gen(function* () {
      const down = yield* asking({ pageSize: 1 }, json(500, {}), json(502, {}), nothing)
      expect((yield* down.answer).messages.total).toBe(0)
      expect(down.requests).toHaveLength(3)
      expect(new Set(down.requests.map(({ body }) => body)).size).toBe(1)
      const refused = yield* asking({ pageSize: 1 }, refusal(400, "no"), nothing)
      expect(yield* Effect.flip(refused.answer)).toMatchObject({ message: "no", status: 400 })
      expect(refused.requests).toHaveLength(1)
    })
  )

  it.scoped("findMessages waits for 30 s, and asks once", () =>
    Effect.gen(function* () {
      const { answer, requests } = yield* asking({ pageSize: 1 }, undefined)
      const fiber = yield* Effect.fork(Effect.flip(answer))
      yield* TestClock.adjust("29 seconds")
      expect(yield* Fiber.poll(fiber)).toEqual(Option.none())
      yield* TestClock.adjust("1 second")
      expect((yield* Fiber.join(fiber))._tag).toBe("EvolutionUnavailable")
      expect(requests.length).toBeLessThan(2)
    })
  )
})

describe("the answer to findMessages", () => {
  it.scoped.each([
    ["rest-find-messages.json", 3],
    ["rest-find-messages-range.json", 2]
  ] as const)("findMessages decodes %s and keeps each record whole", ([file, count]) =>
    Effect.gen(function* () {
      const { answer } = yield* asking({ pageSize: 2 }, { status: 200, body: fixture(file) })
      const { messages } = yield* answer
      expect([messages.total, messages.records.length]).toEqual([3, count])
      expect(messages.records[0]?.key).toEqual({
        id: "MSG0001",
        fromMe: false,
        remoteJid: "5511988887777@s.whatsapp.net"
      })
      expect({ messages: { records: messages.records } }).toEqual({
        messages: { records: JSON.parse(fixture(file)).messages.records }
      })
    })
  )

  it.scopedLive.each([
    ["a record without a key", [{ messageTimestamp: noon, message: { text: "private" } }]],
    ["a key without a chat", [{ key: { id: "MSG0001" }, messageTimestamp: noon }]],
    ["a time that is no number", [{ key: { id: "1", remoteJid: "2" }, messageTimestamp: "noon" }]],
    ["records that are no list", { private: true }]
  ])("findMessages fails on %s and does not quote it", ([, records]) =>
    Effect.gen(function* () {
      const { answer } = yield* asking(
        { pageSize: 1 },
        json(200, { messages: { total: 1, records } })
      )
      const error = yield* Effect.flip(answer)
      expect(error).toMatchObject({ _tag: "EvolutionUnavailable", status: 200 })
      expect(JSON.stringify(error)).not.toMatch(/private|noon/)
    })
  )

  it.scoped.each([
    ["rest-401.json", 401, "KeyRefused"],
    ["rest-404.json", 404, "InstanceNotFound"]
  ] as const)("findMessages decodes the refusal in %s", ([file, status, tag]) =>
    Effect.gen(function* () {
      const { answer } = yield* asking(
        { pageSize: 1 },
        { status, body: fixture(file).replace('"none\\"', `"${name}\\"`) }
      )
      expect((yield* Effect.flip(answer))._tag).toBe(tag)
    })
  )
})

describe("findMessages at a simulated Evolution", () => {
  it.scoped("findMessages finds stored messages by time and by key, newest first", () =>
    Effect.gen(function* () {
      const simulator = Context.get(
        yield* Layer.build(EvolutionSimulator.layer()),
        EvolutionSimulator
      )
      const client = Context.get(
        yield* Layer.build(Layer.provide(EvolutionClient.layer, evolutionAt(simulator))),
        EvolutionClient
      )
      simulator.add(name)
      for (let n = 0; n < 10; n++)
        simulator.emit(name, "messages.upsert", {
          key: { id: `M${n}`, remoteJid: "5511988887777@s.whatsapp.net", fromMe: false },
          message: { conversation: "Olá" },
          messageTimestamp: noon + n
        })
      const find = (query: Omit<MessageQuery, "pageSize">, pageSize = 250) =>
        Effect.map(client.findMessages(name, { ...query, pageSize }), ({ messages }) => [
          messages.total,
          ...messages.records.map(({ key }) => key.id)
        ])
      expect(yield* find({ seconds: [noon + 3, noon + 5] })).toEqual([3, "M5", "M4", "M3"])
      expect(yield* find({ seconds: [noon + 3, noon + 5] }, 2)).toEqual([3, "M5", "M4"])
      expect(yield* find({ keyId: "M7" })).toEqual([1, "M7"])
      expect(yield* find({ keyId: "M77" })).toEqual([0])
      expect(yield* find({}, 1)).toEqual([10, "M9"])
      const gone = InstanceName.make("gone")
      expect((yield* Effect.flip(client.findMessages(gone, { pageSize: 1 })))._tag).toBe(
        "InstanceNotFound"
      )
    })
  )
})
