import { DateTime } from "effect"
import { describe, expect, it } from "vitest"
import * as Message from "../../../src/Domain/Message.ts"

const person = {
  jid: "5511999990001@s.whatsapp.net",
  phone: "5511999990001",
  lid: null,
  kind: "person"
}

describe("Message.statusOf", () => {
  const update = { keyId: "3EB0A1", remoteJid: person.jid, fromMe: true, instanceId: "i-1" }

  it.each([
    ["PENDING", "pending"],
    ["SERVER_ACK", "sent"],
    ["DELIVERY_ACK", "delivered"],
    ["READ", "read"],
    ["PLAYED", "played"],
    ["ERROR", "failed"],
    ["SENT", "sent"],
    ["DELIVERED", "delivered"],
    ["FAILED", "failed"],
    ["DELETED", null]
  ] as const)("tells the progress of %s", (status, progress) => {
    expect(Message.statusOf({ ...update, status })).toEqual({
      id: "3EB0A1",
      chat: person,
      fromMe: true,
      participant: null,
      progress,
      status
    })
  })

  it("takes an update without a status, as 2.2.3 has it", () => {
    const participant = "5511977776666@s.whatsapp.net"
    expect(Message.statusOf({ ...update, participant })).toMatchObject({
      participant: null,
      progress: null,
      status: null
    })
  })

  it("tells the reader in a group", () => {
    const data = { ...update, remoteJid: "1@g.us", participant: "12@lid", status: "READ" }
    expect(Message.statusOf(data).participant).toEqual({
      jid: "12@lid",
      phone: null,
      lid: "12@lid"
    })
  })

  it("is null for data that names no message", () => {
    expect(Message.statusOf({ status: "READ" })).toBeNull()
  })
})

describe("Message.editOf", () => {
  const key = { id: "3EB0A1", remoteJid: person.jid, fromMe: true }

  it.each([
    ["by number", 14, { low: -1231558656, high: 410, unsigned: false }],
    ["by name", "MESSAGE_EDIT", "1764000000000"]
  ])("tells an edit whose type comes %s", (_, type, timestampMs) => {
    const data = {
      key,
      type,
      editedMessage: { extendedTextMessage: { text: "às 10h" } },
      timestampMs
    }
    expect(Message.editOf(data)).toEqual({
      kind: "edit",
      target: "3EB0A1",
      text: "às 10h",
      editedAt: DateTime.unsafeMake(1_764_000_000_000)
    })
  })

  it("tells a revocation, also by protobuf's default", () => {
    const revoked = { kind: "revoke", target: "3EB0A1", text: null, editedAt: null }
    for (const data of [{ key, type: 0 }, { key, type: "REVOKE" }, { key }])
      expect(Message.editOf(data)).toEqual(revoked)
  })

  it("tells a note that changes no message", () => {
    const note = { kind: "protocol", target: null, text: null, editedAt: null }
    expect(Message.editOf({ type: 6, appStateSyncKeyShare: {} })).toEqual(note)
    expect(Message.editOf(null)).toEqual(note)
  })
})

describe("Message.deletionOf", () => {
  const key = { id: "3EB0A1", remoteJid: "1@g.us", fromMe: false, participant: person.jid }
  const deletion = {
    id: "3EB0A1",
    chat: { jid: "1@g.us", phone: null, lid: null, kind: "group" },
    fromMe: false,
    participant: { jid: person.jid, phone: person.phone, lid: null }
  }

  it("tells it by the key alone, and by Evolution's row", () => {
    expect(Message.deletionOf({ ...key, status: "DELETED" })).toEqual(deletion)
    expect(Message.deletionOf({ id: "cm1", key, messageType: "conversation" })).toEqual(deletion)
  })

  it("is null for data that names no message", () => {
    expect(Message.deletionOf({ status: "DELETED" })).toBeNull()
  })
})
