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
      ["a".repeat(16), `${"1".repeat(15)}a`, "1".repeat(40), "a".repeat(15)].map(isStrong)
    ).toEqual([true, true, false, false])
    expect(make("1".repeat(40), isStrong)).toBeUndefined()
  })

  it("does not take a weak part of a strong secret for a form of it", () => {
    const [uuid, phone] = ["0A5F1E0A-7A0A-4C0A-8A0A-0A0A0A0A0A0A", "evo-5511988887777@x"]
    expect(make(uuid, isStrong)?.forms).not.toContain("0A0A0A0A0A0A")
    expect(make(phone, isStrong)?.forms).not.toContain("5511988887777")
    expect(make(phone)?.forms).toContain("5511988887777")
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
