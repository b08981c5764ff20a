import { describe, expect, it } from "@effect/vitest"
import { isTooDeep, maxNesting, tooDeep } from "../../src/Domain/Nesting.ts"

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
