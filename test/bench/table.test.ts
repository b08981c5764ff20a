import { describe, expect, it } from "@effect/vitest"
import { result, row } from "./doubles.ts"
import { align, report, rowsTable } from "./table.ts"

describe("the table", () => {
  it("puts numbers to the right and words to the left", () => {
    expect(
      align([
        ["", "events/s", "what"],
        ["naive", "1 000", "slow"],
        ["us", "20 000", "fast"]
      ])
    ).toBe(
      ["      | events/s | what", "naive |    1 000 | slow", "us    |   20 000 | fast"].join("\n")
    )
  })

  it("gives the median, minimum and maximum of each row, and its multiple of naive", () => {
    const table = rowsTable({ naive: row(100, 300, 200), us: row(3000) })
    expect(table.split("\n")[1]).toMatch(
      /^a name \| +200 \| +100 \| +300 \| +1\.0 \| +10\.0 \| +- \| what/
    )
    expect(table.split("\n")[2]).toMatch(/^a name \| +3 000 \| +3 000 \| +3 000 \| +15\.0 \|/)
  })

  it("compares with nothing when naive did not run", () => {
    expect(rowsTable({ us: row(3000) }).split("\n")[1]).toMatch(/3 000 \| +- \| +10\.0/)
  })

  it("has a line for each target with its figure and verdict", () => {
    const text = report(result({ rows: { us: row(60, 70), postgres: row(100, 100) } }))
    const lines = text.split("\n")
    expect(lines.find((line) => line.startsWith("P1"))).toMatch(
      /0\.65 +\| 0\.6 to 0\.7 +\| ≥ 0\.6 × +\| ok/
    )
    expect(lines.find((line) => line.startsWith("P3"))).toMatch(/not measured .*≥ 1\.5 × +\| +- \|/)
  })

  it("names the machine and the parts that failed", () => {
    const text = report(result({}, { latency: "nobody listened" }))
    expect(text).toContain("A processor, 2 cores, 8 GiB, linux x64; Node v20.19.0")
    expect(text).toContain("Postgres 15.1: synchronous_commit=on")
    expect(text).toContain("commit abc1234, 300 s; load before: 0.3")
    expect(text).toContain("latency failed: nobody listened")
  })
})
