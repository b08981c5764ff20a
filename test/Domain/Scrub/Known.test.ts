import { describe, expect, it } from "@effect/vitest"
import { isSecret, isStrong, make } from "../../../src/Domain/Scrub/Known.ts"

describe("Known", () => {
  it("takes six characters for a secret unless all of them are letters", () => {
    expect(["a1b2c3", "passw-", "a1b2c", "letter", "LETTER"].map(isSecret)).toEqual([
      true,
      true,
      false,
      false,
      false
    ])
  })

  it("takes sixteen letters for a secret", () => {
    expect([isSecret("a".repeat(15)), isSecret("a".repeat(16))]).toEqual([false, true])
  })

  it("takes sixteen characters for strong unless all of them are digits", () => {
    expect(
      [
        "a".repeat(16),
        `${"1".repeat(15)}a`,
        `a${"1".repeat(15)}`,
        "1".repeat(40),
        "a".repeat(15)
      ].map(isStrong)
    ).toEqual([true, true, true, false, false])
    expect(make("1".repeat(40), isStrong)).toBeUndefined()
  })

  it("does not take a weak part of a strong secret for a form of it", () => {
    const [uuid, phone] = ["0A5F1E0A-7A0A-4C0A-8A0A-0A0A0A0A0A0A", "evo-5511988887777@x"]
    expect(make(uuid, isStrong)?.forms).not.toContain("0A0A0A0A0A0A")
    expect(make(phone, isStrong)?.forms).not.toContain("5511988887777")
    expect(make(phone)?.forms).toContain("5511988887777")
  })

  it("takes a part of ten characters, which no escaping changes, for a form", () => {
    expect(make('a"bcdefghij1')?.forms).toContain("bcdefghij1")
    expect(make('a"bcdefghi1')?.forms).not.toContain("bcdefghi1")
    expect(make('a"b"c1')?.forms).toEqual(expect.not.arrayContaining(["", "Stryker was here"]))
  })

  it("is probed for by a part of eight characters or more that begins with the rarest one", () => {
    const probesOf = (secret: string) => make(secret)?.probes ?? []
    expect(probesOf("aaaaaaaaaaQbbbbbbb")).toContain("Qbbbbbbb")
    expect(probesOf("aaaaaaaaaaQbbbbbbb")).not.toContain("aaaaaaaaaaQbbbbbbb")
    expect(probesOf("aaaaaaaaaaaQbbbbbb")).toContain("aaaaaaaaaaaQbbbbbb")
    expect(probesOf("aaa9aaaQaaaZbbbbbbb")).toContain("QaaaZbbbbbbb")
    expect(probesOf("a1b2c3")).toContain("a1b2c3")
  })

  it("is probed for by one part in all forms that hold it", () => {
    const probes = make('X"aaaaaaaaaaQbbbbbbb')?.probes ?? []
    expect(probes.filter((probe) => probe.includes("Qbbbbbbb"))).toEqual(["Qbbbbbbb"])
  })

  it("may have a lone surrogate, which no address has", () => {
    expect(make("a1b2c3\ud800")?.forms).toContain("a1b2c3\ud800")
  })

  it("gives a weak text no forms, so that it is blotted nowhere", () => {
    expect(make("postgres")).toBeUndefined()
    expect(make("1234")).toBeUndefined()
  })

  it("has the forms of a secret with the longest first", () => {
    const lengths = (make('pass"word-é-9')?.forms ?? []).map(({ length }) => length)
    expect(lengths.length).toBeGreaterThan(4)
    expect(lengths).toEqual([...lengths].sort((left, right) => right - left))
  })
})
