import { describe, expect, it } from "@effect/vitest"
import { FastCheck, Redacted } from "effect"
import * as Scrub from "../../src/Domain/Scrub.ts"

const scrubOf = (...secrets: ReadonlyArray<string>) =>
  Scrub.make(secrets.map((secret) => Redacted.make(secret)))

/** A secret as people make them up, and a text around it. */
const secret = FastCheck.string({ unit: "grapheme", minLength: 16, maxLength: 40 })
const around = FastCheck.string({ unit: "grapheme-ascii", maxLength: 20 })

describe("Scrub, of a known secret", () => {
  it("removes it anywhere and leaves the text around it", () => {
    FastCheck.assert(
      FastCheck.property(secret, around, around, (one, before, after) => {
        FastCheck.pre(!`${before}${after}`.includes("redacted"))
        const text = `${before} ${one} ${after}`
        FastCheck.pre(text.split(one).length === 2)
        const blotted = scrubOf(one).ours(text)
        expect(blotted).not.toContain(one)
        expect(blotted.startsWith(before)).toBe(true)
        expect(blotted.endsWith(after)).toBe(true)
      })
    )
  })

  it("finds and removes it in every form in which others may echo it", () => {
    FastCheck.assert(
      FastCheck.property(secret, around, around, (one, before, after) => {
        const plain = `${before}${one}${after}`
        const forms = [
          plain,
          JSON.stringify({ a: [plain] }),
          JSON.stringify({ a: JSON.stringify(plain) }),
          `?a=${encodeURIComponent(one)}&b`,
          Buffer.from(plain).toString("base64"),
          Buffer.from(plain).toString("base64url")
        ]
        const scrub = scrubOf(one)
        for (const form of forms) {
          expect(scrub.mayHoldSecret(form), form).toBe(true)
          expect(scrub.ours(form), form).not.toBe(form)
          expect(scrub.ours(scrub.ours(form)), form).toBe(scrub.ours(form))
        }
      })
    )
  })

  it("removes it also from text that is escaped in an unknown way", () => {
    const one = `p"ss\\w0rdOfMany%Letters/`
    expect(scrubOf(one).blot(`E'p""ss\\\\w0rdOfMany%25Letters'`)).not.toContain("w0rdOfMany")
  })

  it("takes six characters or more, one of them not a letter, for a secret", () => {
    expect(scrubOf("a1b2c3").blot("the a1b2c3 of it")).toBe("the [redacted] of it")
    expect(scrubOf("a1b2c").blot("the a1b2c of it")).toBe("the a1b2c of it")
  })

  it("does not take an ordinary word for a secret", () => {
    for (const weak of ["", "postgres", "key", "12345", "evolution"]) {
      const scrub = scrubOf(weak)
      expect(scrub.mayHoldSecret(`the ${weak} of it`), weak).toBe(false)
      expect(scrub.words(`the ${weak} of it`), weak).toBe(`the ${weak} of it`)
    }
  })

  it("adds a secret for one caller without changing it for others", () => {
    const scrub = scrubOf("the-first-one")
    const more = scrub.and("the-second-one")
    expect(more.blot("the-first-one the-second-one")).toBe("[redacted] [redacted]")
    expect(scrub.blot("the-second-one")).toBe("the-second-one")
    expect(scrub.and("the-second-one")).toBe(more)
    for (const none of [undefined, null, 5, "", "word", { a: 1 }])
      expect(scrub.and(none).blot("the-first-one word 5")).toBe("[redacted] word 5")
  })

  it("removes a weak secret from words, and from nothing that people wrote", () => {
    for (const weak of ["123456", "a1b2c3", "5511988887777123456", "loja-secreta-1"]) {
      const scrub = scrubOf(weak)
      expect(scrub.words(`key: is ${weak}.`)).not.toContain(weak)
      expect(scrub.ours(`o pedido ${weak}`)).toBe(`o pedido ${weak}`)
    }
  })

  it("remembers a bounded number of added secrets", () => {
    const scrub = scrubOf()
    const first = scrub.and("token-number-0")
    for (let number = 1; number < 4096; number++) scrub.and(`${number}`)
    expect(scrub.and("token-number-0")).toBe(first)
    scrub.and("4096")
    expect(scrub.and("token-number-0")).not.toBe(first)
    expect(scrub.and("token-number-0").blot("token-number-0")).toBe("[redacted]")
  })

  it("remembers a bounded number of instances' tokens", () => {
    const tokensOf = (count: number) =>
      new Map(Array.from({ length: count }, (_, nth) => [`shop-${nth}`, "none"]))
    const [full, almost] = [tokensOf(65_536), tokensOf(65_535)]
    Scrub.make([], full).ofInstance("shop-7", "token-number-7")
    expect(full.size).toBe(65_536)
    Scrub.make([], full).ofInstance("other", "token-number-8")
    expect([...full]).toEqual([["other", "token-number-8"]])
    Scrub.make([], almost).ofInstance("other", "token-number-8")
    expect(almost.size).toBe(65_536)
  })
})

describe("Scrub, of a log entry", () => {
  const scrub = scrubOf("configured-word")

  it("removes secrets from texts, keys and numbers", () => {
    const entry = scrub.entry({
      message: ["a configured-word", { "configured-word": 1 }, "Authorization: Bearer abcdefgh"],
      annotations: { token: "x", instance: "shop-1" },
      cause: "Error: apikey=abc at file.ts:1",
      count: 3
    })
    expect(entry).toEqual({
      message: ["a [redacted]", { "[redacted]": 1 }, "Authorization: [redacted]"],
      annotations: { token: "[redacted]", instance: "shop-1" },
      cause: "Error: apikey=[redacted] at file.ts:1",
      count: 3
    })
    expect(
      scrubOf("1234567890123456").entry([1_234_567_890_123_456, 1_234_567_890_123_456n, 5n])
    ).toEqual(["[redacted]", "[redacted]", 5n])
  })

  it("accepts an error, a cycle, or no value", () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    expect(scrub.entry(cycle)).toBe("[nested deeper than 256 levels]")
    expect(scrub.entry([new Error("of configured-word")])).toEqual(["Error: of [redacted]"])
    expect(scrub.entry([undefined, null, true])).toEqual([undefined, null, true])
  })
})
