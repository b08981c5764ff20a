import { describe, expect, it } from "@effect/vitest"
import { GapCause } from "../../src/Domain/Gap.ts"
import { scenarios } from "../chaos/scenarios/all.ts"
import { codesIn, sectionOf, tablesOf } from "./pages.ts"

const page = "docs/guarantees.md"

describe("The page about guarantees", () => {
  it("explains every cause of a gap", () => {
    const rows = tablesOf(sectionOf(page, "## Gaps"), "| cause |")
    expect(rows.flatMap(([cause = ""]) => codesIn(cause)).sort()).toEqual(
      [...GapCause.literals].sort()
    )
  })

  it("has every scenario of the chaos suite in its table", () => {
    const section = sectionOf(page, "## The chaos suite")
    const rows = tablesOf(section, "| scenario |")
    expect(rows.flatMap(([, names = ""]) => codesIn(names)).sort()).toEqual(
      scenarios.map(({ name }) => name).sort()
    )
    expect(section).toContain(`runs ${scenarios.length} scenarios`)
  })
})
