import { describe, expect, it } from "@effect/vitest"
import { linkLine, summaryOf } from "../../../src/Http/Pages/summary.js"

const message = {
  key: { id: "1", remoteJid: "5511988887777@s.whatsapp.net", fromMe: false },
  pushName: "Ana",
  messageType: "conversation",
  message: { conversation: "Olá!" }
}

describe("an event's line", () => {
  it("names the sender and the text of a message", () => {
    expect(summaryOf("messages.upsert", message)).toBe("Ana: Olá!")
    expect(
      summaryOf("messages.upsert", {
        ...message,
        pushName: undefined,
        message: { extendedTextMessage: { text: "see https://example.org" } }
      })
    ).toBe("5511988887777@s.whatsapp.net: see https://example.org")
    expect(
      summaryOf("messages.upsert", { ...message, message: { imageMessage: { caption: "o bolo" } } })
    ).toBe("Ana: o bolo")
  })

  it("tells the kind of a message that has no words", () => {
    const audio = { ...message, messageType: "audioMessage", message: { audioMessage: {} } }
    expect(summaryOf("messages.upsert", audio)).toBe("Ana: audioMessage")
  })

  it("marks sent messages", () => {
    const sent = { ...message, key: { ...message.key, fromMe: true } }
    expect(summaryOf("send.message", sent)).toBe("→ Ana: Olá!")
  })

  it("names WhatsApp's state, and its reason unless it is the placeholder", () => {
    expect(summaryOf("connection.update", { state: "open", profileName: "Loja" })).toBe(
      "Connected · Loja"
    )
    expect(summaryOf("connection.update", { state: "close", statusReason: 401 })).toBe(
      "Disconnected · reason 401"
    )
    expect(summaryOf("connection.update", { state: "connecting", statusReason: 200 })).toBe(
      "Connecting"
    )
  })

  it("names a gap's verdict, its cause and the number of fetched messages", () => {
    const gap = { to: null, cause: "connection_lost", recovered: null, fetched: 0 }
    expect(summaryOf("gap.updated", gap)).toBe("Open · The connection was lost")
    expect(summaryOf("gap.updated", { ...gap, to: "x", recovered: true, fetched: 7 })).toBe(
      "Recovered · The connection was lost · +7"
    )
    expect(summaryOf("gap.updated", { ...gap, to: "x" })).toBe(
      "Being looked into · The connection was lost"
    )
  })

  it("tells a listener's state, in the log and in a turn alike", () => {
    const state = { _tag: "Waiting", error: { message: "Evolution closed the link: 1006" } }
    expect(summaryOf("listener.updated", state)).toBe("Waiting · Evolution closed the link: 1006")
    expect(linkLine(state)).toBe("Waiting · Evolution closed the link: 1006")
    expect(linkLine({ _tag: "Listening" })).toBe("Listening")
  })

  it("tells why codes have come to an end, and nothing of a code", () => {
    const code = { qrcode: { code: "[redacted]", base64: "[redacted]" } }
    expect(summaryOf("qrcode.updated", code)).toBe("")
    expect(summaryOf("qrcode.updated", { message: "QR code limit reached", statusCode: 500 })).toBe(
      "QR code limit reached"
    )
  })

  it("of anything else is the beginning of its data", () => {
    expect(summaryOf("call", { from: "x" })).toBe('{"from":"x"}')
    expect(summaryOf("logout.instance", null)).toBe("")
    expect(summaryOf("call", undefined)).toBe("")
    expect(summaryOf("call", "text")).toBe('"text"')
    expect(summaryOf("call", { text: "x".repeat(100_000) }).length).toBe(161)
  })

  it("is one line, however many were written", () => {
    const long = { ...message, message: { conversation: `a\n\n b\t${"c".repeat(300)}` } }
    const line = summaryOf("messages.upsert", long)
    expect(line).toMatch(/^Ana: a b c+…$/)
    expect(line.length).toBe(161)
  })

  it("exists for data of every shape", () => {
    const strange = [null, undefined, 0, "", "text", [], [[1]], true, { message: null }, { key: 3 }]
    const inside = strange.flatMap((value) => [
      value,
      { message: value, key: value, pushName: value, messageType: value, state: value },
      { cause: value, to: value, recovered: value, _tag: value, error: value, fetched: value }
    ])
    const events = ["messages.upsert", "connection.update", "gap.updated", "listener.updated"]
    for (const event of [...events, "qrcode.updated", "instance.create", "call"])
      for (const data of inside)
        expect(typeof summaryOf(event, data), `${event} ${JSON.stringify(data)}`).toBe("string")
  })

  it("takes no name for a word that is none of its family", () => {
    for (const state of ["__proto__", "constructor", "toString", "open_close"])
      expect(summaryOf("connection.update", { state })).toBe(state)
  })
})
