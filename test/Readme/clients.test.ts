import { describe, expect, it } from "@effect/vitest"
import { blocksOf, read } from "./pages.ts"

describe("The page about clients", () => {
  // The compiler checks these files, and the formatter formats them.
  it("has programs that compile against the clients", () => {
    const programs = blocksOf("docs/clients.md", "ts").map((text) =>
      text
        .replace('"evolution-listener/client"', '"../../../src/Client/mod.ts"')
        .replace('"evolution-listener/client/effect"', '"../../../src/Client/Effect.ts"')
    )
    expect(programs).toEqual(
      ["promises", "effect", "browser"].map((name) => read(`test/Readme/programs/${name}.ts`))
    )
  })
})
