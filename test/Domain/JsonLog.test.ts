import { describe, expect, it } from "@effect/vitest"
import { Either, Redacted } from "effect"
import * as Json from "../../src/Domain/Json.ts"
import * as Scrub from "../../src/Domain/Scrub.ts"
import { jsonText } from "../support/jsonText.ts"

const secret = "an-own-key-of-9"
const scrub = Scrub.make([Redacted.make(secret)])

describe("Json", () => {
  it("writes a value from the log as its JSON text", () => {
    expect(Json.fromLog({ a: ["é", 1, null] })).toBe('{"a":["é",1,null]}')
  })

  it("quotes JSON text as one JSON string", () => {
    expect(Json.quoted(jsonText('{"a":"b"}'))).toBe('"{\\"a\\":\\"b\\"}"')
  })

  it("stands for withheld data with one JSON string", () => {
    expect(JSON.parse(String(Json.withheld))).toBe("[redacted]")
  })

  it("blots a secret in texts, keys and numbers", () => {
    const digits = Scrub.make([Redacted.make("1234567890123456")])
    const text = Either.getOrThrow(Json.encode({ [secret]: `say ${secret}`, n: 7 }, scrub))
    expect(JSON.parse(text)).toEqual({ "[redacted]": "say [redacted]", n: 7 })
    expect(Either.getOrThrow(Json.encode([1234567890123456, 7], digits))).toBe('["[redacted]",7]')
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
