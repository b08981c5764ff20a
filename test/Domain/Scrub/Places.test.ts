import { describe, expect, it } from "@effect/vitest"
import { Places } from "../../../src/Domain/Scrub.ts"

const bytes = { type: "Buffer", data: [1, 2, 3] }

/** What decrypts more than the one message it comes with, or logs in. */
const keys = {
  protocolMessage: {
    type: "APP_STATE_SYNC_KEY_SHARE",
    appStateSyncKeyShare: {
      keys: [{ keyId: { keyId: "AAAA" }, keyData: { keyData: "s3cret", timestamp: 1 } }]
    },
    historySyncNotification: { mediaKey: "s3cret", directPath: "/v/t", fileSha256: "hash" },
    peerDataOperationRequestResponseMessage: {
      peerDataOperationResult: [
        { waffleNonceFetchRequestResponse: { nonce: "s3cret", waEntFbid: "7" } },
        { companionCanonicalUserNonceFetchRequestResponse: { nonce: "s3cret" } }
      ]
    }
  },
  senderKeyDistributionMessage: { axolotlSenderKeyDistributionMessage: "s3cret" },
  fastRatchetKeySenderKeyDistributionMessage: { 0: "s3cret" },
  call: { callKey: "s3cret" },
  bcallMessage: { masterKey: "s3cret", caption: "call" },
  conversation: "witness"
}

const without = (event: string, data: unknown): string => JSON.stringify(Places.inData(event, data))

describe("Places", () => {
  it.each<readonly [string, string, unknown]>([
    ["a message", "messages.upsert", { message: keys }],
    ["a list of messages", "messages.set", [{ message: {} }, { message: keys }]],
    ["a message that we sent", "send.message", { message: keys }],
    [
      "a message of the phone",
      "messages.upsert",
      { message: { deviceSentMessage: { message: keys } } }
    ],
    [
      "an ephemeral message",
      "messages.upsert",
      { message: { ephemeralMessage: { message: keys } } }
    ],
    [
      "a quoted message",
      "messages.upsert",
      { message: { extendedTextMessage: { contextInfo: { quotedMessage: keys } } } }
    ],
    ["a quoted message beside", "messages.upsert", { contextInfo: { quotedMessage: keys } }],
    [
      "an edited message",
      "messages.upsert",
      { message: { editedMessage: { message: { protocolMessage: { editedMessage: keys } } } } }
    ],
    ["an update", "messages.update", { keyId: "1", message: keys }]
  ])("the keys of %s are removed, and nothing else", (_, event, data) => {
    const text = without(event, data)
    expect(text).not.toContain("s3cret")
    for (const kept of ["AAAA", "/v/t", "hash", "witness", "waEntFbid", '"caption":"call"'])
      expect(text).toContain(kept)
  })

  it("the keys of a protocol message that is an event's data are removed", () => {
    for (const event of ["messages.edited", "send.message.update"])
      expect(without(event, keys.protocolMessage)).not.toContain("s3cret")
  })

  it("the same names at other places are content", () => {
    const { protocolMessage, ...rest } = keys
    const named = { apiKey: "a", token: "b", hash: "c", qrcode: { code: "2@d" }, ...rest }
    for (const [event, data] of [
      ["call", keys],
      ["messages.edited", { message: { conversation: "x" }, note: protocolMessage }],
      ["messages.upsert", { message: { interactiveMessage: named } }],
      ["contacts.update", [{ session: { parameters: { apiKey: "a" } } }]],
      ["typebot.start", { variables: named }]
    ] as const)
      expect(Places.inData(event, data)).toBe(data)
  })

  it("credentials of an instance are removed from its life-cycle events", () => {
    const row = {
      instanceName: "shop",
      token: "s3cret",
      hash: { apikey: "s3cret" },
      accessTokenWaBusiness: "",
      Chatwoot: { token: "s3cret", url: "https://chat.example" },
      Proxy: { host: "h", password: "s3cret" },
      Webhook: { url: "https://hook.example", headers: { "x-any": "s3cret" } },
      Setting: { wavoipToken: "s3cret", msgCall: "" },
      qrcode: { code: "s3cret" },
      pairingCode: null
    }
    const text = without("instance.create", row)
    expect(text).not.toContain("s3cret")
    expect(JSON.parse(text)).toMatchObject({
      instanceName: "shop",
      accessTokenWaBusiness: "",
      Chatwoot: { url: "https://chat.example" },
      Webhook: { url: "https://hook.example" },
      pairingCode: null
    })
    expect(JSON.parse(without("creds.update", { noiseKey: bytes, registered: true }))).toEqual({
      noiseKey: { type: "[redacted]", data: "[redacted]" },
      registered: true
    })
  })

  it("an event that Evolution has not yet is read by the beginning of its name", () => {
    const session = { parameters: { apiKey: "s3cret" } }
    expect(without("typebot.new", { session })).not.toContain("s3cret")
    expect(without("instance.new", { token: "s3cret", qrcode: "s3cret" })).not.toContain("s3cret")
    const data = { session, token: "a", qrcode: "b", message: keys }
    expect(Places.inData("new.event", data)).toBe(data)
  })

  it("a message is read only in an event of messages, and a protocol message only in its own", () => {
    const contact = { message: keys, contextInfo: { quotedMessage: keys } }
    expect(Places.inData("contacts.update", contact)).toBe(contact)
    expect(Places.inData("messages.upsert", keys.protocolMessage)).toBe(keys.protocolMessage)
  })

  it("data that is no object is left to the form of the event", () => {
    for (const data of ["text", 7, null, undefined])
      for (const event of ["creds.update", "messages.upsert", "messages.edited", "call"])
        expect(Places.inData(event, data)).toBe(data)
  })

  it("an event of which one name is about codes loses all texts", () => {
    for (const events of [
      ["call", "qrcode.updated"],
      ["qrcode.updated", "call"]
    ])
      expect(Places.inPayload(events, { a: "s3cret", data: { b: "s3cret", n: 1 } })).toEqual({
        a: "[redacted]",
        data: { b: "[redacted]", n: 1 }
      })
  })

  it("a value without a place is the same reference, and the original is never changed", () => {
    const data = { message: { conversation: "x" }, key: { id: "1" } }
    expect(Places.inData("messages.upsert", data)).toBe(data)
    const original = structuredClone(keys)
    Places.inData("messages.upsert", { message: keys })
    expect(keys).toEqual(original)
  })

  it("messages within messages beyond any depth do not overflow the stack", () => {
    const deep = Array.from({ length: 50_000 }).reduce<object>(
      (message) => ({ a: { message } }),
      {}
    )
    const nested = Array.from({ length: 50_000 }).reduce<unknown>((inner) => [inner], {})
    for (const data of [deep, { message: deep }, { message: nested }, nested])
      expect(Places.inData("messages.upsert", data)).toBe(data)
  })

  it("an event whose names differ loses what either name stands for", () => {
    const payload = [{ apikey: "s3cret", data: { session: { parameters: { apiKey: "s3cret" } } } }]
    expect(Places.inPayload(["call", "typebot.start"], payload)).toEqual([
      { apikey: "[redacted]", data: { session: { parameters: { apiKey: "[redacted]" } } } }
    ])
  })
})
