/** The views take whatever an event has, and never throw. */
import { FastCheck } from "effect"
import { expect, it } from "vitest"
import * as Message from "../../../src/Domain/Message.ts"
import { propertyRuns } from "../../support/propertyRuns.ts"

const words = [
  "key",
  "id",
  "remoteJid",
  "fromMe",
  "participant",
  "message",
  "messageType",
  "messageTimestamp",
  "contextInfo",
  "quotedMessage",
  "stanzaId",
  "mentionedJid",
  "conversation",
  "imageMessage",
  "caption",
  "fileLength",
  "low",
  "high",
  "unsigned",
  "ephemeralMessage",
  "protocolMessage",
  "type",
  "editedMessage",
  "reactionMessage",
  "text",
  "pollUpdateMessage",
  "vote",
  "selectedOptions",
  "contactsArrayMessage",
  "contacts",
  "vcard",
  "templateMessage",
  "hydratedTemplate",
  "hydratedButtons",
  "interactiveMessage",
  "nativeFlowMessage",
  "buttons",
  "buttonParamsJson",
  "eventMessage",
  "startTime",
  "orderMessage",
  "totalAmount1000",
  "keyId",
  "status",
  "timestampMs",
  "__proto__",
  "constructor",
  "toString"
] as const

const leaf = FastCheck.oneof(
  FastCheck.string(),
  FastCheck.double(),
  FastCheck.boolean(),
  FastCheck.constantFrom(
    null,
    0,
    14,
    -1,
    2 ** 53,
    1e308,
    "REVOKE",
    "1764000000",
    "5511999990001@s.whatsapp.net",
    "1@lid",
    "1@g.us",
    '{"display_text":1}',
    "not JSON"
  )
)

/** JSON with the words of messages in places where they do not belong. */
const { value: anything } = FastCheck.letrec<{ value: unknown }>((tie) => ({
  value: FastCheck.oneof(
    { depthSize: "large", withCrossShrink: true },
    leaf,
    FastCheck.array(tie("value"), { maxLength: 3 }),
    FastCheck.dictionary(
      FastCheck.oneof(FastCheck.constantFrom(...words), FastCheck.string()),
      tie("value"),
      { maxKeys: 5 }
    )
  )
}))

const aKey = { id: "3EB0A1", remoteJid: "5511999990001@s.whatsapp.net" }
const runs = { numRuns: propertyRuns(3000) }

const viewsOf = (data: unknown) => [
  Message.view(data),
  Message.view(data, { mediaKey: true, self: "5511900000001" }),
  Message.statusOf(data),
  Message.editOf(data),
  Message.deletionOf(data)
]

it("shows any JSON without throwing, as JSON", () =>
  FastCheck.assert(
    FastCheck.property(FastCheck.oneof(anything, FastCheck.jsonValue()), (data) => {
      const views = viewsOf(data)
      expect(JSON.parse(JSON.stringify(views))).toHaveLength(views.length)
    }),
    runs
  ))

it("shows any content of a message, and leaves the data as it is", () =>
  FastCheck.assert(
    FastCheck.property(anything, anything, anything, (message, contextInfo, messageType) => {
      const data = { key: aKey, message, contextInfo, messageType, messageTimestamp: message }
      const before = JSON.stringify(data)
      const shown = Message.view(data)
      expect(shown?.id).toBe(aKey.id)
      expect(typeof shown?.text === "string" || shown?.text === null).toBe(true)
      expect(JSON.stringify(data)).toBe(before)
    }),
    runs
  ))

it("ends for data of any depth", () => {
  const deep = (key: string) => {
    let data: unknown = { conversation: "oi" }
    for (let level = 0; level < 20_000; level++)
      data = { [key]: { message: data, quotedMessage: data } }
    return data
  }
  for (const key of ["ephemeralMessage", "protocolMessage", "contextInfo", "message"])
    expect(Message.view({ key: aKey, message: deep(key) })?.kind).toBeDefined()
})
