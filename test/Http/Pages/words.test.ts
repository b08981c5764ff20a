import { describe, expect, it } from "@effect/vitest"
import { Degraded } from "../../../src/Domain/Degraded.ts"
import { GapCause } from "../../../src/Domain/Gap.ts"
import { Desired, WhatsAppState } from "../../../src/Domain/Instance.ts"
import type { ListenerState } from "../../../src/Domain/ListenerState.ts"
import { NoCode } from "../../../src/Domain/Pairing.ts"
import { UserAction } from "../../../src/Domain/Status.ts"
import { Condition } from "../../../src/Domain/Summary.ts"
import { all } from "../../../src/Http/Language.ts"
import {
  dictionaries,
  fill,
  language,
  say,
  sayCount,
  sayOf,
  translate
} from "../../../src/Http/Pages/words.js"

const english: Readonly<Record<string, string>> = dictionaries.en ?? {}
const others = Object.entries(dictionaries).filter(([name]) => name !== "en")
const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort()

const links: Readonly<Record<ListenerState["_tag"], true>> = {
  Connecting: true,
  Listening: true,
  Parked: true,
  Stopped: true,
  Waiting: true
}

describe("the dictionaries", () => {
  it("are one for each language that a page can be in", () => {
    expect(Object.keys(dictionaries).sort()).toEqual([...all].sort())
  })

  it("have the same words, none of them empty", () => {
    for (const [name, words] of others)
      expect(Object.keys(words).sort(), name).toEqual(Object.keys(english).sort())
    for (const [name, words] of Object.entries(dictionaries))
      for (const [word, text] of Object.entries(words))
        expect(text.trim(), `${name} ${word}`).toBe(text === "" ? "not empty" : text)
  })

  it("have the same places for facts", () => {
    for (const [name, words] of others)
      for (const [word, text] of Object.entries(words))
        expect(places(text), `${name} ${word}`).toEqual(places(english[word] ?? ""))
  })

  it("are translated: few words are the same in two of them", () => {
    for (const [name, words] of others) {
      const same = Object.entries(words).filter(([word, text]) => english[word] === text)
      expect(same.length, `${name}: ${same}`).toBeLessThan(10)
    }
  })

  it("have a word for every value that the service can tell", () => {
    const families: Readonly<Record<string, ReadonlyArray<string>>> = {
      desired: Desired.literals,
      link: [...Object.keys(links), "unknown"],
      whatsapp: WhatsAppState.literals,
      action: UserAction.literals,
      degraded: Degraded.fields.reason.literals,
      qr: NoCode.literals,
      cause: GapCause.literals,
      condition: Condition.literals,
      server: Condition.literals,
      verdict: ["true", "false", "null", "open"],
      feed: ["connecting", "live", "stale", "reconnecting", "refused"],
      hours: ["1", "6", "24", "168"]
    }
    for (const [family, values] of Object.entries(families))
      for (const value of values)
        expect(english[`${family}_${value}`], `${family}_${value}`).toBeDefined()
  })

  it("have a singular and a plural form of every count", () => {
    const counted = Object.keys(english).filter((word) => /_(one|other)$/.test(word))
    const families = new Set(counted.map((word) => word.replace(/_(one|other)$/, "")))
    expect(counted.length).toBe(2 * families.size)
  })
})

describe("a word", () => {
  it("is said in English where no page says otherwise", () => {
    expect(language).toBe("en")
    expect(say("signIn")).toBe("Sign in")
  })

  it("has facts in its places", () => {
    expect(say("connectedAs", { phone: "+5511999990001" })).toBe("Connected as +5511999990001")
    expect(fill("{a} and {b}, {a}", { a: 1, b: "two" })).toBe("1 and two, 1")
  })

  it("does not take a fact for a place, and leaves a place that has no fact", () => {
    expect(fill("{a} {b}", { a: "{b}", b: "x" })).toBe("{b} x")
    expect(fill("{a} {b}", { a: "$&" })).toBe("$& {b}")
    expect(fill("{toString}", {})).not.toBe("")
  })

  it("is found by family and value, and a value without one is said as it is", () => {
    expect(sayOf("whatsapp", "open")).toBe("Connected")
    expect(sayOf("whatsapp", "paused")).toBe("paused")
    expect(sayOf("whatsapp", "paused", {}, "what?")).toBe("what?")
  })

  it("counts", () => {
    expect(sayCount("shown", 1)).toBe("1 event")
    expect(sayCount("shown", 0)).toBe("0 events")
    expect(sayCount("shown", 12_345)).toBe("12,345 events")
  })
})

describe("a page's own texts", () => {
  it("are put where they are marked", () => {
    const element = (attributes: Record<string, string>) => ({
      attributes,
      textContent: "",
      getAttribute: (name: string) => attributes[name] ?? null,
      setAttribute: (name: string, value: string) => {
        attributes[name] = value
      }
    })
    const text = element({ "data-word": "signOut" })
    const label = element({ "data-label": "instances" })
    const field = element({ "data-placeholder": "filterByName" })
    const unknown = element({ "data-word": "toString", "data-label": "nothing" })
    const elements = [text, label, field, unknown]
    translate({
      querySelectorAll: (selector: string) =>
        elements.filter((one) => one.getAttribute(selector.slice(1, -1)) !== null)
    })
    expect(text.textContent).toBe("Sign out")
    expect(label.attributes["aria-label"]).toBe("Instances")
    expect(field.attributes.placeholder).toBe("Filter by name")
    expect(unknown.textContent).toBe("")
    expect(unknown.attributes["aria-label"]).toBeUndefined()
  })
})
