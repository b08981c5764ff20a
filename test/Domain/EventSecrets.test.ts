import { describe, expect, it } from "@effect/vitest"
import { Either, FastCheck, Redacted } from "effect"
import { decode, quarantine } from "../../src/Domain/Event.ts"
import * as Scrub from "../../src/Domain/Scrub.ts"

const secret = "PLANTED-8f14e45f"
const code = `2@${secret}`
const picture = `data:image/png;base64,${secret}`

/** All that leaves `decode`, but for the redacted life cycle, which no log can print. */
const written = (payload: unknown, name: string, scrub = Scrub.unconfigured): string =>
  JSON.stringify(Either.merge(decode({ name, payload, receivedAt: 0 }, "live", scrub)))

describe("a secret at its place", () => {
  it("is removed from a typebot's session, and from the envelope", () => {
    const data = {
      remoteJid: "5511988887777@s.whatsapp.net",
      session: { id: "s1", parameters: { apiKey: secret, instanceName: "shop-1" } }
    }
    const payload = { event: "typebot.change-status", instance: "shop-1", data, apikey: secret }
    const text = written(payload, "typebot.change-status")
    expect(text).not.toContain(secret)
    expect(text).toContain("5511988887777@s.whatsapp.net")
  })

  const keyed = FastCheck.tuple(FastCheck.jsonValue(), FastCheck.jsonValue()).map(
    ([noise, more]) => ({ noise, apiKey: secret, more, witness: "WITNESS" })
  )

  it("is removed from a quarantined event, whatever its form, and all else is kept", () => {
    const shapes = FastCheck.constantFrom(
      (data: unknown) => ({ event: "typebot.start", data, apikey: secret }),
      (data: unknown) => ({ instance: ["shop-1"], data, apikey: secret }),
      (data: unknown) => [{ event: "call", data, apikey: secret }, 2]
    )
    FastCheck.assert(
      FastCheck.property(keyed, shapes, (parameters, shape) => {
        const payload = shape({ session: { parameters } })
        const result = decode(
          { name: "typebot.start", payload, receivedAt: 0 },
          "live",
          Scrub.unconfigured
        )
        const { json } = Either.getOrThrow(Either.flip(result))
        expect(json).not.toContain(secret)
        const expected = JSON.stringify(payload).replaceAll(secret, "[redacted]")
        expect(JSON.parse(json)).toEqual(JSON.parse(expected))
      })
    )
  })
})

describe("a QR code", () => {
  const shown = { instance: "shop-1", code, base64: picture, pairingCode: secret }
  const envelope = { event: "qrcode.updated", instance: "shop-1" }

  it("reaches only the projection, redacted", () => {
    const raw = { name: "qrcode.updated", payload: { ...envelope, data: { qrcode: shown } } }
    const event = Either.getOrThrow(decode({ ...raw, receivedAt: 0 }, "live", Scrub.unconfigured))
    expect(JSON.parse(event.json)).toEqual({
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
    expect(written({ ...envelope, data }, "qrcode.updated")).not.toContain(secret)
  })

  it.each(["instance.create", "connection.update", "status.instance"])(
    "is removed from %s, which may bring one",
    (event) => {
      const data = { instanceName: "shop-1", qrcode: shown, hash: secret, state: 1, ...shown }
      expect(written({ event, instance: "shop-1", data }, event)).not.toContain(secret)
    }
  )

  it("is removed from an event that another module quarantines", () => {
    const raw = { name: "QRCODE_UPDATED", payload: { qrcode: shown }, receivedAt: 0 }
    const aside = quarantine(raw, "the inbox is full", Scrub.unconfigured)
    expect(aside).toMatchObject({ instance: null, event: "qrcode.updated", receivedAt: 0 })
    expect(JSON.stringify(aside)).not.toContain(secret)
  })

  it("is withheld with all that came when that is too deep to be searched", () => {
    const deep = Array.from({ length: 20_000 }).reduce<unknown>((inner) => [inner], code)
    const raw = { name: "qrcode.updated", payload: { data: deep }, receivedAt: 0 }
    expect(quarantine(raw, "too deep", Scrub.unconfigured).json).toBe('"[redacted]"')
  })
})

describe("a strong secret that the service knows", () => {
  const known = Scrub.make([Redacted.make(secret)])

  it("is removed from logged and quarantined events", () => {
    const dressed = `a ${secret} b`
    for (const payload of [
      { event: dressed, instance: "shop", data: { [dressed]: dressed }, date_time: dressed },
      { event: "call", instance: "shop", data: {}, [dressed]: [dressed] },
      { event: "connection.update", instance: "shop", data: { state: dressed } },
      { event: "call", instance: [dressed], data: dressed }
    ]) {
      expect(written(payload, dressed, known)).not.toContain(secret)
      expect(written(payload, dressed, known)).toContain("[redacted]")
    }
  })

  it("includes the instance's own token, also in messages that are fetched without it", () => {
    const scrub = Scrub.make([], new Map())
    const own = "0A5F1E0A-7A0A-4C0A-8A0A"
    const data = { say: `hash: ${own}`, in: Buffer.from(own).toString("base64") }
    const said = (instance: string, apikey?: string) =>
      written({ event: "call", instance, data, apikey }, "call", scrub)
    expect(said("shop", own)).not.toContain(own)
    expect(said("shop", own)).not.toContain(Buffer.from(own).toString("base64").slice(0, 12))
    expect(said("shop")).not.toContain(own)
    // Of another instance it says nothing.
    expect(said("shop-2")).toContain(own)
  })

  it.each([
    ["Evolution's words for no token", "Apikey not found"],
    ["a token that is the instance's name", "assistencia-tecnica-1"],
    ["a short token", "loja-12345"],
    ["a token of digits alone", "5511999990001551199999"]
  ])("does not include %s", (_, apikey) => {
    const data = { text: `eles dizem: ${apikey}` }
    const payload = { event: "call", instance: "assistencia-tecnica-1", data, apikey }
    expect(written(payload, "call")).toContain(`eles dizem: ${apikey}`)
  })

  it("never removes an instance's name", () => {
    for (const instance of [secret, `loja ${secret}`]) {
      const payload = { event: "call", instance, data: {} }
      const event = decode({ name: "call", payload, receivedAt: 0 }, "live", known)
      expect(Either.getOrThrow(event).instance).toBe(instance)
    }
  })
})
