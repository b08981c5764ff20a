import { describe, expect, it } from "@effect/vitest"
import { Either, Redacted } from "effect"
import { decode, isLifeCycle } from "../../src/Domain/LifeCycle.ts"
import * as Scrub from "../../src/Domain/Scrub.ts"

const secret = "an-own-key-of-99"
const scrub = Scrub.make([Redacted.make(secret)])

const decoded = (event: string, data: unknown) => {
  const found = Either.getOrThrow(decode(event, data, scrub))
  return found === null ? null : Redacted.value(found)
}
const isRefused = (event: string, data: unknown) => Either.isLeft(decode(event, data, scrub))

const code = { code: "2@abcdefghijklmnop,abcdefghijklmnop", base64: null, pairingCode: "ABCD1234" }

describe("LifeCycle", () => {
  it("decodes each event of an instance's life, and no other", () => {
    const identity = { instanceName: "shop", instanceId: "0a5f" }
    const events = {
      "qrcode.updated": { qrcode: code },
      "connection.update": { state: "open" },
      "instance.create": identity,
      "instance.delete": identity,
      "logout.instance": null,
      "remove.instance": null,
      "status.instance": { instance: "shop", status: "closed" }
    }
    for (const [event, data] of Object.entries(events)) {
      expect(isLifeCycle(event), event).toBe(true)
      expect(decoded(event, data), event).toMatchObject({ event })
    }
    expect(isLifeCycle("messages.upsert")).toBe(false)
    expect(decoded("messages.upsert", { anything: 1 })).toBeNull()
  })

  it("keeps the codes of a QR event whole, and blots our own secrets in it", () => {
    const data = { qrcode: { ...code, base64: `data:${secret}` } }
    expect(decoded("qrcode.updated", data)).toMatchObject({
      data: { qrcode: { code: code.code, pairingCode: "ABCD1234", base64: "data:[redacted]" } }
    })
  })

  it("keeps a profile's name as it is, but for our own secrets", () => {
    const profileName = 'Loja "password: 1234" https://user:pass@loja.example'
    expect(decoded("connection.update", { state: "open", profileName })).toMatchObject({
      data: { profileName }
    })
    const named = decoded("connection.update", { state: "open", profileName: `Loja ${secret}` })
    expect(named).toMatchObject({ data: { profileName: "Loja [redacted]" } })
  })

  it("decodes the QR limit from its message and status", () => {
    const limit = { message: "QR code limit reached", statusCode: 500 }
    expect(decoded("qrcode.updated", limit)).toMatchObject({ data: limit })
    expect(isRefused("qrcode.updated", { message: "QR code limit reached" })).toBe(true)
  })

  it("takes status codes that an integer column can hold", () => {
    const update = (statusReason: unknown) => ({ state: "close", statusReason })
    for (const reason of [0, 2 ** 31 - 1, null, undefined])
      expect(isRefused("connection.update", update(reason)), String(reason)).toBe(false)
    for (const reason of [-1, 2 ** 31, 1.5, "401"])
      expect(isRefused("connection.update", update(reason)), String(reason)).toBe(true)
  })

  it("refuses data of another shape", () => {
    expect(isRefused("connection.update", { state: "dozing" })).toBe(true)
    expect(isRefused("qrcode.updated", { qrcode: { code: "" } })).toBe(true)
    expect(isRefused("logout.instance", {})).toBe(true)
    expect(isRefused("instance.create", { instanceName: "shop" })).toBe(true)
    expect(isRefused("status.instance", { instance: "shop" })).toBe(true)
  })
})
