import { describe, expect, it } from "@effect/vitest"
import { Either, Redacted } from "effect"
import * as Json from "../../src/Domain/Json.ts"
import * as Scrub from "../../src/Domain/Scrub.ts"
import { jsonText } from "../support/jsonText.ts"

const secret = "an-own-key-of-99"
const scrub = Scrub.make([Redacted.make(secret)])

describe("Json", () => {
  it("writes a value from the log as its JSON text", () => {
    expect(Json.fromLog({ a: ["é", 1, null] })).toBe('{"a":["é",1,null]}')
  })

  it("quotes JSON text as one JSON string in ASCII, once", () => {
    const text = Json.quoted(jsonText('{"a":"é 👍"}'))
    expect(text).toMatch(/^"[ -~]*"$/)
    expect(JSON.parse(JSON.parse(text))).toEqual({ a: "é 👍" })
    expect(Json.quoted(text)).toBe(text)
    expect(Json.quoted(jsonText('{"a":1}'))).toBe('"{\\"a\\":1}"')
    expect(JSON.parse(Json.quoted(jsonText('"é"')))).toBe('"\\u00e9"')
  })

  it("keeps all of a value that is too deep, as one JSON string", () => {
    const deep = Array.from({ length: 20_000 }).reduce<unknown>(
      (inner) => ({ a: [inner, 1] }),
      "é\u0000"
    )
    const text: string = JSON.parse(Json.whole(deep, scrub))
    expect(text.startsWith('{"a":[{"a":[')).toBe(true)
    expect(text.endsWith(",1]}".repeat(20_000))).toBe(true)
    expect(text).toContain('"é\\u0000"')
  })

  it("keeps the text of what JSON does not have, as far as there is one", () => {
    const cycle: { self?: unknown; n: bigint } = { n: 7n }
    cycle.self = cycle
    expect(JSON.parse(Json.whole(cycle, scrub))).toBe('{"n":"7","self":null}')
    expect(Json.whole(undefined, scrub)).toBe('"null"')
  })

  it("stands for withheld data with one JSON string", () => {
    expect(JSON.parse(String(Json.withheld))).toBe("[redacted]")
  })

  it("blots a strong secret in texts and keys, and no weak one", () => {
    const weak = Scrub.make(["1234567890123456", "123456"].map((key) => Redacted.make(key)))
    const text = Either.getOrThrow(Json.encode({ [secret]: `say ${secret}`, n: 7 }, scrub))
    expect(JSON.parse(text)).toEqual({ "[redacted]": "say [redacted]", n: 7 })
    const digits = '[1234567890123456,"1234567890123456","pedido 123456"]'
    expect(Either.getOrThrow(Json.encode(JSON.parse(digits), weak))).toBe(digits)
  })

  it("keeps booleans and nulls beside a blotted text", () => {
    const value = { a: secret, b: true, c: null, d: [false] }
    expect(JSON.parse(Either.getOrThrow(Json.encode(value, scrub)))).toEqual({
      a: "[redacted]",
      b: true,
      c: null,
      d: [false]
    })
  })

  it("gives the reason why a value has no JSON text", () => {
    const deep = Array.from({ length: 257 }).reduce<unknown>((inner) => [inner], 1)
    const reasons = [deep, undefined, 1n].map((value) =>
      Either.getOrThrow(Either.flip(Json.encode(value, scrub)))
    )
    expect(reasons[0]).toBe("nested deeper than 256 levels")
    expect(reasons[1]).toBe("not a JSON value")
    expect(reasons[2]).toMatch(/^no JSON form: .*BigInt/)
  })
})
