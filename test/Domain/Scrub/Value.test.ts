import { describe, expect, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { withoutSecrets, withoutTexts } from "../../../src/Domain/Scrub/Value.ts"

describe("withoutSecrets", () => {
  it("leaves a value without secrets as it is", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.jsonValue({ stringUnit: "binary-ascii" }), (value) => {
        FastCheck.pre(!/"(?:qr|pwd|pass)|[{[]/i.test(JSON.stringify(value).slice(1)))
        expect(withoutSecrets(value)).toEqual(value)
      })
    )
  })

  it("leaves the original unchanged", () => {
    const value = { a: { token: "x", b: [1] }, c: { d: 1 } }
    expect(withoutSecrets(value)).toEqual({ a: { token: "[redacted]", b: [1] }, c: { d: 1 } })
    expect(value.a.token).toBe("x")
  })

  it("keeps null and booleans under a secret's name", () => {
    const value = { token: null, mediaKey: undefined, isSecret: true, password: false }
    expect(withoutSecrets(value)).toEqual(value)
  })

  it.each<readonly [string, unknown]>([
    ["text", "base64+/="],
    ["bytes of a Buffer", { type: "Buffer", data: [1, 2, 3] }],
    ["bytes by index", { 0: 1, 1: 2 }],
    ["a list", ["x"]],
    ["a number", 12_345_678]
  ])("loses %s", (_, secret) => {
    expect(withoutSecrets([{ mediaKey: secret }])).toEqual([{ mediaKey: "[redacted]" }])
  })

  it("removes app-state keys, sender keys and history keys, and keeps their identifiers", () => {
    const message = {
      protocolMessage: {
        appStateSyncKeyShare: {
          keys: [{ keyId: { keyId: "AAAA" }, keyData: { keyData: "s3cret", timestamp: 1 } }]
        },
        historySyncNotification: { mediaKey: "s3cret", directPath: "/v/t", fileSha256: "hash" }
      },
      senderKeyDistributionMessage: {
        groupId: "1@g.us",
        axolotlSenderKeyDistributionMessage: "s3cret"
      },
      messageContextInfo: { messageSecret: "s3cret" }
    }
    const text = JSON.stringify(withoutSecrets(message))
    expect(text).not.toContain("s3cret")
    for (const kept of ["AAAA", "/v/t", "hash"]) expect(text).toContain(kept)
  })

  it("removes secrets from JSON within texts, at any depth of wrapping", () => {
    const inner = { a: [{ apikey: "s3cret", b: 1 }] }
    let text = JSON.stringify(inner)
    for (let layer = 0; layer < 3; layer++) text = JSON.stringify({ layer, text })
    expect(JSON.stringify(withoutSecrets({ text }))).not.toContain("s3cret")
    expect(withoutSecrets(` ${JSON.stringify(inner)}`)).toBe(
      '{"a":[{"apikey":"[redacted]","b":1}]}'
    )
    const harmless = JSON.stringify({ a: 1, "my text": 2 })
    expect(withoutSecrets(harmless)).toBe(harmless)
  })

  it("removes secrets also from JSON that is cut off, wrapped too often, or too deep", () => {
    expect(withoutSecrets('{"mediaKey":"s3cret","res')).toBe('{"mediaKey":"[redacted]","res')
    let wrapped = '{"token":"s3cret"}'
    for (let layer = 0; layer < 8; layer++) wrapped = JSON.stringify([wrapped])
    expect(withoutSecrets(wrapped)).not.toContain("s3cret")
    const deep = `${"[".repeat(20_000)}{"token":"s3cret"}${"]".repeat(20_000)}`
    expect(withoutSecrets(deep)).not.toContain("s3cret")
  })
})

describe("withoutSecrets, of a text", () => {
  it("looks for names only in what begins as JSON", () => {
    for (const text of ["token: abc", 'say "token": "abc"', 'of ["token": "abc"', "[no JSON: abc"])
      expect(withoutSecrets({ text })).toEqual({ text })
  })

  it("leaves JSON in which no secret is told as it was written", () => {
    for (const text of ['{ "token": null }', ' [ {"token" : true} ] '])
      expect(withoutSecrets(text)).toBe(text)
  })

  it("reads JSON in four layers of texts, and takes what is deeper for words", () => {
    const wrapped = (layers: number): string =>
      layers === 0 ? '{"token":true}' : JSON.stringify([wrapped(layers - 1)])
    expect(withoutSecrets(wrapped(3))).toBe(wrapped(3))
    expect(withoutSecrets(wrapped(4))).toContain("[redacted]")
  })
})

describe("withoutTexts, of a value about a QR code", () => {
  it("keeps the text of an instance, and no text below it", () => {
    expect(withoutTexts({ instance: { name: "shop" }, state: "open" })).toEqual({
      instance: { name: "[redacted]" },
      state: "open"
    })
  })

  it("keeps shape and instance, and removes all other texts", () => {
    const shown = {
      instance: "shop",
      code: "2@x",
      base64: "y",
      pairingCode: null,
      count: 2,
      more: { say: "ABCD1234", list: ["z"], bytes: { 0: 1 } }
    }
    const expected = {
      instance: "shop",
      code: "[redacted]",
      base64: "[redacted]",
      pairingCode: null,
      count: 2,
      more: { say: "[redacted]", list: "[redacted]", bytes: "[redacted]" }
    }
    expect(withoutTexts(shown)).toEqual(expected)
    expect(withoutSecrets({ data: { qrcode: shown } })).toEqual({
      data: { qrcode: { ...expected, pairingCode: null } }
    })
    expect(withoutSecrets({ qr: "2@x" })).toEqual({ qr: "[redacted]" })
  })
})
