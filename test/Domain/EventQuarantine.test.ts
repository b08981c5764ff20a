import { describe, expect, it } from "@effect/vitest"
import { Either } from "effect"
import { decode, instanceOf, quarantine } from "../../src/Domain/Event.ts"
import * as Scrub from "../../src/Domain/Scrub.ts"

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

const reasonOf = (event: string, data: unknown, more?: object): string =>
  Either.match(decodeOne(event, data, more), {
    onLeft: ({ reason }) => reason,
    onRight: () => "decoded"
  })

describe("decode, of a payload that is not an event of Evolution", () => {
  it.each([[undefined], [null], [7], ["text"], [[]], [[{ instance: "shop-1" }, 2]], [{}]])(
    "puts aside a payload that is %j",
    (payload) => {
      const result = decode(
        { name: "QRCODE_UPDATED", payload, receivedAt },
        "live",
        Scrub.unconfigured
      )
      expect(Either.getLeft(result)).toMatchObject({
        value: { instance: null, event: "qrcode.updated", receivedAt }
      })
    }
  )

  it.each<readonly [string, string, unknown, object]>([
    ["instance", "call", {}, { instance: undefined }],
    ["instance", "call", {}, { instance: "" }],
    ["instance", "call", {}, { instance: 4711 }],
    ["event", "call", {}, { event: undefined }],
    ["event", "call", {}, { event: "" }],
    ["date_time", "call", {}, { date_time: 1795452079 }],
    ["data", "messages.upsert", "4711", {}],
    ["data", "messages.upsert", 4711, {}],
    ["data", "messages.upsert", true, {}],
    ["state", "connection.update", { state: "4711" }, {}],
    ["state", "connection.update", {}, {}],
    ["statusReason", "connection.update", { state: "close", statusReason: "4711" }, {}],
    ["statusReason", "connection.update", { state: "close", statusReason: 4711.5 }, {}],
    ["statusReason", "connection.update", { state: "close", statusReason: 4711e9 }, {}],
    ["phone.number", "connection.update", { state: "open", phone: { number: 4711 } }, {}],
    ["qrcode.code", "qrcode.updated", { qrcode: { code: "" } }, {}],
    ["qrcode.base64", "qrcode.updated", { qrcode: { code: "4711", base64: 4711 } }, {}],
    ["instanceId", "instance.create", { instanceName: "4711" }, {}],
    ["instanceName", "instance.delete", { instanceName: 4711, instanceId: "x" }, {}],
    ["status", "status.instance", { instance: "4711" }, {}]
  ])("names the path %s in %s and never the value", (path, event, data, more) => {
    const reason = reasonOf(event, data, more)
    expect(reason).toContain(`${path}: `)
    expect(reason).not.toContain("4711")
  })

  it.each([
    ["logout.instance", {}],
    ["remove.instance", [1]],
    ["connection.update", null],
    ["qrcode.updated", undefined],
    ["instance.create", ["shop-1"]]
  ])("puts aside %s with data of another shape", (event, data) => {
    expect(reasonOf(event, data)).toMatch(/^\S+: (Expected|is missing|is unexpected)/)
  })

  it("bounds the reason and makes it storable", () => {
    const raw = { name: "call", payload: {}, receivedAt }
    const { reason } = quarantine(raw, `\u0000${"x".repeat(2_000)}`, Scrub.unconfigured)
    expect(reason).toBe(`\ufffd${"x".repeat(999)}`)
  })

  it("keeps the readable instance name and a storable payload", () => {
    const result = decodeOne("connection.update", { state: "asleep\u0000" })
    const left = Either.getOrThrow(Either.flip(result))
    expect(left).toMatchObject({ instance: "shop-1", event: "connection.update", receivedAt })
    expect(JSON.parse(String(left.json))).toMatchObject({ data: { state: "asleep\ufffd" } })
    expect(instanceOf({ name: "call", payload: { instance: 1 }, receivedAt })).toBeUndefined()
  })

  it("says that no object came, and all that a field may be", () => {
    const nothing = decode({ name: "CALL", payload: null, receivedAt }, "live", Scrub.unconfigured)
    expect(Either.getLeft(nothing)).toMatchObject({
      value: { reason: "event: Expected an object" }
    })
    expect(reasonOf("connection.update", { state: "asleep" })).toMatch(
      /^state: Expected "open"; state: Expected "connecting"; /
    )
  })

  it("keeps no token of the instance, wherever it stands", () => {
    const token = "token-of-one-instance-7"
    const left = Either.getOrThrow(Either.flip(decodeOne("call", `a ${token}`, { apikey: token })))
    expect(JSON.parse(String(left.json))).toMatchObject({ data: "a [redacted]" })
  })

  it("withholds all of an event that is too deep, if either of its names is about codes", () => {
    const nested = Array.from({ length: 300 }).reduce<unknown>((inner) => [inner], "2@x")
    const kept = (name: string, event: string) =>
      Either.match(
        decode(
          { name, payload: { event, instance: "shop-1", data: nested }, receivedAt },
          "live",
          Scrub.unconfigured
        ),
        { onLeft: ({ json }) => String(json).includes("2@x"), onRight: () => undefined }
      )
    expect(kept("CALL", "call")).toBe(true)
    expect(kept("CALL", "qrcode.updated")).toBe(false)
    expect(kept("QRCODE_UPDATED", "call")).toBe(false)
  })

  const deep = Array.from({ length: 20_000 }).reduce((inner) => [inner], [])

  it.each<readonly [string, string, unknown, object]>([
    ["data", "messages.upsert", deep, {}],
    ["extra", "messages.set", [], { progress: deep }],
    ["state", "connection.update", { state: deep }, {}],
    ["code", "qrcode.updated", { qrcode: deep }, {}],
    ["status", "status.instance", { instance: "shop-1", status: deep }, {}],
    ["null", "logout.instance", deep, {}],
    ["instance", "call", {}, { instance: deep }]
  ])("puts aside %s nested too deep for JSON, and does not throw", (_, event, data, more) => {
    expect(Either.getLeft(decodeOne(event, data, more))).toMatchObject({
      value: { event, reason: expect.stringMatching(/./), receivedAt }
    })
  })
})
