import { describe, expect, it } from "@effect/vitest"
import { Duration } from "effect"
import { defaults } from "../../src/Cluster/Ownership/Timing.ts"
import * as StopPlan from "../../src/Concurrency/StopPlan.ts"
import { scenarios } from "../chaos/replicas/scenarios/all.ts"
import { codesIn, sectionOf, tablesOf } from "./pages.ts"

const page = "docs/replicas.md"
const seconds = (duration: Duration.Duration) => `${Math.ceil(Duration.toSeconds(duration))} s`

describe("The page about replicas", () => {
  it("has every scenario of replicas in its table", () => {
    const section = sectionOf(page, "## Measured")
    const rows = tablesOf(section, "| scenario |")
    expect(rows.flatMap(([, names = ""]) => codesIn(names)).sort()).toEqual(
      scenarios.map(({ name }) => name).sort()
    )
    expect(section).toContain(`runs ${scenarios.length} scenarios`)
  })

  it("has the times of the source", () => {
    const hands = sectionOf(page, "## How a server changes hands")
    expect(hands).toContain(`missed after ${seconds(defaults.silentAfter)}`)
    expect(hands).toContain(`after ${seconds(defaults.linkDownFor)} it gives the server away`)
    const stop = sectionOf(page, "## A stop")
    expect(stop).toContain(`takes ${seconds(defaults.leavePatience)} at most`)
    expect(stop).toContain(
      `within ${seconds(Duration.sum(StopPlan.leaving, StopPlan.budget))} in all`
    )
  })
})
