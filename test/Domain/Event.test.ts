import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Either, Redacted, Schema } from "effect"
import { Decoder, type Packet } from "socket.io-parser"
import { decode } from "../../src/Domain/Event.ts"
import * as LifeCycle from "../../src/Domain/LifeCycle.ts"
import * as Scrub from "../../src/Domain/Scrub.ts"
import { directions, impossible, names } from "../support/names.ts"

const CapturedLine = Schema.parseJson(
  Schema.Struct({ t: Schema.Date, dir: Schema.String, frame: Schema.optional(Schema.String) })
)
const Envelope = Schema.Struct({
  event: Schema.String,
  instance: Schema.String,
  data: Schema.Unknown,
  date_time: Schema.String
})

/** The events of a capture, as the official parser reads them. */
const captured = (file: string) => {
  const decoder = new Decoder()
  const events: Array<{ name: string; payload: typeof Envelope.Type; receivedAt: number }> = []
  let receivedAt = 0
  decoder.on("decoded", ({ data }: Packet) => {
    const [name, payload]: ReadonlyArray<unknown> = data
    events.push({
      name: String(name),
      payload: Schema.decodeUnknownSync(Envelope, { onExcessProperty: "preserve" })(payload),
      receivedAt
    })
  })
  const lines = readFileSync(join(import.meta.dirname, "../fixtures", file), "utf8").trim()
  for (const line of lines.split("\n").map((text) => Schema.decodeSync(CapturedLine)(text))) {
    receivedAt = line.t.getTime()
    if (line.dir === "in" && line.frame?.startsWith("42")) decoder.add(line.frame.slice(1))
  }
  return events
}

const receivedAt = Date.parse("2026-11-23T16:41:20.000Z")

const decodeOne = (event: string, data: unknown, more: object = {}) =>
  decode(
    {
      name: event,
      payload: { event, instance: "shop-1", data, apikey: null, ...more },
      receivedAt
    },
    "live",
    Scrub.unconfigured
  )

const decoded = (event: string, data: unknown, more?: object) =>
  Either.getOrThrow(decodeOne(event, data, more))

const lifeCycle = (event: string, data: unknown) => {
  const redacted = decoded(event, data).lifeCycle
  return redacted === null ? null : Redacted.value(redacted)
}

describe("decode, of events that a real Evolution sent", () => {
  it.each([
    ["global.ndjson", 132],
    ["instance-namespace.ndjson", 13]
  ])("understands every event of %s", (file, count) => {
    const events = captured(file)
    expect(events).toHaveLength(count)
    for (const raw of events) {
      const { data, date_time, event, instance } = raw.payload
      const result = Either.getOrThrow(decode(raw, "live", Scrub.unconfigured))
      expect(result).toMatchObject({
        instance,
        event,
        extra: null,
        upstreamTime: date_time,
        receivedAt: raw.receivedAt,
        origin: "live"
      })
      if (event !== "qrcode.updated") expect(JSON.parse(String(result.json))).toEqual(data)
    }
  })

  it("decodes only life-cycle events for the projection", () => {
    const named = captured("global.ndjson").map((raw) => {
      const { event, lifeCycle } = Either.getOrThrow(decode(raw, "live", Scrub.unconfigured))
      return [event, lifeCycle === null ? null : Redacted.value(lifeCycle).event] as const
    })
    expect([...new Set(named.map(([event, known]) => `${event}: ${known}`))].sort()).toEqual([
      "chats.update: null",
      "chats.upsert: null",
      "connection.update: connection.update",
      "contacts.upsert: null",
      "instance.create: instance.create",
      "instance.delete: instance.delete",
      "messages.upsert: null",
      "qrcode.updated: qrcode.updated",
      "remove.instance: remove.instance"
    ])
  })
})

