import { describe, expect, it } from "@effect/vitest"
import { saved, spanOf, tables } from "./figures.ts"
import { read } from "./pages.ts"

const text = read("docs/performance.md")

describe("The page about performance", () => {
  it.each(tables)("has the saved run in the table %s", (header, rowsOf) => {
    const rows = rowsOf(saved.measured)
    expect(rows.length).toBeGreaterThan(5)
    expect(
      text
        .slice(...spanOf(text, header))
        .trimEnd()
        .split("\n")
    ).toEqual(rows)
  })

  it("names the machine, the versions and the day of the saved run", () => {
    const { date, machine, postgres } = saved
    const day = new Date(date).toLocaleDateString("en-GB", { dateStyle: "long", timeZone: "UTC" })
    for (const fact of [
      machine.cpu,
      `Node ${machine.node.slice(1)}`,
      `Postgres ${postgres.version.split(" ")[0]}`,
      day
    ])
      expect(text.replaceAll("\n", " ")).toContain(fact)
  })
})
