import { describe, expect, it } from "@effect/vitest"
import { Either, FastCheck } from "effect"
import * as Json from "../../src/Domain/Json.ts"
import * as Scrub from "../../src/Domain/Scrub.ts"

/** Text made of what Postgres refuses, its neighbours, and what only looks like it. */
const nastyText = FastCheck.string({
  unit: FastCheck.constantFrom("\u0000", "\ud800", "\udfff", "\\u0000", "\\", '"', "a", "é", "😀")
})

const nastyJson = FastCheck.letrec((tie) => ({
  value: FastCheck.oneof(
    { maxDepth: 4 },
    nastyText,
    FastCheck.integer(),
    FastCheck.constantFrom(null, true),
    FastCheck.array(tie("value")),
    FastCheck.dictionary(nastyText, tie("value"))
  )
})).value

const textOf = (value: unknown): string => Either.getOrThrow(Json.encode(value, Scrub.unconfigured))

/** Every text in a JSON value, keys included. */
const textsIn = (json: string): ReadonlyArray<string> => {
  const texts: Array<string> = []
  JSON.parse(json, (key, value: unknown) => {
    texts.push(key)
    if (typeof value === "string") texts.push(value)
    return value
  })
  return texts
}

describe("encode", () => {
  it("leaves a storable value unchanged", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.jsonValue(), (value) => {
        const text = JSON.stringify(value)
        expect(textOf(value)).toBe(text)
      })
    )
  })

  it("gives no NUL and no lone surrogate in any text or key", () => {
    FastCheck.assert(
      FastCheck.property(nastyJson, (value) => {
        const unstorable = textsIn(textOf(value)).filter(
          (text) => text.includes("\u0000") || !text.isWellFormed()
        )
        expect(unstorable).toEqual([])
      })
    )
  })

  it("replaces unstorable characters by U+FFFD and keeps the rest", () => {
    expect(JSON.parse(textOf({ "k\u0000": ["a\u0000b", "\ud83d", "😀", "\\u0000"] }))).toEqual({
      "k\ufffd": ["a\ufffdb", "\ufffd", "😀", "\\u0000"]
    })
  })

  it("keeps what stands under any name, also one that JavaScript treats specially", () => {
    const text =
      '{"__proto__":{"apikey":"a"},"constructor":{"token":1},"mediaKey":"x","qrcode":["2@a,b"]}'
    expect(textOf(JSON.parse(text))).toBe(text)
  })

  it("omits the keys that it is told to omit, at any depth, and never a text that names them", () => {
    const media = { mediaKey: "k", messageSecret: { type: "Buffer", data: [1] }, url: "u" }
    const value = { a: [media], mediaKeyTimestamp: 1, text: 'say "mediaKey": 1' }
    const omitted = Json.encode(value, Scrub.unconfigured, Json.mediaKeys)
    expect(JSON.parse(Either.getOrThrow(omitted))).toEqual({ ...value, a: [{ url: "u" }] })
    const mended = Json.encode({ ...value, text: "\u0000" }, Scrub.unconfigured, Json.mediaKeys)
    expect(Either.getOrThrow(mended)).not.toContain('"k"')
  })

  it("omits a key also where the others do not occur", () => {
    const encoded = Json.encode({ mediaKey: "k", url: "u" }, Scrub.unconfigured, Json.mediaKeys)
    expect(encoded).toEqual(Either.right('{"url":"u"}'))
  })

  it("writes a value in its own JSON form, if it has one", () => {
    expect(textOf({ at: new Date(0) })).toBe('{"at":"1970-01-01T00:00:00.000Z"}')
  })

  it("takes a value with many lists in it that nest no deeper than it may", () => {
    const wide = Array.from({ length: 1_000 }, () => [{}])
    expect(textOf(wide)).toBe(JSON.stringify(wide))
  })

  it("returns the reason why a value has no JSON text", () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    let deep: unknown = []
    for (let depth = 0; depth < 100_000; depth++) deep = [deep]
    const reasons = [undefined, () => 1, 10n, cycle, deep, { a: "x", deep }].map((value) =>
      Either.getOrElse(Either.flip(Json.encode(value, Scrub.unconfigured)), () => "encoded")
    )
    expect(reasons.slice(0, 2)).toEqual(["not a JSON value", "not a JSON value"])
    for (const reason of reasons.slice(2))
      expect(reason).toMatch(/^(no JSON form: .|nested deeper than )/)
  })
})

describe("clean", () => {
  it("replaces a number that a secret is in, and keeps every other", () => {
    const blot = (text: string) => text.replaceAll("4711", "-")
    expect(Json.clean([4711, 47, { n: 14711, t: "4711" }, null, true], blot)).toEqual([
      "[redacted]",
      47,
      { n: "[redacted]", t: "-" },
      null,
      true
    ])
  })
})

describe("storable", () => {
  it("replaces only unstorable characters, and is idempotent", () => {
    FastCheck.assert(
      FastCheck.property(nastyText, (text) => {
        const stored = Json.storable(text)
        expect(stored).toHaveLength(text.length)
        expect(stored.isWellFormed()).toBe(true)
        expect(stored).not.toContain("\u0000")
        expect(Json.storable(stored)).toBe(stored)
        if (text.isWellFormed() && !text.includes("\u0000")) expect(stored).toBe(text)
      })
    )
  })
})
