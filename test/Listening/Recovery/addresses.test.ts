import { readFileSync } from "node:fs"
import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import type { FoundMessage } from "../../../src/Evolution/EvolutionClient/Body.ts"
import { row } from "./Evolution.ts"
import { makeWorld, shop, start } from "./World.ts"

const phone = "5511999990001@s.whatsapp.net"
const lid = "123456789012345@lid"

/** A row with this key. */
const keyed = (id: string, second: number, key: object): FoundMessage => {
  const plain = row(id, start + second)
  return { ...plain, key: { ...plain.key, ...key } }
}

const hidden = (id: string, second: number, key: object = {}) =>
  keyed(id, second, { remoteJid: lid, ...key })

const keysIn = (log: ReadonlyArray<{ readonly event: string; readonly json: unknown }>) =>
  log
    .filter(({ event }) => event === "messages.upsert")
    .map(({ json }) => JSON.parse(String(json)).key)

describe("Back-fill of a person with two addresses", () => {
  it.scoped("logs no message again that was heard under the other address", () =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, hears, messages, verdict } = yield* makeWorld()
      const both = JSON.parse(
        readFileSync(new URL("../../fixtures/two-addresses.json", import.meta.url), "utf8")
      )
      const at = { messageTimestamp: start + 10 }
      const { data } = both.live
      yield* hears([{ id: "row", ...data, ...at }])
      evolution.stores(shop, [
        { ...both.findMessages.messages.records[0], ...at },
        hidden("missed", 20, { remoteJidAlt: phone })
      ])
      yield* gap(16, 24)
      yield* backfill()
      yield* TestClock.adjust("10 seconds")
      expect(messages().map(({ chat, id }) => [id, chat])).toEqual([
        ["3EB0AAAAAAAAAAAAAA01", phone],
        ["missed", phone]
      ])
      expect(verdict()).toMatchObject({ recovered: true, fetched: 1 })
    })
  )

  it.scoped.each([
    ["remoteJidAlt", { remoteJidAlt: phone }],
    // Baileys before 7 and Evolution 2.3.2: EvolutionAPI/evolution-api#1872
    ["senderPn", { senderPn: phone }],
    ["previousRemoteJid", { previousRemoteJid: phone }]
  ] as const)("puts a missed message into the chat of the phone in %s, and keeps both", ([, key]) =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, log } = yield* makeWorld()
      evolution.stores(shop, [hidden("A", 10, key)])
      yield* gap(5, 20)
      yield* backfill()
      yield* TestClock.adjust("10 seconds")
      expect(keysIn(log)).toEqual([
        { id: "A", fromMe: false, ...key, remoteJid: phone, remoteJidAlt: lid }
      ])
    })
  )

  it.scoped.each([
    [
      "another message of the page names",
      [hidden("A", 10), hidden("B", 11, { remoteJidAlt: phone })],
      []
    ],
    // Chats twice for one contact: EvolutionAPI/evolution-api#2506
    [
      "a second row of the same message has",
      [hidden("A", 10), hidden("B", 11), keyed("B", 11, { remoteJid: phone })],
      []
    ],
    [
      "a message of the log has",
      [hidden("A", 10), hidden("heard", 3)],
      [keyed("heard", 3, { remoteJid: phone })]
    ]
  ] as const)("puts a missed message into the chat of the phone that %s", ([, stored, heard]) =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, hears, messages } = yield* makeWorld()
      yield* hears(heard)
      evolution.stores(shop, stored)
      yield* gap(5, 20)
      yield* backfill()
      yield* TestClock.adjust("10 seconds")
      expect(messages().every(({ chat }) => chat === phone)).toBe(true)
      expect(messages().filter(({ id }) => id === "A")).toHaveLength(1)
      expect(messages().filter(({ id }) => id === "B").length).toBeLessThan(2)
    })
  )

  it.scoped.each([
    // RemoteJid and nothing else: EvolutionAPI/evolution-api#2337
    ["a hidden address whose phone nobody tells", hidden("A", 10)],
    [
      "a group",
      keyed("A", 10, { remoteJid: "1203@g.us", participant: lid, participantAlt: phone })
    ],
    ["a phone", keyed("A", 10, { remoteJid: phone, remoteJidAlt: lid })],
    [
      "an own message whose sender is our phone",
      hidden("A", 10, { fromMe: true, senderPn: phone })
    ],
    ["a channel", keyed("A", 10, { remoteJid: "1203@newsletter" })]
  ] as const)("leaves the address as it is of %s", ([, stored]) =>
    Effect.gen(function* () {
      const { backfill, evolution, gap, log } = yield* makeWorld()
      evolution.stores(shop, [stored])
      yield* gap(5, 20)
      yield* backfill()
      yield* TestClock.adjust("10 seconds")
      expect(keysIn(log)).toEqual([stored.key])
    })
  )
})
