import { describe, expect, it } from "@effect/vitest"
import { Either, Schema } from "effect"
import { expressionOf, holds, matcherOf, NamePattern, Scope, sees } from "../../src/Domain/Key.ts"
import { directions, names } from "../support/names.ts"

const caller = (scope: Scope, instances: ReadonlyArray<string> | null = null) => ({
  id: null,
  name: "one",
  scope,
  instances
})

describe("a key", () => {
  it("allows what its scope and the smaller scopes allow", () => {
    const may = Scope.literals.map((scope) =>
      Scope.literals.filter((wanted) => holds(caller(scope), wanted))
    )
    expect(may).toEqual([["read"], ["read", "operate"], ["read", "operate", "admin"]])
  })

  it.each([
    [null, "anything", true],
    [["shop-*"], "shop-1", true],
    [["shop-*"], "shop-", true],
    [["shop-*"], "shop", false],
    [["shop-*"], "my-shop-1", false],
    [["shop-*"], "Shop-1", false],
    [["shop_1"], "shopx1", false],
    [["shop-1"], "shop-10", false],
    [["*-till"], "shop-till", true],
    [["a*c", "bar"], "abc", true],
    [["a*c", "bar"], "bar", true],
    [["a*c", "bar"], "bars", false],
    [["a*b*"], "axx", false],
    [["a*b*"], "a-b-c", true],
    [["*"], "whatever_1", true]
  ] as const)("bound to %j, sees %s: %s", (instances, name, expected) => {
    expect(sees(caller("read", instances))(name)).toBe(expected)
  })

  it("takes a backslash before * and \\ alone, and every other character for itself", () => {
    const isPattern = (text: string) => Either.isRight(Schema.decodeEither(NamePattern)(text))
    for (const text of ["", "\\d", "\\", "a\\", "a\0", "\ud83d", "x".repeat(256)])
      expect(isPattern(text), text).toBe(false)
    for (const text of ["a.b", "(", "$", "\\*", "\\\\", "á b", "👍".repeat(255)])
      expect(isPattern(text), text).toBe(true)
    expect(expressionOf(["shop-*", "a_b"])).toBe("^(shop-.*|a_b)$")
  })

  it.each(names)("is bound to exactly %j by its name, escaped", (name) => {
    const pattern = name.replaceAll(/[\\*]/g, "\\$&")
    const sees = matcherOf([Schema.decodeSync(NamePattern)(pattern)])
    expect([...names, ...directions].filter(sees)).toEqual([name])
    expect(matcherOf(["*"])(name)).toBe(true)
  })
})
