/** The bounds of what the views take: numbers, times, addresses, wrappers, and what stands beside. */
import { DateTime } from "effect"
import { describe, expect, it } from "vitest"
import { numberIn } from "../../../src/Domain/Message/Numbers.ts"
import { timeOf } from "../../../src/Domain/Message/Read/Reader.ts"
import * as Message from "../../../src/Domain/Message.ts"

const person = "5511999990001@s.whatsapp.net"
const key = { id: "3EB0A1", remoteJid: person }
const shown = (message: object, more: object = {}) => Message.view({ key, message, ...more })

describe("A number of WhatsApp", () => {
  it("is a number, its digits, or the two halves of 64 bits", () => {
    expect(numberIn(1.5)).toBe(1.5)
    expect(numberIn("-12")).toBe(-12)
    expect(numberIn({ low: 1, high: 2 })).toBe(2 ** 33 + 1)
    expect(numberIn({ low: -1, high: 0 })).toBe(2 ** 32 - 1)
    expect(numberIn({ low: -1, high: -1, unsigned: false })).toBe(-1)
    expect(numberIn({ low: -1, high: -1, unsigned: true })).toBe(2 ** 64)
  })

  it("is nothing else", () => {
    const others = [Number.NaN, Infinity, "", "x1", "1x", "1.", "1.5", "1".repeat(21)]
    for (const other of [
      ...others,
      null,
      true,
      [1],
      {},
      { low: 1 },
      { high: 1 },
      { low: 1.5, high: 1 }
    ])
      expect(numberIn(other)).toBeNull()
  })
})

describe("A time of WhatsApp", () => {
  it("is between the first second of 1970 and the end of the year 9999", () => {
    expect(timeOf(1)).toEqual(DateTime.unsafeMake(1000))
    expect(timeOf(253_402_300_799)).toEqual(DateTime.unsafeMake("9999-12-31T23:59:59.000Z"))
    for (const seconds of [null, 0, 0.5, -1, 253_402_300_800]) expect(timeOf(seconds)).toBeNull()
  })
})

describe("An address of a chat", () => {
  const chatOf = (more: object) => Message.view({ key: { ...key, ...more }, message: {} })?.chat

  it("is a person's by each name that a version of Evolution has for it", () => {
    const lid = "12@lid"
    for (const name of ["remoteJidAlt", "previousRemoteJid", "senderLid"])
      expect(chatOf({ [name]: lid }), name).toMatchObject({ jid: person, lid })
    for (const name of ["remoteJidAlt", "previousRemoteJid", "senderPn"])
      expect(chatOf({ remoteJid: lid, [name]: person }), name).toEqual({
        jid: lid,
        phone: "5511999990001",
        lid,
        kind: "person"
      })
  })

  it("has nothing of the sender's in a message of ours, nor in a group", () => {
    expect(chatOf({ fromMe: true, senderLid: "12@lid", senderPn: "13@c.us" })).toEqual({
      jid: person,
      phone: "5511999990001",
      lid: null,
      kind: "person"
    })
    expect(chatOf({ remoteJid: "1@g.us", senderLid: "12@lid", remoteJidAlt: "13@c.us" })).toEqual({
      jid: "1@g.us",
      phone: null,
      lid: null,
      kind: "group"
    })
  })

  it("is a number alone at the Evolution channel, and no digits behind other characters", () => {
    expect(chatOf({ remoteJid: "+5511999990001" })?.phone).toBe("5511999990001")
    for (const remoteJid of ["x5511999990001", "1234", "5".repeat(21)])
      expect(chatOf({ remoteJid })?.phone).toBeNull()
    expect(chatOf({ remoteJid: "" })).toBeUndefined()
  })
})