describe("decode, of life-cycle events", () => {
  const opened = {
    wuid: "5511999990001@s.whatsapp.net",
    profileName: "Loja",
    profilePictureUrl: null,
    state: "open",
    statusReason: 200
  }
  const shown = { code: "2@abc", base64: "data:image/png;base64,AA", pairingCode: "ABCD1234" }
  const limit = { message: "QR code limit reached, please login again", statusCode: 500 }
  const phone = { number: "5511999990001", name: "Loja" }
  const identity = { instanceName: "shop-1", instanceId: "0a5f343e" }
  const closed = { instance: "shop-1", status: "closed", disconnectionReasonCode: 401 }

  it.each<readonly [string, string, unknown]>([
    ["a bare code", "qrcode.updated", { qrcode: { code: "2@abc" } }],
    ["the QR limit", "qrcode.updated", limit],
    ["a profile of before 2.2.1", "connection.update", { state: "open", phone }],
    ["a profile of nulls", "connection.update", { state: "open", wuid: null, phone: null }],
    ["a bare state", "connection.update", { state: "close" }],
    ["a creation", "instance.create", identity],
    ["a deletion", "instance.delete", identity],
    ["a logout", "logout.instance", null],
    ["a removal", "remove.instance", null],
    ["a bare closed instance", "status.instance", { instance: "shop-1", status: "closed" }]
  ])("understands %s", (_, event, data) => {
    expect(lifeCycle(event, data)).toEqual({ event, data })
  })

  it.each<readonly [string, string, unknown, unknown]>([
    ["a code", "qrcode.updated", { qrcode: { instance: "shop-1", ...shown } }, { qrcode: shown }],
    ["an open link", "connection.update", { instance: "shop-1", ...opened }, opened],
    ["a closed instance", "status.instance", { ...closed, disconnectionObject: "{}" }, closed],
    ["a logout without data", "logout.instance", undefined, null]
  ])("takes what we act on from %s", (_, event, data, expected) => {
    expect(lifeCycle(event, data)).toEqual({ event, data: expected })
  })

  it.each(["open", "connecting", "close", "refused", "removed", "unknown"])(
    "understands connection.update with the state %s",
    (state) => {
      const data = { instance: "shop-1", state, statusReason: 428 }
      expect(lifeCycle("connection.update", data)).toEqual({
        event: "connection.update",
        data: { state, statusReason: 428 }
      })
    }
  )

  it("accepts the settings' form of a name and logs the wire's form", () => {
    const event = decoded("QRCODE_UPDATED", { qrcode: { code: "2@abc" } })
    expect(event.event).toBe("qrcode.updated")
    expect(event.json).toBe('{"qrcode":{"code":"[redacted]"}}')
    expect(lifeCycle("CONNECTION_UPDATE", { state: "refused" })?.event).toBe("connection.update")
  })

  it("makes life-cycle text storable, so that it fits the instance's row", () => {
    expect(
      lifeCycle("connection.update", { state: "open", profileName: "A\u0000B\ud800" })
    ).toEqual({
      event: "connection.update",
      data: { state: "open", profileName: "A\ufffdB\ufffd" }
    })
  })

  it("decodes only life-cycle events read back from the log", () => {
    const lifeCycleOf = (event: string, data: unknown) =>
      Either.getOrNull(LifeCycle.decode(event, data, Scrub.unconfigured))
    const read = lifeCycleOf("connection.update", { state: "close", statusReason: 401 })
    expect(read && Redacted.value(read)).toEqual({
      event: "connection.update",
      data: { state: "close", statusReason: 401 }
    })
    expect(lifeCycleOf("connection.update", { state: "asleep" })).toBeNull()
    expect(lifeCycleOf("messages.upsert", { state: "close" })).toBeNull()
  })
})

describe("decode, of every other event", () => {
  it.each([
    ["an object", { key: { id: "A" } }, '{"key":{"id":"A"}}'],
    ["an array", [{ id: 1 }, { id: 2 }], '[{"id":1},{"id":2}]'],
    ["an empty array", [], "[]"],
    ["null", null, "null"],
    ["no data", undefined, "null"]
  ])("keeps %s as it came", (_, data, json) => {
    expect(decoded("chats.upsert", data)).toMatchObject({
      event: "chats.upsert",
      json,
      extra: null
    })
  })

  it("keeps an event with an unknown name", () => {
    expect(decoded("newsletter.update", { id: 1 })).toMatchObject({
      event: "newsletter.update",
      json: '{"id":1}',
      lifeCycle: null
    })
  })

  it("keeps fields beside the data, except the envelope's own", () => {
    const more = {
      isLatest: true,
      progress: 42,
      sender: "55@s.whatsapp.net",
      server_url: "http://x"
    }
    expect(decoded("messages.set", [], more).extra).toBe('{"isLatest":true,"progress":42}')
  })

  it.each([
    ["absent", {}, null],
    ["null", { date_time: null }, null],
    ["given", { date_time: "2026-11-23T13:41:18.927Z" }, "2026-11-23T13:41:18.927Z"],
    ["not storable", { date_time: "\u0000" }, "\ufffd"]
  ])("copes with a date_time that is %s", (_, more, upstreamTime) => {
    expect(decoded("call", {}, more).upstreamTime).toBe(upstreamTime)
  })

  it("makes names and data storable", () => {
    const event = decoded("odd\u0000name", { text: "a\u0000\udc00b" })
    expect(event.event).toBe("odd\ufffdname")
    expect(JSON.parse(String(event.json))).toEqual({ text: "a\ufffd\ufffdb" })
  })

  it.each([...names, ...directions])("keeps the instance's name %j as it is", (instance) => {
    expect(decoded("call", {}, { instance }).instance).toBe(instance)
  })

  it.each(impossible)("puts an event of the impossible instance %j in quarantine", (instance) => {
    const refused = Either.flip(decodeOne("call", { say: "what came" }, { instance }))
    const { json, reason } = Either.getOrThrow(refused)
    expect(reason).toContain("instance: An instance name has 1 to 255 characters")
    expect(String(json)).toContain("what came")
  })
})
