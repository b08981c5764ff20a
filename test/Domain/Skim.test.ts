import { describe, expect, it } from "@effect/vitest"
import { Either, FastCheck as fc, Redacted } from "effect"
import { decode, type RawEvent } from "../../src/Domain/Event.ts"
import * as Json from "../../src/Domain/Json.ts"
import * as Scrub from "../../src/Domain/Scrub.ts"
import * as Skim from "../../src/Domain/Skim.ts"
import { Utf8 } from "../../src/Domain/Utf8.ts"

const envelope = (data: unknown, more: object = {}) => ({
  event: "messages.upsert",
  instance: "shop-1",
  data,
  server_url: "http://localhost:8080",
  date_time: "2026-01-01T00:00:00.000Z",
  sender: "5511999990001@s.whatsapp.net",
  apikey: null,
  ...more
})

const inBytes = (text: string): string => Buffer.from(text).toString("latin1")

const skimmed = (text: string, name = "messages.upsert"): RawEvent | undefined => {
  const envelope = Skim.envelopeIn(name, inBytes(text))
  return envelope && { name, envelope, receivedAt: 1 }
}

const dataIn = (text: string): string | undefined => {
  const [, name = ""] = /"event":\s*"([^"]*)"/.exec(text) ?? []
  const { data } = Skim.envelopeIn(name, inBytes(text)) ?? {}
  return data && String(data)
}

describe("envelopeIn", () => {
  it.each([
    ["an object", { a: [1, "b", null, true] }],
    ["an empty one", {}],
    ["nothing", null],
    ["what looks like the envelope's end", { b: { server_url: "x", date_time: "y" } }],
    ["it as a text", { b: '},"server_url":"x","date_time":"y","apikey":null}' }],
    ["text beyond Latin-1, and on several lines", { b: 'Olá\n"世界" \\ 👩‍👧\t' }],
    ["a list", [{ a: 1 }]]
  ])("envelopeIn finds %s", (_, data) => {
    expect(dataIn(JSON.stringify(envelope(data)))).toBe(JSON.stringify(data))
  })

  it.each([
    ["something is beside the data", JSON.stringify(envelope({}, { isLatest: true }))],
    ["it is written with space", JSON.stringify(envelope({}), null, 1)],
    [
      "the envelope goes another way",
      JSON.stringify(Object.fromEntries(Object.entries(envelope({})).reverse()))
    ],
    ["the end is cut off", JSON.stringify(envelope({})).slice(0, -1)],
    [
      "something comes between",
      JSON.stringify(envelope({})).replace(',"server', ',"isLatest":true,"server')
    ],
    [
      "the event is one whose data is decoded",
      JSON.stringify(envelope({}, { event: "call" })).replace("call", "logout.instance")
    ],
    ["nobody knows the event", JSON.stringify(envelope({}, { event: "unheard.of" }))],
    ["no instance can be called so", JSON.stringify(envelope({}, { instance: "x".repeat(101) }))],
    ["the time is none", JSON.stringify(envelope({}, { date_time: "now" }))],
    ["the token is escaped", JSON.stringify(envelope({}, { apikey: 'a"b' }))]
  ])("envelopeIn finds no envelope where %s", (_, text) => {
    expect(dataIn(text)).toBeUndefined()
  })
})

const secrets = Scrub.make(["pass-word-9", "senhã-é-9"].map((secret) => Redacted.make(secret)))

/** Text that scrubbing or Postgres would change. */
const delicate = fc.constantFrom(
  "pass-word-9",
  "senhã-é-9",
  "2@abcdefghijklmnop,abcdefghijklmnop,x",
  '{"apikey":"x"}',
  '{"apikey" \n:"x"}',
  '{"àtoken":"x"',
  "el_0123456789012345678901234567890123456789012",
  "https://me:word@example.org",
  "https://mé:wàrd@example.org",
  "data:image/png;base64,AAAA",
  "\u0000",
  "\ud800",
  "\u2028",
  "\\u0041",
  "/"
)
const key = fc.constantFrom("id", "text", "apikey", "mediaKey", "qrcode", "__proto__", "7", "é")
const value = fc.letrec((again) => ({
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.string({ unit: "binary" }),
    fc.string({ unit: "grapheme" }),
    fc.tuple(fc.string(), delicate, fc.string()).map((parts) => parts.join("")),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.array(again("any")),
    again("object")
  ),
  object: fc.dictionary(fc.oneof(key, fc.string()), again("any"))
}))

