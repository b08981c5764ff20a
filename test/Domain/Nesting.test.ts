import { describe, expect, it } from "@effect/vitest"
import { isTooDeep, maxNesting, textOf, tooDeep } from "../../src/Domain/Nesting.ts"

const nested = (levels: number, wrap: (inner: unknown) => unknown): unknown =>
  levels === 0 ? 1 : wrap(nested(levels - 1, wrap))

describe("isTooDeep", () => {
  it.each([
    ["arrays", (inner: unknown) => [inner]],
    ["objects", (inner: unknown) => ({ inner })],
    ["both", (inner: unknown) => [0, { first: null, inner }]]
  ])("counts the levels of %s", (kind, wrap) => {
    const most = kind === "both" ? maxNesting / 2 : maxNesting
    expect(isTooDeep(nested(most, wrap))).toBe(false)
    expect(isTooDeep(nested(most + 1, wrap))).toBe(true)
  })

  it("takes a value without levels", () => {
    for (const value of [1, "a", null, undefined]) expect(isTooDeep(value, 0)).toBe(false)
    expect([isTooDeep([], 0), isTooDeep({}, 1)]).toEqual([true, false])
  })

  it("says the bound in its words", () => {
    expect(tooDeep).toBe("nested deeper than 256 levels")
  })
})

describe("textOf", () => {
  it("is the JSON text of a value that JSON has", () => {
    const values = [
      null,
      true,
      7,
      'a "quoted" one',
      [],
      {},
      [1, [2, []], { a: null }],
      { a: { "b\n": [false, "c"] }, d: {} }
    ]
    for (const value of values) expect(textOf(value)).toBe(JSON.stringify(value))
  })

  it("writes a big integer as a text, and null for what JSON does not have", () => {
    expect(textOf([7n, undefined, () => 1, { a: 8n }])).toBe('["7",null,null,{"a":"8"}]')
  })

  it("writes one round of a cycle, and a value that occurs twice both times", () => {
    const one = { a: 1 }
    const cycle: Array<unknown> = [one, one]
    cycle.push(cycle, { cycle })
    expect(textOf(cycle)).toBe('[{"a":1},{"a":1},null,{"cycle":null}]')
  })

  it("omits keys of objects at any depth, and no item of a list", () => {
    const value = { a: 1, 0: [{ a: 2, b: 3 }, "x"], b: { a: [4] } }
    expect(textOf(value, ["a", "0"])).toBe('{"b":{}}')
    expect(textOf({ list: [{ a: 2, b: 3 }, "x"] }, ["a", "0"])).toBe('{"list":[{"b":3},"x"]}')
  })
})
