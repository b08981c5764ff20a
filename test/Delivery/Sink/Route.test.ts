import { describe, expect, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { keyOf, prefixOf, wordOf } from "../../../src/Delivery/Sink/Route.ts"

const facts = {
  server: "default",
  instance: "shop",
  event: "messages.upsert",
  cursor: 1,
  at: 0
}

describe("the words of a routing key or subject", () => {
  it.each([
    ["shop", "shop"],
    ["shop.1", "shop%2E1"],
    ["a b", "a%20b"],
    ["*", "%2A"],
    [">", "%3E"],
    ["#", "%23"],
    ["50%", "50%25"],
    ["~", "%7E"],
    ["", "~"],
    ["José", "Jos%C3%A9"]
  ])("a name %j is the word %j", (name, word) => {
    expect(wordOf(name, 128)).toBe(word)
  })

  it("a word has no separator, no wildcard and no space, and gives its name back", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.string({ minLength: 1, unit: "binary" }), (name) => {
        const word = wordOf(name, Number.POSITIVE_INFINITY)
        expect(word).toMatch(/^[\w%!'()-]+$/)
        expect(decodeURIComponent(word)).toBe(name.toWellFormed())
      })
    )
  })

  it("a long name keeps its beginning, is as long as allowed, and stays different from others", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.string({ minLength: 20, maxLength: 255, unit: "grapheme" }),
        FastCheck.string({ minLength: 1, unit: "grapheme" }),
        (name, other) => {
          const word = wordOf(name, 64)
          expect(word.length).toBeLessThanOrEqual(64)
          if (name !== other) expect(word).not.toBe(wordOf(other, 64))
          const beginning = decodeURIComponent(word.split("~")[0] ?? "")
          expect(name.startsWith(beginning)).toBe(true)
        }
      )
    )
  })

  it("an instance is one word of its key, and the parts of an event are words of their own", () => {
    expect(keyOf("{server}.{instance}.{event}", { ...facts, instance: "shop.1" }, 128)).toBe(
      "default.shop%2E1.messages.upsert"
    )
    expect(keyOf("{server}.{instance}.{event}", { ...facts, event: "a..b*" }, 128)).toBe(
      "default.shop.a.~.b%2A"
    )
    expect(keyOf("x.{instance}", { ...facts, instance: "{event}" }, 128)).toBe("x.%7Bevent%7D")
  })

  it("a message of no instance has another key than any instance's", () => {
    expect(keyOf("{server}.{instance}", { ...facts, server: null, instance: null }, 128)).toBe(
      "~.~"
    )
  })

  it("the prefix of a template ends before the first word with a name", () => {
    expect(prefixOf("evolution.{server}.{event}")).toEqual({ words: ["evolution"], isWhole: false })
    expect(prefixOf("a.b-{instance}.c")).toEqual({ words: ["a"], isWhole: false })
    expect(prefixOf("{event}")).toEqual({ words: [], isWhole: false })
    expect(prefixOf("a.b")).toEqual({ words: ["a", "b"], isWhole: true })
  })
})