describe("isUntouched", () => {
  const isUntouched = (text: string) =>
    Json.unchanged(new Utf8(inBytes(text)), secrets) !== undefined

  it.each([
    ["a message", JSON.stringify({ key: { id: "1" }, message: { conversation: "Olá: 世界\n" } })],
    ["nothing", "null"],
    ["the number of a phone", '{"remoteJid":"5511999990001@s.whatsapp.net"}'],
    ["an address", '{"url":"https://mmg.whatsapp.net/v/x?a=b@c"}']
  ])("isUntouched is true of %s", (_, text) => {
    expect(isUntouched(text)).toBe(true)
  })

  it.each([
    ["an escape is unusual", '{"a":"\\u0062"}'],
    ["a stroke is escaped", '{"a":"\\/"}'],
    ["a lone surrogate is in it", JSON.stringify({ a: "\ud800" })],
    ["it has more lines than one", '{"a":1\n}'],
    ["it may be too deep", `${"[".repeat(256)}${"]".repeat(256)}`],
    ["a secret is named", '{"mediaKey":"x"}'],
    ["a secret is named after what is beyond ASCII", '{"é-token":"x"}'],
    ["a code is", '{"qrcode":"x"}'],
    ["a secret is named in a text", JSON.stringify({ a: '{"token":"x"}' })],
    ["there is space before the colon", JSON.stringify({ a: '{"token"\n \t:"x"}' })],
    ["it is in a text within a text", JSON.stringify({ a: JSON.stringify({ b: '{"pwd" :1}' }) })],
    ["a secret of ours is in it", '{"a":"pass-word-9"}'],
    ["one beyond ASCII is", '{"a":"senhã-é-9"}'],
    ["an address has a password", '{"a":"https://jos\u00e0:p\u00e0sse@example.org"}'],
    ["a code stands there", '{"a":"2@abcdefghijklmnop,abcdefghijklmnop,x"}']
  ])("isUntouched is false where %s", (_, text) => {
    expect(isUntouched(text)).toBe(false)
  })
})

/** `npm run mutants` repeats these tests hundreds of times, each time with fewer runs. */
const runs = Number(process.env.PROPERTY_RUNS ?? 3000)

describe("decode", () => {
  it("decode gives the same for a skimmed event as for its payload", () => {
    const untouched: Array<string> = []
    fc.assert(
      fc.property(
        fc.oneof(value.object, fc.array(value.object, { maxLength: 3 }), fc.constant(null)),
        fc.constantFrom("messages.upsert", "messages.set", "qrcode.updated", "unheard.of"),
        fc.constantFrom(null, "a-token-of-9"),
        (data, event, apikey) => {
          const text = JSON.stringify(envelope(data, { event, apikey }))
          const parsed = { name: event, payload: JSON.parse(text), receivedAt: 1 }
          const raw = skimmed(text, event) ?? parsed
          const decoded = decode(raw, "live", secrets)
          if (Either.isRight(decoded) && decoded.right.json instanceof Utf8)
            untouched.push(String(decoded.right.json))
          const asText = Either.map(decoded, (one) => ({ ...one, json: String(one.json) }))
          expect(asText).toEqual(decode(parsed, "live", secrets))
        }
      ),
      { numRuns: runs }
    )
    expect(untouched.length).toBeGreaterThan(runs / 15)
    expect(untouched.filter((text) => secrets.mayHoldSecret(text))).toEqual([])
  })

  it("decode keeps the data as it came where nothing has to be changed", () => {
    const text = JSON.stringify(envelope({ count: 1 })).replace("1}", "12345678901234567890}")
    const event = Either.getOrThrow(decode(skimmed(text) ?? expect.fail(), "live", secrets))
    expect(String(event.json)).toBe('{"count":12345678901234567890}')
  })

  it("decode quarantines data that has to be changed and cannot be parsed", () => {
    const text = JSON.stringify(envelope({ token: 1 })).replace("1}", "}")
    const event = Either.flip(decode(skimmed(text) ?? expect.fail(), "live", secrets))
    expect(Either.getOrThrow(event)).toMatchObject({ instance: "shop-1", json: null })
  })
})
