import { describe, expect, it } from "@effect/vitest"
import { codeOf, detailOf } from "../../src/Domain/ErrorDetail.ts"

const coded = (message: string, code: unknown, cause?: unknown) =>
  Object.assign(new Error(message, { cause }), { code })

describe("codeOf", () => {
  it("gives the first code on the way down the causes", () => {
    expect(codeOf(coded("a", "EPIPE", coded("b", "ECONNRESET")))).toBe("EPIPE")
    expect(codeOf(new Error("a", { cause: coded("b", "ECONNRESET") }))).toBe("ECONNRESET")
  })

  it("passes over a code that is not a text", () => {
    expect(codeOf(coded("a", 23_505, coded("b", "23505")))).toBe("23505")
    expect(codeOf(coded("a", 1, null))).toBeUndefined()
  })

  it("gives undefined where there is no code", () => {
    for (const error of [new Error("a"), "a text", null, undefined])
      expect(codeOf(error)).toBeUndefined()
  })
})

describe("detailOf", () => {
  it("gives the message of the innermost cause", () => {
    expect(detailOf(new Error("a", { cause: new Error("b", { cause: new Error("c") }) }))).toBe("c")
    expect(detailOf(new Error("a", { cause: null }))).toBe("a")
    expect(detailOf(new Error("a"))).toBe("a")
  })

  it("joins the messages of errors that came together", () => {
    const both = new AggregateError([
      new Error("IPv4"),
      new Error("a", { cause: new Error("IPv6") })
    ])
    expect(detailOf(new Error("outer", { cause: both }))).toBe("IPv4; IPv6")
  })

  it("gives what is no error as text", () => {
    expect(detailOf("a text")).toBe("a text")
    expect(detailOf(undefined)).toBe("undefined")
  })
})
