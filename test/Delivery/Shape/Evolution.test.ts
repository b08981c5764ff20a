import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Predicate } from "effect"
import { Decoder, type Packet } from "socket.io-parser"
import * as Shape from "../../../src/Delivery/Shape.ts"
import { eventOf, outgoing } from "../messages.ts"

const url = "https://shop.example/hook"
const sender = "5511999990000@s.whatsapp.net"
const nothing: Shape.Beside = { sender: () => undefined, serverUrl: () => undefined }
const all: Shape.Beside = { sender: () => sender, serverUrl: (server) => `http://${server}:8080` }

const textOf = (payload: object, beside = nothing): string =>
  Shape.bodyOf(outgoing(eventOf(payload)), { shape: "evolution", url, beside }, 0)

/** What Evolution's HTTP client writes of a payload (axios, transformRequest), in the order of `webhookData`. */
const fromEvolution = (payload: Readonly<Record<string, unknown>>, of = sender): string => {
  const { apikey, data, date_time, event, instance, server_url, ...extra } = payload
  const body = { ...extra, event, instance, data, destination: url, date_time }
  return JSON.stringify({ ...body, ...(of && { sender: of }), server_url, apikey: apikey ?? null })
}

/** The events of a capture, as the wire has them. */
const captured = (name: string) => {
  const found: Array<Readonly<Record<string, unknown>>> = []
  const decoder = new Decoder()
  decoder.on("decoded", ({ data }: Packet) => {
    const [, payload]: ReadonlyArray<unknown> = data
    if (Predicate.isRecord(payload)) found.push(payload)
  })
  const file = join(import.meta.dirname, "../../fixtures", name)
  for (const line of readFileSync(file, "utf8").trim().split("\n")) {
    const { dir, frame }: { readonly dir: string; readonly frame?: string } = JSON.parse(line)
    if (dir === "in" && frame?.startsWith("42")) decoder.add(frame.slice(1))
  }
  return found
}

describe("The shape evolution", () => {
  it.each(["global.ndjson", "instance-namespace.ndjson"])(
    "is what Evolution would have sent, character by character, for every event in %s",
    (name) => {
      const payloads = captured(name)
      expect(payloads.length).toBeGreaterThan(5)
      const beside = { ...all, serverUrl: () => "http://localhost:18080" }
      for (const payload of payloads) {
        const expected = fromEvolution(payload)
        expect(textOf(payload, beside)).toBe(expected)
      }
    }
  )

  it("leaves out what is not known, and never has a key", () => {
    const payload = {
      event: "chats.delete",
      instance: "loja-1",
      data: ["1@s.whatsapp.net"],
      date_time: "2026-11-23T13:41:19.990Z",
      sender,
      server_url: "http://evolution:8080",
      apikey: "B6D711FCDE4D4FD5936544120E713976"
    }
    expect(textOf(payload)).toBe(
      '{"event":"chats.delete","instance":"loja-1","data":["1@s.whatsapp.net"],' +
        `"destination":"${url}","date_time":"2026-11-23T13:41:19.990Z","apikey":null}`
    )
    expect(JSON.parse(textOf(payload, all))).toMatchObject({
      sender,
      server_url: "http://br:8080",
      apikey: null
    })
  })

  it("has the time of receipt where Evolution gave none", () => {
    expect(JSON.parse(textOf({ event: "logout.instance", instance: "a", data: null }))).toEqual({
      event: "logout.instance",
      instance: "a",
      data: null,
      destination: url,
      date_time: "2026-11-23T16:41:20.000Z",
      apikey: null
    })
  })

  it("has the fields beside the data before the others", () => {
    const payload = {
      event: "messages.set",
      instance: "a",
      isLatest: true,
      progress: 100,
      data: []
    }
    expect(textOf(payload)).toMatch(/^\{"isLatest":true,"progress":100,"event":"messages.set",/)
  })

  it("has the bytes of messages by their index, as a Uint8Array in JSON", () => {
    const bytes = (...values: ReadonlyArray<number>) => Uint8Array.from(values)
    const message = {
      conversation: 'he wrote "mediaKey":"AAEC" and \\"fileSha256\\":\\"AAEC\\"',
      imageMessage: {
        url: "https://mmg.whatsapp.net/x",
        mediaKey: bytes(0, 1, 2, 255),
        fileSha256: bytes(7),
        jpegThumbnail: bytes(),
        caption: "AAEC",
        'a "mediaKey': "AAEC",
        contextInfo: { quotedMessage: { stickerMessage: { fileEncSha256: bytes(1, 2, 3) } } }
      },
      base64: "AAEC",
      messageContextInfo: {
        deviceListMetadata: { senderKeyHash: bytes(9, 8), senderTimestamp: { low: 1, high: 0 } },
        messageSecret: bytes(...Array.from({ length: 32 }, (_, nth) => nth))
      }
    }
    for (const event of ["messages.upsert", "send.message"]) {
      const payload = { event, instance: "a", data: { key: { id: "1" }, message } }
      expect(textOf(overWire(payload))).toBe(withReceipt(payload))
    }
    const history = { event: "messages.set", instance: "a", data: [{ message }, { message }] }
    expect(textOf(overWire(history))).toBe(withReceipt(history))
  })

  it("leaves what is no base64, and other events, as they are", () => {
    const payload = (event: string, mediaKey: string) => ({
      event,
      instance: "a",
      data: { mediaKey }
    })
    const odd = payload("messages.upsert", "[redacted]")
    expect(textOf(odd)).toBe(withReceipt(odd))
    // Messages of protobuf, which write themselves: bytes are base64 text.
    const edit = payload("messages.edited", "AAEC")
    expect(textOf(edit)).toBe(withReceipt(edit))
  })

  it("has the QR code of an event that is still in memory", () => {
    const payload = {
      event: "qrcode.updated",
      instance: "shop-2",
      data: {
        qrcode: {
          instance: "shop-2",
          pairingCode: null,
          code: "2@a,b",
          base64: "data:image/png;base64,iVBO"
        }
      },
      date_time: "2026-11-23T13:41:19.990Z"
    }
    expect(textOf(payload)).toBe(fromEvolution(payload, ""))
  })
})

/** The payload as this service's socket gives it. */
const overWire = (payload: object): object => Object(inBase64(payload))

const changed = (value: unknown, change: (bytes: Uint8Array) => unknown): unknown => {
  if (value instanceof Uint8Array) return change(value)
  if (Array.isArray(value)) return value.map((one) => changed(one, change))
  if (!Predicate.isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, changed(one, change)]))
}
const inBase64 = (value: unknown) =>
  changed(value, (bytes) => Buffer.from(bytes).toString("base64"))

const withReceipt = (payload: Readonly<Record<string, unknown>>): string =>
  fromEvolution({ ...payload, date_time: "2026-11-23T16:41:20.000Z" }, "")
