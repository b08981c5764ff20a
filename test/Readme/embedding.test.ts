import { describe, expect, it } from "@effect/vitest"
import { blocksOf, codesIn, read, sectionOf, tablesOf } from "./pages.ts"

const page = "docs/embedding.md"

describe("The page about embedding", () => {
  it("names every module of the library, and no other", () => {
    const modules = [...read("src/mod.ts").matchAll(/^export \* as (\w+) /gm)]
    expect(modules.length).toBeGreaterThan(30)
    const rows = tablesOf(sectionOf(page, "## The modules"), "| module |")
    expect(rows.flatMap(([names = ""]) => codesIn(names)).sort()).toEqual(
      modules.map(([, name = ""]) => name).sort()
    )
  })

  it("names every peer with its range", () => {
    const { peerDependencies }: { peerDependencies: Record<string, string> } = JSON.parse(
      read("package.json")
    )
    const ranges = codesIn(sectionOf(page, "## Versions and peers")).filter((code) =>
      code.includes("@^")
    )
    expect(ranges.sort()).toEqual(
      Object.entries(peerDependencies)
        .map(([name, range]) => `${name}@${range}`)
        .sort()
    )
  })

  // The compiler checks these files, and the formatter formats them.
  it("has programs that compile against the library", () => {
    const programs = blocksOf(page, "ts").map((text) =>
      text.replaceAll('"evolution-listener"', '"../../../src/mod.ts"')
    )
    expect(programs).toEqual(
      ["handlers", "reads", "http", "routes", "own", "crash"].map((name) =>
        read(`test/Readme/programs/${name}.ts`)
      )
    )
  })

  it("leads to a page about durable handlers, whose program compiles, too", () => {
    const [program = ""] = blocksOf("docs/handlers.md", "ts")
    const text = program.replaceAll('"evolution-listener"', '"../../../src/mod.ts"')
    expect(text).toBe(read("test/Readme/programs/durable.ts"))
  })
})
