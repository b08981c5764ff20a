import { readdirSync, readFileSync } from "node:fs"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import * as Message from "../../../src/Domain/Message.ts"

interface Case {
  readonly about: string
  readonly event: string
  readonly data: object
  readonly view: object
}

const folder = new URL("../../fixtures/messages/", import.meta.url)
const cases = readdirSync(folder).map((file): [string, Case] => [
  file.replace(".json", ""),
  JSON.parse(readFileSync(new URL(file, folder), "utf8"))
])
const caseOf = (name: string): Case => new Map(cases).get(name) ?? expect.fail(name)

/** The facts that most of the cases share. */
const usual = {
  id: "3EB0C431C26A1916E07A",
  chat: {
    jid: "5511999990001@s.whatsapp.net",
    phone: "5511999990001",
    lid: "123456789012345@lid",
    kind: "person"
  },
  sender: {
    jid: "5511999990001@s.whatsapp.net",
    phone: "5511999990001",
    lid: "123456789012345@lid"
  },
  fromMe: false,
  pushName: "Ana",
  quoted: null,
  mentions: [],
  timestamp: "2025-11-24T16:00:00.000Z",
  isForwarded: false,
  isViewOnce: false,
  expiration: null
}

describe("Message.view", () => {
  it.each(cases)("shows the message of %s.json", (_, { data, view }) => {
    expect(JSON.parse(JSON.stringify(Message.view(data)))).toEqual({ ...usual, ...view })
  })

  it.each(cases)("has a schema that takes the data of %s.json", (_, { data }) => {
    expect(Schema.decodeUnknownSync(Message.Message)(data)).toEqual(data)
  })

  it("gives no key of a file unless it is asked for", () => {
    const { data } = caseOf("image")
    expect(JSON.stringify(Message.view(data))).not.toContain("mediaKey")
    expect(Message.view(data, { mediaKey: true })).toMatchObject({
      media: { mediaKey: expect.stringMatching(/^[\w+/]+=*$/) }
    })
  })

  it("takes our own number for the sender of our messages", () => {
    const { data } = caseOf("text-sent")
    const sender = { jid: "5511900000001", phone: "5511900000001", lid: null }
    expect(Message.view(data, { self: "5511900000001" })?.sender).toEqual(sender)
    expect(Message.view(caseOf("text").data, { self: "5511900000001" })?.sender).toEqual(
      usual.sender
    )
  })

  it("knows a message that was to be seen once, and of which nothing came", () => {
    const key = { id: "3EB0A1", remoteJid: "5511999990001@s.whatsapp.net", isViewOnce: true }
    expect(Message.view({ key })).toMatchObject({ kind: "unknown", type: null, isViewOnce: true })
  })

  it.each([
    ["nothing", null],
    ["a list", []],
    ["a status", { keyId: "3EB0A1", status: "READ" }],
    ["a key without an id", { key: { remoteJid: "a@g.us" }, message: { conversation: "oi" } }],
    ["a key without a chat", { key: { id: "3EB0A1" }, message: { conversation: "oi" } }]
  ])("takes %s for no message", (_, data) => {
    expect(Message.view(data)).toBeNull()
  })

  it("narrows the facts by the kind", () => {
    const shown = Message.view(caseOf("audio").data)
    expect(shown?.kind === "audio" && shown.isVoiceNote ? shown.media.seconds : null).toBe(5)
  })

  it("finds a message in eight wrappers, and gives up below", () => {
    const wrapped = (levels: number): object =>
      levels === 0 ? { conversation: "oi" } : { ephemeralMessage: { message: wrapped(levels - 1) } }
    const key = { id: "3EB0A1", remoteJid: "5511999990001@s.whatsapp.net" }
    expect(Message.view({ key, message: wrapped(8) })).toMatchObject({ kind: "text", text: "oi" })
    expect(Message.view({ key, message: wrapped(9) })).toMatchObject({ kind: "unknown" })
  })

  it("prefers the kind that says more, whatever the order of the fields", () => {
    const key = { id: "3EB0A1", remoteJid: "5511999990001@s.whatsapp.net" }
    const image = { imageMessage: { caption: "praia" } }
    for (const message of [
      { conversation: "", ...image },
      { ...image, conversation: "" }
    ])
      expect(Message.view({ key, message })).toMatchObject({ kind: "image", text: "praia" })
  })
})
