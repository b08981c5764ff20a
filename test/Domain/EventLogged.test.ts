import { describe, expect, it } from "@effect/vitest"
import { DateTime, Either, Redacted } from "effect"
import {
  decode,
  type EvolutionEvent,
  logged,
  ofOurs,
  textsOf,
  toLogged
} from "../../src/Domain/Event.ts"
import { opened } from "../../src/Domain/Gap.ts"
import { InstanceName } from "../../src/Domain/Instance.ts"
import * as Scrub from "../../src/Domain/Scrub.ts"
import { jsonText } from "../support/jsonText.ts"

const instance = InstanceName.make("shop-1")
const image = `data:image/png;base64,${"A".repeat(10_000)}`

const heard = (event: string, data: unknown, more: object = {}): EvolutionEvent =>
  Either.getOrThrow(
    decode(
      { name: event, payload: { event, instance, data, ...more }, receivedAt: 7 },
      "live",
      Scrub.unconfigured
    )
  )

const gap = opened({
  id: "8b1ea8e2-0b4f-4d7e-9d3c-1a6f4a8f2a11",
  instance,
  from: DateTime.unsafeMake(0),
  cause: "queue_full"
})

describe("the texts that an event keeps in memory", () => {
  it.each<readonly [string, string, unknown, object, ReadonlyArray<number>]>([
    ["a message", "messages.upsert", { a: 1 }, {}, ['{"a":1}'.length]],
    [
      "a message with fields beside its data",
      "messages.set",
      [],
      { progress: 42 },
      [2, '{"progress":42}'.length]
    ],
    ["a state", "connection.update", { state: "open" }, {}, ['{"state":"open"}'.length]],
    [
      "a state with fields beside its data",
      "connection.update",
      { state: "open" },
      { n: 1 },
      ['{"state":"open"}'.length, '{"n":1}'.length]
    ],
    ["the QR limit", "qrcode.updated", { statusCode: 500, message: "limit" }, {}, [36]]
  ])("are the JSON texts of %s", (_, event, data, more, expected) => {
    expect(textsOf(heard(event, data, more)).map(({ length }) => length)).toEqual(expected)
  })

  it("have the image of a code, which the JSON text lacks", () => {
    const shown = heard("qrcode.updated", { qrcode: { code: "2@a", base64: image } })
    expect(textsOf(shown)).toEqual([shown.json, image])
    for (const bare of [{ code: "2@a" }, { code: "2@a", base64: null }]) {
      const event = heard("qrcode.updated", { qrcode: bare })
      expect(textsOf(event)).toEqual([event.json])
    }
  })
})

describe("an event in the log", () => {
  it("is the event that was committed, with its cursor and its server", () => {
    const event = heard("messages.set", [], { progress: 42 })
    expect(logged(event, 12, "eu")).toStrictEqual({ ...event, id: 12, server: "eu" })
  })

  it("names the gap that it tells about", () => {
    const facts = { instance, event: "gap.updated", receivedAt: 7, gap }
    const event = ofOurs({ ...facts, data: { open: true } }, Scrub.unconfigured)
    expect(logged(event, 12, "eu")).toStrictEqual({ ...event, gap, id: 12, server: "eu" })
  })

  it.each([null, { progress: 42 }])("is read back with the fields beside its data: %j", (extra) => {
    const data = { state: "open" }
    const record = {
      id: 12,
      server: "eu",
      instance,
      event: "connection.update",
      data,
      extra,
      upstreamTime: null,
      upstreamAt: null,
      receivedAt: DateTime.unsafeMake(7),
      origin: "live"
    } as const
    const back = toLogged(record)
    expect(back).toMatchObject({
      id: 12,
      server: "eu",
      json: jsonText('{"state":"open"}'),
      extra: extra === null ? null : jsonText('{"progress":42}'),
      receivedAt: 7
    })
    expect(back.lifeCycle && Redacted.value(back.lifeCycle).data).toEqual(data)
  })
})

describe("an event of our own", () => {
  const facts = { instance, event: "listener.updated", receivedAt: 7 }

  it("is marked as the listener's, and tells no state of WhatsApp", () => {
    expect(ofOurs({ ...facts, data: { a: 1 } }, Scrub.unconfigured)).toStrictEqual({
      ...facts,
      json: jsonText('{"a":1}'),
      extra: null,
      lifeCycle: null,
      upstreamTime: null,
      origin: "listener"
    })
  })

  it("is written as text when its data has no JSON form", () => {
    const event = ofOurs({ ...facts, data: { count: 1n } }, Scrub.unconfigured)
    expect(event).toMatchObject({ ...facts, origin: "listener" })
    expect(JSON.parse(event.json)).toBe('{"count":"1"}')
  })
})
