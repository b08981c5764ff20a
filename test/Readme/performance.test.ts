import { describe, expect, it } from "@effect/vitest"
import { figures, saved, throughput } from "./figures.ts"
import { read } from "./pages.ts"

const text = read("docs/performance.md")

const rowsUnder = (header: string): ReadonlyArray<string> => {
  const [, body = ""] = text.split(`${header}\n`)
  return body
    .slice(0, body.search(/^(?!\|)/m))
    .trimEnd()
    .split("\n")
    .slice(1)
}

describe("The page about performance", () => {
  it("has the throughput of the saved run", () => {
    expect(rowsUnder("| | events/s | min to max | own µs | Postgres' µs |")).toEqual(
      throughput(saved.measured)
    )
  })

  it("has the other figures of the saved run", () => {
    expect(rowsUnder("| | measured | envelope |")).toEqual(figures(saved.measured))
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
