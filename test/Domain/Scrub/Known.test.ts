import { describe, expect, it } from "@effect/vitest"
import { isSecret, make } from "../../../src/Domain/Scrub/Known.ts"

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
