import { describe, expect, it } from "@effect/vitest"
import { blocksOf, codesIn, read, sectionOf, tablesOf } from "./pages.ts"

const page = "docs/testing.md"

describe("The page about testing", () => {
  it("has a bot and its test that run, in 30 lines at most", () => {
    const programs = blocksOf(page, "ts").map((text) =>
      text
        .replaceAll('"evolution-listener"', '"../../../src/mod.ts"')
        .replaceAll('"evolution-listener/testing"', '"../../../src/Testing/mod.ts"')
    )
    expect(programs).toEqual(
      ["bot.ts", "bot.test.ts"].map((name) => read(`test/Testing/bot/${name}`))
    )
    expect(programs[1]?.trim().split("\n").length).toBeLessThanOrEqual(30)
  })

  it("names every fault, and no other", () => {
    const [, faults = ""] =
      /interface FaultCalls \{([\s\S]*?)\n\}/.exec(
        read("src/Testing/EvolutionSimulator/Simulator.ts")
      ) ?? []
    const names = [...faults.matchAll(/readonly (\w+): \(/g)].map(([, name]) => name)
    expect(names.length).toBeGreaterThan(10)
    const rows = tablesOf(sectionOf(page, "## Faults"), "| call |")
    const documented = rows.flatMap(([calls = ""]) =>
      codesIn(calls).map((call) => call.replace(/\(.*/, ""))
    )
    expect(documented.sort()).toEqual(names.sort())
  })

  it("names every call that drives it, and no other", () => {
    const source = read("src/Testing/EvolutionSimulator/Control.ts")
    const calls = [...source.matchAll(/^ {2}"(GET|POST|DELETE) ([\w/]*)"/gm)].map(([, how, path]) =>
      `${how} /simulator/${path}`.replace("instances/", "instances/:name/").replace(/\/$/, "")
    )
    expect(calls.length).toBeGreaterThan(10)
    const rows = tablesOf(sectionOf(page, "## In any language"), "| call |")
    expect(rows.flatMap(([call = ""]) => codesIn(call)).sort()).toEqual(calls.sort())
  })
})
