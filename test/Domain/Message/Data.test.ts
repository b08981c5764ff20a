import { Either, Schema } from "effect"
import { expect, it } from "vitest"
import * as Message from "../../../src/Domain/Message.ts"

const decodes = <A>(schema: Schema.Schema<A>, data: unknown) =>
  expect(Schema.decodeUnknownEither(schema)(data)).toEqual(Either.right(data))

const key = { id: "3EB0A1", remoteJid: "5511999990001@s.whatsapp.net", fromMe: false }
const long = { low: -1, high: 0, unsigned: true }

it("keeps every field of a message, known or not, at any depth", () =>
  decodes(Message.Message, {
    key: { ...key, addressingMode: "pn", tomorrow: [1] },
    pushName: "Ana",
    message: {
      messageContextInfo: { messageSecret: "AAEC", deviceListMetadata: {} },
      imageMessage: {
        caption: "praia",
        fileLength: long,
        jpegThumbnail: "AAEC",
        contextInfo: { quotedMessage: { conversation: "foto?", later: true }, entryPoint: "x" }
      },
      viewOnceMessageV2: { message: { videoMessage: { seconds: 3, hd: true } }, v: 2 },
      aKindOfTomorrow: { text: null }
    },
    contextInfo: null,
    messageType: "imageMessage",
    messageTimestamp: 1_764_000_000,
    chatwootMessageId: 7
  }))

it.each([
  ["a number", 1_764_000_000],
  ["its digits", "1764000000"],
  ["two halves", { low: 1_764_000_000, high: 0, unsigned: true }]
])("takes a message's time as %s", (_, messageTimestamp) =>
  decodes(Message.Message, { key, messageTimestamp })
)

it("takes a message that has nothing but a key", () => decodes(Message.Message, { key }))

it("takes an empty history", () => decodes(Message.Messages, []))

it.each([
  ["as the key alone", { ...key, status: "DELETED" }],
  ["as Evolution's row", { id: "cm1", key, messageType: "conversation", status: "DELETED" }]
])("takes a deletion %s", (_, data) => decodes(Message.Deletion, data))

it("takes an edit with the type by name and by number", () => {
  const edit = { key, editedMessage: { conversation: "corrigido" }, timestampMs: "1764000000000" }
  decodes(Message.Edit, { ...edit, type: "MESSAGE_EDIT" })
  decodes(Message.Edit, { ...edit, type: 14 })
})

it("takes a change of status", () =>
  decodes(Message.Update, { keyId: "3EB0A1", status: "READ", fromMe: true, instanceId: "i-1" }))

it("takes the progress of a history", () =>
  decodes(Message.HistorySet, { messageCount: 0, chatCount: 0, contactCount: 0, progress: 100 }))

it("takes no data without a key for a message", () => {
  const isMessage = Schema.is(Message.Message)
  expect(isMessage({ key })).toBe(true)
  expect(isMessage({ message: { conversation: "oi" } })).toBe(false)
  expect(isMessage({ key: { id: "3EB0A1" } })).toBe(false)
  expect(isMessage({ key: { id: "3EB0A1", remoteJid: "" } })).toBe(false)
})
