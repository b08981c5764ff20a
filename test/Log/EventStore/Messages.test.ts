import { SqlClient } from "@effect/sql"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, Layer, ManagedRuntime } from "effect"
import type { EvolutionEvent } from "../../../src/Domain/Event.ts"
import { EventStore } from "../../../src/Log/EventStore.ts"
import { databases } from "../../support/databases.ts"
import { event, nothing, receivedAt } from "./batch.ts"

const chat = "5511988887777@s.whatsapp.net"
const phone = "5511999990001@s.whatsapp.net"
const lid = "123456789012345@lid"
const otherChat = "120363041234567890@g.us"

/** An event about a message. */
const message = (id: string, more: Partial<EvolutionEvent> = {}, remoteJid = chat) =>
  event(JSON.stringify({ key: { id, remoteJid, fromMe: false }, message: {} }), more)

const idsOf = (messages: ReadonlyArray<EvolutionEvent>) =>
  messages.map(({ json }) => JSON.parse(String(json)).key?.id)

describe.each(databases)("EventStore on %s", (_name, database) => {
  const runtime = ManagedRuntime.make(Layer.provideMerge(EventStore.layer, database))
  beforeAll(() => runtime.runPromise(Effect.void), 30_000)
  beforeEach(() =>
    runtime.runPromise(
      Effect.flatMap(
        SqlClient.SqlClient,
        (sql) => sql`truncate events, quarantine, gaps restart identity`
      )
    )
  )
  afterAll(() => runtime.dispose(), 30_000)

  const test = (
    title: string,
    body: (store: EventStore["Type"], sql: SqlClient.SqlClient) => Effect.Effect<unknown, unknown>
  ) =>
    it.effect(title, () =>
      Effect.provide(
        Effect.flatMap(Effect.all([EventStore, SqlClient.SqlClient]), ([store, sql]) =>
          body(store, sql)
        ),
        runtime
      )
    )

  test("returns the back-filled messages that the log lacks, in their order", (store) =>
    Effect.gen(function* () {
      const heard = [
        message("A1"),
        message("A2", { event: "send.message" }),
        message("A3", { origin: "backfill" }),
        message("A4", {}, otherChat)
      ]
      yield* store.append({ ...nothing, events: heard })
      const asked = ["B2", "A1", "B1", "A2", "A3", "A4", "B0"].map((id) =>
        message(id, { origin: "backfill" })
      )
      const fresh = yield* store.unheard(asked)
      // "A4" was said in another chat.
      expect(idsOf(fresh)).toEqual(["B2", "B1", "A4", "B0"])
      expect(fresh.every((one) => asked.includes(one))).toBe(true)
    }))

  const pairs = [
    // [logged key, fetched key, whether they are one message]
    ["the same chat", { remoteJid: phone }, { remoteJid: phone }, true],
    // 2.3.7 emits the phone and stores the hidden address
    [
      "the phone, and the hidden address that names it",
      { remoteJid: phone, remoteJidAlt: phone },
      { remoteJid: lid, remoteJidAlt: phone },
      true
    ],
    // EvolutionAPI/evolution-api#2337: no remoteJidAlt at all
    ["the phone, and a hidden address alone", { remoteJid: phone }, { remoteJid: lid }, true],
    // EvolutionAPI/evolution-api#1872: only @lid in the event
    ["a hidden address alone, and the phone", { remoteJid: lid }, { remoteJid: phone }, true],
    // 2.4 swaps the two
    [
      "the phone with the hidden address beside it, and the hidden one",
      { remoteJid: phone, remoteJidAlt: lid },
      { remoteJid: lid, remoteJidAlt: phone },
      true
    ],
    // 2.3.3 keeps the hidden address so: EvolutionAPI/evolution-api#1955
    [
      "the phone, and the hidden address with the phone as the previous one",
      { remoteJid: phone },
      { remoteJid: lid, previousRemoteJid: phone },
      true
    ],
    [
      "the phone, and a hidden address that names another phone",
      { remoteJid: phone },
      { remoteJid: lid, remoteJidAlt: "5511977776666@s.whatsapp.net" },
      false
    ],
    ["two phones", { remoteJid: phone }, { remoteJid: "5511977776666@s.whatsapp.net" }, false],
    ["two hidden addresses", { remoteJid: lid }, { remoteJid: "999@lid" }, false],
    ["a group, and a hidden address", { remoteJid: otherChat }, { remoteJid: lid }, false],
    [
      "another direction",
      { remoteJid: phone, fromMe: true },
      { remoteJid: phone, fromMe: false },
      false
    ]
  ] as const
  for (const [what, logged, found, isOne] of pairs)
    test(`${isOne ? "knows a message again" : "tells two messages apart"} by ${what}`, (store) =>
      Effect.gen(function* () {
        const keyed = (key: object, origin: "live" | "backfill") =>
          event(JSON.stringify({ key: { id: "A1", fromMe: false, ...key } }), { origin })
        yield* store.append({ ...nothing, events: [keyed(logged, "live")] })
        expect(yield* store.unheard([keyed(found, "backfill")])).toHaveLength(isOne ? 0 : 1)
      }))

  test("gives the phones of hidden addresses, from messages that it has", (store) =>
    Effect.gen(function* () {
      yield* store.append({
        ...nothing,
        events: [message("A1", {}, phone), message("A2", {}, otherChat), message("A3", {}, lid)]
      })
      const hidden = ["A1", "A2", "A3", "A4"].map((id) => ({ id, lid }))
      expect(yield* store.phonesOf("shop", hidden)).toEqual([[lid, phone]])
      expect(yield* store.phonesOf("bar", hidden)).toEqual([])
    }))

  test("ignores messages of other instances and ids in other kinds of events", (store) =>
    Effect.gen(function* () {
      const elsewhere = [
        message("A1", { instance: "bar" }),
        message("A1", { event: "messages.delete" }),
        message("A1", { event: "call" })
      ]
      yield* store.append({ ...nothing, events: elsewhere })
      expect(idsOf(yield* store.unheard([message("A1")]))).toEqual(["A1"])
      expect(yield* store.unheard([message("A1", { instance: "bar" })])).toEqual([])
    }))

  test("compares messages with data of any shape", (store) =>
    Effect.gen(function* () {
      const shapes = [
        "null",
        '"text"',
        "[]",
        '{"key":null}',
        '{"key":"A1"}',
        '{"key":{"id":["A1"]}}',
        '{"key":{"id":"A1"}}'
      ]
      yield* store.append({ ...nothing, events: shapes.map((json) => event(json)) })
      const ids = ["A1", "'; drop table events; --", '"\\', "世界", ""]
      const asked = ids.map((id) => message(id))
      expect(idsOf(yield* store.unheard(asked))).toEqual(ids)
      yield* store.append({ ...nothing, events: asked })
      expect(yield* store.unheard(asked)).toEqual([])
      expect(yield* store.unheard(shapes.map((json) => event(json)))).toHaveLength(shapes.length)
      expect(yield* store.unheard([])).toEqual([])
    }))

  test("compares a thousand messages in one call", (store) =>
    Effect.gen(function* () {
      const messages = Array.from({ length: 1000 }, (_, n) => message(`A${n}`))
      yield* store.append({ ...nothing, events: messages.filter((_, n) => n % 3 === 0) })
      expect(yield* store.unheard(messages)).toEqual(messages.filter((_, n) => n % 3 !== 0))
    }))

  /** Events, one a second from the first second on, as they were heard. */
  const heard = (events: ReadonlyArray<EvolutionEvent>) =>
    events.map((one, n) => ({ ...one, receivedAt: receivedAt + (n + 1) * 1000 }))
  const idsAround = (
    store: EventStore["Type"],
    ...where: Parameters<EventStore["Type"]["messagesAround"]>
  ) =>
    Effect.map(store.messagesAround(...where), ({ after, before }) => ({
      before: before.map(({ id }) => id),
      after: after.map(({ id }) => id)
    }))
  const at = (seconds: number) => DateTime.unsafeMake(receivedAt + seconds * 1000)

  test("returns the two live messages nearest to each side of a gap, nearest first", (store) =>
    Effect.gen(function* () {
      const ids = ["A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9"]
      yield* store.append({ ...nothing, events: heard(ids.map((id) => message(id))) })
      const around = (from: number, to: number, instance = "shop") =>
        idsAround(store, instance, at(from), at(to))
      expect(yield* around(3.5, 6.5)).toEqual({ before: ["A3", "A2"], after: ["A7", "A8"] })
      // What was heard as it began, or as it ended, was heard.
      expect(yield* around(3, 6)).toEqual({ before: ["A3", "A2"], after: ["A6", "A7"] })
      expect(yield* around(1, 9)).toEqual({ before: ["A1"], after: ["A9"] })
      expect(yield* around(0.5, 9.5)).toEqual({ before: [], after: [] })
      expect(yield* around(3, 6, "nobody")).toEqual({ before: [], after: [] })
    }))

  test("counts only live messages of the instance that have an id", (store) =>
    Effect.gen(function* () {
      const others = [
        message("B1", { event: "messages.update" }),
        message("B2", { origin: "backfill" }),
        message("B3", { instance: "bar" }),
        event('{"key":{"remoteJid":"B4"}}'),
        event("null")
      ]
      const own = [message("A1"), message("A2", { event: "send.message" }, otherChat)]
      const events = heard([...own, ...others, ...others, ...own])
      yield* store.append({ ...nothing, events })
      const gapEnds = at(7.5)
      expect(yield* idsAround(store, "shop", gapEnds, gapEnds)).toEqual({
        before: ["A2", "A1"],
        after: ["A1", "A2"]
      })
    }))

  test("says when a message beside a gap was sent and heard, and of which instance", (store) =>
    Effect.gen(function* () {
      const whose = event('{"key":{"id":"A1"},"instanceId":"i-1","messageTimestamp":1767323045}')
      // Evolution's Business channel writes the time as a text, and other versions as a pair of numbers.
      const others = ['"1767323045"', '{"low":1767323045,"high":0}'].map((time, n) =>
        event(`{"key":{"id":"B${n}"},"messageTimestamp":${time}}`)
      )
      yield* store.append({ ...nothing, events: heard([whose, ...others]) })
      expect((yield* store.messagesAround("shop", at(1), at(2))).before).toEqual([
        { id: "A1", at: receivedAt + 1000, sentAt: 1_767_323_045_000, instanceId: "i-1" }
      ])
      expect((yield* store.messagesAround("shop", at(1), at(2))).after).toMatchObject([
        { sentAt: 1_767_323_045_000 },
        { sentAt: null }
      ])
    }))

  test("returns the message before a gap when no message follows the gap", (store) =>
    Effect.gen(function* () {
      yield* store.append({ ...nothing, events: heard([message("A1")]) })
      expect(yield* idsAround(store, "shop", at(5), at(9))).toEqual({
        before: ["A1"],
        after: []
      })
      expect(yield* idsAround(store, "shop", at(-9), at(-5))).toEqual({
        before: [],
        after: ["A1"]
      })
    }))

  test("searches a few thousand events of the instance on each side of a gap", (store) =>
    Effect.gen(function* () {
      const silence = (count: number, instance = "shop") =>
        Array.from({ length: count }, () => event("{}", { event: "presence.update", instance }))
      const around = idsAround(store, "shop", at(0), at(9000))
      yield* store.append({ ...nothing, events: [message("A1"), ...silence(2000)] })
      yield* store.append({ ...nothing, events: silence(6000, "bar") })
      expect(yield* around).toMatchObject({ before: ["A1"] })
      yield* store.append({ ...nothing, events: silence(8000) })
      expect(yield* around).toMatchObject({ before: [] })
    }))
})
