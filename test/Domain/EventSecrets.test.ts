import { describe, expect, it } from "@effect/vitest"
import { Either, FastCheck, Redacted } from "effect"
import { decode, quarantine } from "../../src/Domain/Event.ts"
import * as Scrub from "../../src/Domain/Scrub.ts"

const secret = "PLANTED-8f14e45f"
const code = `2@${secret}`
const picture = `data:image/png;base64,${secret}`

/** All that leaves `decode`, but for the redacted life cycle, which no log can print. */
const written = (payload: unknown, name: string): string =>
  JSON.stringify(Either.merge(decode({ name, payload, receivedAt: 0 }, "live", Scrub.unconfigured)))

const secretKey = FastCheck.constantFrom(
  "apikey",
  "apiKey",
  "API_KEY",
  "instanceToken",
  "instance_token",
  "access-token",
  "authorization"
)
const secretValue = FastCheck.constantFrom<unknown>(secret, [secret], { deep: [{ secret }] })

/** The way to a secret: through a key, or through an array beside something else. */
const path = FastCheck.array(
  FastCheck.oneof(
    FastCheck.string({ maxLength: 5 }).filter((step) => !/^qr/i.test(step)),
    FastCheck.integer(),
    FastCheck.constantFrom("session", "parameters", "\u0000", "\ud800", "__proto__", 'apikey":')
  ),
  { maxLength: 40 }
)

/** Something with a secret in it, and a witness beside the secret that must not be lost. */
const planted = FastCheck.tuple(path, secretKey, secretValue, FastCheck.jsonValue()).map(
  ([path, key, value, noise]) =>
    path.reduceRight<unknown>(
      (inner, step) =>
        typeof step === "number" ? [noise, inner] : Object.fromEntries([[step, inner]]),
      { [key]: value, witness: "WITNESS" }
    )
)

describe("secrets", () => {
  it("are removed from an event's data and the fields beside it, at any depth", () => {
    FastCheck.assert(
      FastCheck.property(planted, planted, (data, beside) => {
        const event = "typebot.change-status"
        const payload = { event, instance: "shop-1", data: { data }, apikey: secret, beside }
        const result = Either.getOrThrow(
          decode({ name: event, payload, receivedAt: 0 }, "live", Scrub.unconfigured)
        )
        expect(result.json).not.toContain(secret)
        expect(result.extra).not.toContain(secret)
        expect(result.json).toContain("WITNESS")
        expect(result.extra).toContain("WITNESS")
      })
    )
  })

  it("are removed from a quarantined event and its reason", () => {
    const shapes = FastCheck.constantFrom(
      (data: unknown) => ({ event: "call", data, apikey: secret }),
      (data: unknown) => ({ event: "call", instance: [data], data: {} }),
      (data: unknown) => ({ event: "instance.create", instance: "shop-1", data: { data } }),
      (data: unknown) => ({
        event: "connection.update",
        instance: "shop-1",
        data: { state: data }
      }),
      (data: unknown) => [{ event: "call", instance: "shop-1" }, data]
    )
    FastCheck.assert(
      FastCheck.property(planted, shapes, (data, shape) => {
        const result = decode(
          { name: "call", payload: shape(data), receivedAt: 0 },
          "live",
          Scrub.unconfigured
        )
        const left = Either.getOrThrow(Either.flip(result))
        expect(JSON.stringify(left)).not.toContain(secret)
        expect(left.json).toContain("WITNESS")
      })
    )
  })

  it("are removed where Evolution is known to put them", () => {
    const data = {
      remoteJid: "5511988887777@s.whatsapp.net",
      session: { id: "s1", parameters: { apiKey: secret, instanceName: "shop-1" } }
    }
    const payload = { event: "typebot.change-status", instance: "shop-1", data, apikey: secret }
    const text = written(payload, "typebot.change-status")
    expect(text).not.toContain(secret)
    expect(text).toContain("5511988887777@s.whatsapp.net")
  })
})

