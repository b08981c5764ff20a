import { describe, expect, it } from "@effect/vitest"
import { Either, FastCheck as fc, Redacted } from "effect"
import { decode } from "../../src/Domain/Event.ts"
import * as Scrub from "../../src/Domain/Scrub.ts"
import { dataIn as find, type Verbatim } from "../../src/Domain/Verbatim.ts"

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

const verbatim = (text: string): Verbatim => ({ text, utf8: Buffer.from(text) })

/** The text, which the bytes have to agree with. */
const dataIn = (text: string): string | undefined => {
  const found = find(verbatim(text))
  expect(found && Buffer.from(found.utf8).toString()).toBe(found?.text)
  return found?.text
}

describe("dataIn", () => {
  it.each([
    ["an object", { a: [1, "b", null, true] }],
    ["an empty one", {}],
    ["nothing", null],
    ["what looks like the envelope's end", { b: { server_url: "x", date_time: "y" } }],
    ["it as a text", { b: '},"server_url":"x","date_time":"y","apikey":null}' }],
    ["text beyond Latin-1, and on several lines", { b: 'Olá\n"世界" \\ 👩‍👧\t' }]
  ])("finds %s", (_, data) => {
    expect(dataIn(JSON.stringify(envelope(data)))).toBe(JSON.stringify(data))
  })

  it.each([
    ["something is beside the data", JSON.stringify(envelope({}, { isLatest: true }))],
    ["it is written with space", JSON.stringify(envelope({}), null, 1)],
    [
      "the envelope goes another way",
      JSON.stringify(Object.fromEntries(Object.entries(envelope({})).reverse()))
    ],
    ["an escape is unusual", JSON.stringify(envelope({ a: "b" })).replace("b", "\\u0062")],
    ["a stroke is escaped", JSON.stringify(envelope({ a: "/" })).replace('"/"', '"\\/"')],
    ["a lone surrogate is in it", JSON.stringify(envelope({ a: "\ud800" }))],
    ["the data has more lines than one", JSON.stringify(envelope({ a: 1 })).replace("1}", "1\n}")],
    ["the end is cut off", JSON.stringify(envelope({})).slice(0, -1)],
    ["a list stands there", JSON.stringify(envelope([]))]
  ])("finds none where %s", (_, text) => {
    expect(dataIn(text)).toBeUndefined()
  })
})

const secrets = Scrub.make([Redacted.make("pass-word-9")])

/** What scrubbing, or Postgres, would change. */
const delicate = fc.constantFrom(
  "pass-word-9",
  "2@abcdefghijklmnop,abcdefghijklmnop,x",
  '{"apikey":"x"}',
  "el_0123456789012345678901234567890123456789012",
  "https://me:word@example.org",
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

describe("decode", () => {
  it("makes the same of an event as it came as of its payload alone", () => {
    const inBytes: Array<string> = []
    fc.assert(
      fc.property(
        fc.oneof(value.object, fc.constant(null)),
        fc.constantFrom("messages.upsert", "qrcode.updated", "unheard.of"),
        (data, event) => {
          const text = JSON.stringify(envelope(data, { event }))
          const raw = { name: event, payload: JSON.parse(text), receivedAt: 1 }
          const asItCame = decode({ ...raw, verbatim: verbatim(text) }, "live", secrets)
          const utf8 = Either.isRight(asItCame) ? asItCame.right.utf8 : undefined
          const withoutBytes = Either.map(asItCame, (one) => ({ ...one, utf8: undefined }))
          expect(withoutBytes).toEqual(decode(raw, "live", secrets))
          if (utf8 === undefined) return
          inBytes.push(Buffer.from(utf8).toString())
          expect(inBytes.at(-1)).toBe(Either.getOrThrow(asItCame).json)
        }
      ),
      { numRuns: 2000 }
    )
    expect(inBytes.length).toBeGreaterThan(200)
    expect(inBytes.filter((text) => secrets.tells(text))).toEqual([])
  })

  it("takes the data as it came, where nothing in it has to be changed", () => {
    const text = JSON.stringify(envelope({ count: 1 })).replace("1}", "12345678901234567890}")
    const raw = { name: "messages.upsert", payload: JSON.parse(text), receivedAt: 1 }
    const event = Either.getOrThrow(decode({ ...raw, verbatim: verbatim(text) }, "live", secrets))
    expect(event.json).toBe('{"count":12345678901234567890}')
  })
})