describe("The sender in a group", () => {
  const senderOf = (more: object, beside: object = {}) =>
    Message.view({ key: { id: "1", remoteJid: "1@g.us", ...more }, message: {}, ...beside })?.sender

  it("is the participant by each name that a version of Evolution has for it", () => {
    for (const name of ["participant", "participantAlt", "participantPn", "participantLid"])
      expect(senderOf({ [name]: "12@lid" }), name).toEqual({
        jid: "12@lid",
        phone: null,
        lid: "12@lid"
      })
    expect(senderOf({}, { participant: "12@lid" })?.jid).toBe("12@lid")
    expect(senderOf({ participant: "" })).toBeNull()
  })
})

describe("What stands around a message", () => {
  it("is its context: in its kind's field, else beside the content, else in the content", () => {
    const context = (expiration: number) => ({ contextInfo: { expiration } })
    const image = { imageMessage: { caption: "a", ...context(1) } }
    expect(shown(image, context(2))?.expiration).toBe(1)
    expect(shown({ imageMessage: { caption: "a" }, ...context(3) }, context(2))?.expiration).toBe(2)
    expect(shown({ conversation: "a", ...context(3) })?.expiration).toBe(3)
  })

  it("is a list of those who are mentioned, by their addresses", () => {
    const contextInfo = { mentionedJid: [person, 7, null, { jid: person }] }
    expect(shown({ conversation: "a" }, { contextInfo })?.mentions).toEqual([person])
  })

  it("gives no key of a quoted file or of an edited one, whatever is asked for", () => {
    const imageMessage = { caption: "a", mediaKey: "s3cret", url: "https://mmg.whatsapp.net/a" }
    const contextInfo = { stanzaId: "2", quotedMessage: { imageMessage } }
    const data = { key, message: { conversation: "b" }, contextInfo }
    const view = Message.view(data, { mediaKey: true })
    expect(view?.quoted).toMatchObject({ id: "2", kind: "image", text: "a" })
    expect(JSON.stringify(view)).not.toContain("s3cret")
    const edit = Message.editOf({ key, type: 14, editedMessage: { imageMessage } })
    expect(edit).toMatchObject({ kind: "edit", text: "a" })
  })
})

describe("A content", () => {
  it("that is a text is not looked through for wrappers", () => {
    const message = { conversation: "a", more: { message: { conversation: "b" } } }
    expect(shown(message)).toMatchObject({ kind: "text", text: "a" })
  })

  it("of no known kind is named by its own field, and not by one beside", () => {
    const beside = { messageContextInfo: {}, senderKeyDistributionMessage: {}, extra: "a" }
    expect(shown({ ...beside, newMessage: {} })).toMatchObject({
      kind: "unknown",
      type: "newMessage"
    })
    expect(shown(beside, { messageType: "otherMessage" })).toMatchObject({ type: "otherMessage" })
  })

  it("to be seen once says so in its own field too", () => {
    expect(shown({ imageMessage: { viewOnce: true } })?.isViewOnce).toBe(true)
    expect(shown({ imageMessage: { viewOnce: false } })?.isViewOnce).toBe(false)
  })

  it("with the fields of two kinds is of the one that says more, whatever their order", () => {
    const [image, reaction] = [{ imageMessage: {} }, { reactionMessage: { text: "a" } }]
    const kinds = [
      { ...image, ...reaction },
      { ...reaction, ...image }
    ].map((message) => shown(message)?.kind)
    expect(new Set(kinds).size).toBe(1)
  })
})

describe("A change of a message", () => {
  it("names it by each key that a version of Evolution has for it", () => {
    for (const data of [{ keyId: "1" }, { id: "1" }, { key: { id: "1" } }])
      expect(Message.statusOf({ ...data, status: "READ" })).toMatchObject({ id: "1", chat: null })
  })

  it("has no participant in a chat of two persons, nor without a chat", () => {
    const participant = "12@lid"
    expect(Message.statusOf({ keyId: "1", participant })?.participant).toBeNull()
    expect(Message.deletionOf({ id: "1", participant })?.participant).toBeNull()
    expect(Message.deletionOf({ ...key, participant })?.participant).toBeNull()
    expect(Message.deletionOf({ ...key, fromMe: true })?.fromMe).toBe(true)
  })
})