describe("a QR code", () => {
  const shown = { instance: "shop-1", code, base64: picture, pairingCode: secret }
  const envelope = { event: "qrcode.updated", instance: "shop-1" }

  it("reaches only the projection, redacted", () => {
    const raw = { name: "qrcode.updated", payload: { ...envelope, data: { qrcode: shown } } }
    const event = Either.getOrThrow(decode({ ...raw, receivedAt: 0 }, "live", Scrub.unconfigured))
    expect(JSON.parse(String(event.json))).toEqual({
      qrcode: {
        instance: "shop-1",
        code: "[redacted]",
        base64: "[redacted]",
        pairingCode: "[redacted]"
      }
    })
    expect(`${event.lifeCycle} ${JSON.stringify(event)}`).not.toContain(secret)
    expect(event.lifeCycle && Redacted.value(event.lifeCycle).data).toEqual({
      qrcode: { code, base64: picture, pairingCode: secret }
    })
  })

  it.each<readonly [string, string, unknown]>([
    ["that cannot be read", "qrcode.updated", { qrcode: { ...shown, base64: [picture] } }],
    ["outside its envelope", "qrcode.updated", { code, base64: picture, pairingCode: secret }],
    ["under the settings' name", "QRCODE_UPDATED", { qrcode: { ...shown, code: [code] } }],
    ["as bare text", "qrcode.updated", code]
  ])("%s is put aside without the code", (_, event, data) => {
    expect(written({ ...envelope, event, data }, event)).toContain('"reason"')
    expect(written({ ...envelope, event, data }, event)).not.toContain(secret)
  })

  it("is removed from an event whose outer name differs from its inner one", () => {
    const unreadable = { qrcode: { ...shown, base64: [picture] } }
    for (const data of [{ qrcode: shown }, unreadable])
      expect(written({ ...envelope, data }, "messages.upsert")).not.toContain(secret)
  })

  it("is removed when the QR limit comes with the last code", () => {
    const data = { message: "QR code limit reached", statusCode: 500, qrcode: shown }
    const payload = { ...envelope, data }
    expect(written(payload, "qrcode.updated")).not.toContain(secret)
  })

  it("is removed from an event that another module quarantines", () => {
    const raw = { name: "QRCODE_UPDATED", payload: { qrcode: shown }, receivedAt: 0 }
    expect(quarantine(raw, "the inbox is full", Scrub.unconfigured)).toEqual({
      instance: null,
      event: "qrcode.updated",
      reason: "the inbox is full",
      json: '"[redacted]"',
      receivedAt: 0
    })
  })
})

describe("a secret that the service knows", () => {
  const known = Scrub.make([Redacted.make(secret)])
  const text = (payload: object, name = "call") =>
    JSON.stringify(Either.merge(decode({ name, payload, receivedAt: 0 }, "live", known)))

  it("is removed from logged and quarantined events", () => {
    const dressed = `a ${secret} b`
    for (const payload of [
      { event: dressed, instance: "shop", data: { [dressed]: dressed }, date_time: dressed },
      { event: "call", instance: dressed, data: {}, [dressed]: [dressed] },
      { event: "connection.update", instance: dressed, data: { state: dressed } },
      { event: "call", instance: [dressed], data: dressed }
    ]) {
      expect(text(payload, dressed)).not.toContain(secret)
      expect(text(payload, dressed)).toContain("[redacted]")
    }
  })

  it("includes the instance's own token", () => {
    const own = "own-token-77"
    const data = { say: `hash: ${own}`, in: Buffer.from(own).toString("base64") }
    const written = text({ event: "call", instance: "shop", data, apikey: own })
    expect(written).not.toContain(own)
    expect(written).not.toContain(Buffer.from(own).toString("base64").slice(0, 12))
    // Of another event it says nothing.
    expect(text({ event: "call", instance: "shop", data, apikey: null })).toContain(own)
  })

  it("never removes an instance's name", () => {
    const { instance } = Either.getOrThrow(
      decode(
        { name: "call", payload: { event: "call", instance: secret, data: {} }, receivedAt: 0 },
        "live",
        known
      )
    )
    expect(instance).toBe(secret)
  })
})
