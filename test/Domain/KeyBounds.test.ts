import { describe, expect, it } from "@effect/vitest"
import { Either, Schema } from "effect"
import { NamePattern, sees } from "../../src/Domain/Key.ts"

const seesAs = (instances: ReadonlyArray<string>) =>
  sees({ id: null, name: "one", scope: "read", instances, servers: null })

describe("Key", () => {
  it("matches each star of a pattern with any text", () => {
    const isSeen = seesAs(["a*b*"])
    const sees = (name: string) => isSeen(name, "default")
    expect(["a-b-c", "ab", "axxb"].map(sees)).toEqual([true, true, true])
    expect(["axx", "a", "xab"].map(sees)).toEqual([false, false, false])
  })

  it("says which characters a pattern may have when it refuses one", () => {
    const refused = Either.flip(Schema.decodeEither(NamePattern)("a\\b"))
    expect(String(Either.getOrThrow(refused))).toContain(
      'A pattern has 1 to 255 characters: "*" is any text, "\\*" an asterisk, "\\\\" a backslash'
    )
  })
})
