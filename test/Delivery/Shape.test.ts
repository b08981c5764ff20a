import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import * as Shape from "../../src/Delivery/Shape.ts"
import type { Outgoing } from "../../src/Delivery/Sink.ts"
import { EventRecord, toLogged } from "../../src/Domain/Event.ts"
import { eventOf, outgoing, textEvent } from "./messages.ts"

const now = Date.UTC(2026, 10, 24)
const url = "https://shop.example/hook"
const beside: Shape.Beside = { sender: () => undefined, serverUrl: () => undefined }

const bodyOf = (message: Outgoing, shape: Shape.Options["shape"]): unknown =>
  JSON.parse(Shape.bodyOf(message, { shape, url, beside }, now))

const missed: Outgoing = {
  ...outgoing(),
  item: { _tag: "Missed", server: "br", instance: 'lo"ja', from: 7, to: 9 }
}
const test: Outgoing = { ...outgoing(), item: { _tag: "Test", at: now - 1000 } }

const code = {
  event: "qrcode.updated",
  instance: "loja-1",
  data: {
    qrcode: {
      instance: "loja-1",
      pairingCode: "ABCD1234",
      code: "2@abcdefghijklmnop,abcdefghijklmnop",
      base64: "data:image/png;base64,iVBORw0KGgo="
    }
  },
  date_time: "2026-11-23T13:41:19.990Z"
}

describe("The shape full", () => {
  it.effect("is an envelope around the event as GET /events has it", () =>
    Effect.gen(function* () {
      const body = yield* Schema.decodeUnknown(
        Schema.Struct({
          type: Schema.Literal("messages.upsert"),
          timestamp: Schema.DateTimeUtc,
          data: Schema.Struct({ ...EventRecord.fields, previous: Schema.NullOr(Schema.Int) })
        }),
        { onExcessProperty: "error" }
      )(bodyOf(outgoing(), "full"))
      const { previous, ...record } = body.data
      expect(previous).toBe(41)
      expect(toLogged(record)).toEqual(textEvent)
      expect(body.timestamp).toEqual(record.receivedAt)
      expect(bodyOf({ ...outgoing(), previous: null }, "full")).toMatchObject({
        data: { previous: null }
      })
    })
  )

  it("has a QR code while the event is in memory, and none from the log", () => {
    const live = eventOf(code)
    expect(bodyOf(outgoing(live), "full")).toMatchObject({
      type: "qrcode.updated",
      data: { data: { qrcode: { ...code.data.qrcode, instance: expect.any(String) } } }
    })
    const read = toLogged(
      Schema.decodeUnknownSync(EventRecord)({
        id: live.id,
        server: live.server,
        instance: live.instance,
        event: live.event,
        data: JSON.parse(live.json),
        extra: null,
        upstreamTime: null,
        upstreamAt: null,
        receivedAt: new Date(live.receivedAt).toISOString(),
        origin: "live"
      })
    )
    const text = Shape.bodyOf(outgoing(read), { shape: "full", url, beside }, now)
    expect(text).not.toContain("2@abc")
    expect(text).toContain('"code":"[redacted]"')
    expect(JSON.stringify(live)).not.toContain("2@abc")
    expect(Redacted.isRedacted(live.lifeCycle)).toBe(true)
  })
})

describe("The shape thin", () => {
  it("has the event's place, and nothing that people wrote", () => {
    expect(bodyOf(outgoing(), "thin")).toEqual({
      type: "messages.upsert",
      timestamp: "2026-11-23T16:41:20.000Z",
      data: { id: 42, server: "br", instance: "loja-1", event: "messages.upsert", previous: 41 }
    })
  })
})

describe("A message without an event", () => {
  it("tells of events that were purged, in each shape", () => {
    const data = { server: "br", instance: 'lo"ja', from: 7, to: 9, recovered: false }
    for (const shape of ["full", "thin"] as const)
      expect(bodyOf(missed, shape)).toEqual({
        type: "endpoint.missed",
        timestamp: "2026-11-24T00:00:00.000Z",
        data
      })
    expect(bodyOf(missed, "evolution")).toEqual({
      event: "endpoint.missed",
      instance: 'lo"ja',
      data,
      destination: url,
      date_time: "2026-11-24T00:00:00.000Z",
      apikey: null
    })
  })

  it("is a test, in each shape", () => {
    for (const shape of ["full", "thin"] as const)
      expect(bodyOf(test, shape)).toEqual({
        type: "webhook.test",
        timestamp: "2026-11-23T23:59:59.000Z",
        data: {}
      })
    expect(bodyOf(test, "evolution")).toEqual({
      event: "webhook.test",
      instance: "",
      data: {},
      destination: url,
      date_time: "2026-11-23T23:59:59.000Z",
      apikey: null
    })
  })
})
