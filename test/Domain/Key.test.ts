import { describe, expect, it } from "@effect/vitest"
import { DateTime, Either, Schema } from "effect"
import {
  expressionOf,
  holds,
  isValid,
  type Key,
  matcherOf,
  NamePattern,
  Scope,
  sees,
  seesServer
} from "../../src/Domain/Key.ts"
import { directions, names } from "../support/names.ts"

const caller = (
  scope: Scope,
  instances: ReadonlyArray<string> | null = null,
  servers: ReadonlyArray<string> | null = null
) => ({ id: null, name: "one", scope, instances, servers })

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
    expect(sees(caller("read", instances))(name, "default")).toBe(expected)
  })

  it.each([
    [null, "eu", true],
    [["eu"], "eu", true],
    [["eu"], "br", false],
    [["eu"], "default", false],
    [["eu", "br"], "br", true],
    [[], "eu", false]
  ] as const)("bound to the servers %j, sees %s: %s", (servers, server, expected) => {
    expect(seesServer(caller("read", null, servers), server)).toBe(expected)
    expect(sees(caller("read", null, servers))("shop-1", server)).toBe(expected)
    expect(sees(caller("read", ["shop-*"], servers))("shop-1", server)).toBe(expected)
    expect(sees(caller("read", ["bar"], servers))("shop-1", server)).toBe(false)
  })

  it("is valid until it is revoked, and until the moment at which it expires", () => {
    const at = DateTime.unsafeMake
    const [one, two, three] = [at(1), at(2), at(3)]
    const key = {
      id: "0a5f343e-0000-4000-8000-000000000000",
      name: "one",
      scope: "read" as const,
      instances: null,
      servers: null,
      createdAt: one,
      lastUsedAt: null
    }
    const isValidAtTwo = (facts: Pick<Key, "expiresAt" | "revokedAt">) =>
      isValid({ ...key, ...facts }, two)
    expect(isValidAtTwo({ revokedAt: null, expiresAt: null })).toBe(true)
    expect(isValidAtTwo({ revokedAt: null, expiresAt: three })).toBe(true)
    expect(isValidAtTwo({ revokedAt: null, expiresAt: two })).toBe(false)
    expect(isValidAtTwo({ revokedAt: null, expiresAt: one })).toBe(false)
    expect(isValidAtTwo({ revokedAt: one, expiresAt: null })).toBe(false)
    expect(isValidAtTwo({ revokedAt: one, expiresAt: three })).toBe(false)
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
