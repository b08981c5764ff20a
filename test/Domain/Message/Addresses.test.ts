import { describe, expect, it } from "vitest"
import { numberIn } from "../../../src/Domain/Message/Numbers.ts"
import * as Message from "../../../src/Domain/Message.ts"

const chatOf = (key: object) => Message.view({ key: { id: "A", ...key } })?.chat
const senderOf = (key: object, beside = {}) =>
  Message.view({ key: { id: "A", ...key }, ...beside })?.sender

describe("An address in a message", () => {
  it.each([
    ["5511999990001@s.whatsapp.net", "5511999990001", null],
    ["5511999990001:12@s.whatsapp.net", "5511999990001", null],
    ["5511999990001_1:12@s.whatsapp.net", "5511999990001", null],
    ["5511999990001@c.us", "5511999990001", null],
    ["5511999990001:99@hosted", "5511999990001", null],
    ["0@s.whatsapp.net", "0", null],
    ["123456789012345:7@lid", null, "123456789012345@lid"],
    ["123456789012345:99@hosted.lid", null, "123456789012345@lid"],
    ["5511999990001", "5511999990001", null],
    ["+5511999990001", "5511999990001", null],
    ["13135550002@bot", null, null],
    ["web-visitor-7", null, null],
    ["abc@s.whatsapp.net", null, null]
  ])("%s has the phone %s and the hidden form %s", (remoteJid, phone, lid) => {
    expect(chatOf({ remoteJid })).toMatchObject({ kind: "person", phone, lid })
  })

  it("is written without the device, and else as it came", () => {
    expect(chatOf({ remoteJid: "5511999990001_1:12@s.whatsapp.net" })?.jid).toBe(
      "5511999990001@s.whatsapp.net"
    )
    expect(chatOf({ remoteJid: "5511999990001-1600000000@g.us" })?.jid).toBe(
      "5511999990001-1600000000@g.us"
    )
    expect(chatOf({ remoteJid: "web_1:2" })?.jid).toBe("web_1:2")
  })

  it.each([
    ["120363025246125486@g.us", "group"],
    ["5511999990001-1600000000@g.us", "group"],
    ["status@broadcast", "status"],
    ["1710000000@broadcast", "broadcast"],
    ["120363144038483540@newsletter", "newsletter"]
  ])("%s is of the kind %s, and has no other form", (remoteJid, kind) => {
    const chat = { jid: remoteJid, kind, phone: null, lid: null }
    expect(chatOf({ remoteJid, remoteJidAlt: "5511999990001@s.whatsapp.net" })).toEqual(chat)
  })

  it.each(["remoteJidAlt", "previousRemoteJid", "senderPn"])("has its phone in %s", (field) => {
    const key = { remoteJid: "12@lid", [field]: "5511999990001@s.whatsapp.net" }
    expect(chatOf(key)).toMatchObject({ jid: "12@lid", phone: "5511999990001", lid: "12@lid" })
  })

  it("is not our own, which a message of ours has in senderPn and senderLid", () => {
    const key = {
      remoteJid: "12@lid",
      fromMe: true,
      senderPn: "5511900000001@s.whatsapp.net",
      senderLid: "9@lid"
    }
    expect(chatOf(key)).toMatchObject({ phone: null, lid: "12@lid" })
  })
})

describe("The sender of a message", () => {
  const group = "120363025246125486@g.us"

  it.each(["participantAlt", "participantPn"])("has his phone in %s", (field) => {
    const key = { remoteJid: group, participant: "12@lid", [field]: "5511999990001@s.whatsapp.net" }
    expect(senderOf(key)).toEqual({ jid: "12@lid", phone: "5511999990001", lid: "12@lid" })
  })

  it("has his hidden address in participantLid", () => {
    const key = {
      remoteJid: group,
      participant: "5511999990001@s.whatsapp.net",
      participantLid: "12@lid"
    }
    expect(senderOf(key)).toMatchObject({ phone: "5511999990001", lid: "12@lid" })
  })

  it("stands beside the key before 2.3, and is not told by an empty text", () => {
    const phone = "5511999990001@s.whatsapp.net"
    expect(senderOf({ remoteJid: group, participant: "" }, { participant: phone })).toMatchObject({
      jid: phone
    })
    expect(senderOf({ remoteJid: group, participant: "" })).toBeNull()
  })

  it("is the other person in a chat of two, whatever the participant says", () => {
    const key = {
      remoteJid: "5511999990001@s.whatsapp.net",
      participant: "5511977776666@s.whatsapp.net"
    }
    expect(senderOf(key)).toMatchObject({ phone: "5511999990001" })
    expect(senderOf({ ...key, fromMe: true })).toBeNull()
  })

  it("is ourselves in a group by our own address, where the event does not tell it", () => {
    const key = { id: "A", remoteJid: group, fromMe: true }
    expect(Message.view({ key }, { self: "5511900000001" })?.sender?.phone).toBe("5511900000001")
    const told = { ...key, participant: "5511900000002@s.whatsapp.net" }
    expect(Message.view({ key: told }, { self: "5511900000001" })?.sender?.phone).toBe(
      "5511900000002"
    )
  })
})

describe("A wide number", () => {
  it.each([
    [7, 7],
    ["5000000000", 5_000_000_000],
    ["-3", -3],
    [{ low: 705_032_704, high: 1, unsigned: true }, 5_000_000_000],
    [{ low: -1, high: 0, unsigned: true }, 4_294_967_295],
    [{ low: -1, high: -1, unsigned: false }, -1],
    [{ low: -1, high: -1 }, -1],
    [{ low: -1, high: -1, unsigned: true }, 2 ** 64]
  ])("%j is %d", (value, number) => {
    expect(numberIn(value)).toBe(number)
  })

  it.each([
    null,
    undefined,
    "",
    "1e3",
    "0x10",
    " 1",
    "1 ",
    "123456789012345678901",
    true,
    [],
    {},
    { low: 1 },
    { high: 1 },
    { low: "1", high: 0 },
    { low: 1.5, high: 0 },
    Number.NaN,
    Infinity
  ])("%j is none", (value) => {
    expect(numberIn(value)).toBeNull()
  })
})
