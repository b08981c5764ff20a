import { describe, expect, it } from "@effect/vitest"
import { comparisonsOf } from "./comparison.ts"
import { measured, rate, result, row } from "./doubles.ts"
import { report } from "./table.ts"

const readers = (without: number, withReaders: number) => ({
  readers: 5,
  without: [rate(without)],
  with: [rate(withReaders)],
  reached: [100]
})

const crowd = {
  footprint: { resident: 2048, heap: 1024 },
  back: { count: 9, afterOurRestart: 4, afterUpstreamRestart: 5, dials: 1, dialsAtOnce: 1 }
}

describe("comparison with another checkout", () => {
  it("is empty when no other checkout was measured", () => {
    const latency = { pairs: [{ ours: { p50: 1, p99: 2 }, bare: { p50: 1, p99: 1 } }], byLoad: [] }
    const of = measured({ rows: { us: row(5) }, latency, readers: readers(2, 1) })
    expect(comparisonsOf(of)).toEqual([])
    expect(report(result({ rows: { us: row(5) } }))).not.toContain("us / them")
  })

  it("divides each of our rates by theirs of the same turn", () => {
    const [rates] = comparisonsOf(measured({ rows: { us: row(60, 50), them: row(100, 100) } }))
    expect(rates).toEqual({
      id: "P1",
      title: "durable ingest",
      unit: "events/s",
      us: 55,
      them: 100,
      ratio: { median: 0.55, min: 0.5, max: 0.6, runs: 2 },
      isMoreBetter: true
    })
  })

  it("leaves out processor time that the system does not show", () => {
    const theirs = { ...row(100), rates: [{ ...rate(100), ownMicros: Number.NaN }] }
    const found = comparisonsOf(measured({ rows: { us: row(60), them: theirs } }))
    expect(found.map(({ title }) => title)).toEqual(["durable ingest"])
  })

  it("has a line for latency, memory, return and readers, each with the ratio", () => {
    const bare = { p50: 1, p99: 1 }
    const found = comparisonsOf(
      measured({
        latency: {
          pairs: [{ ours: { p50: 1, p99: 9 }, bare, theirs: { p50: 2, p99: 3 } }],
          byLoad: []
        },
        footprints: { shared: { resident: 4096, heap: 512 } },
        returns: { shared: { ...crowd.back, afterOurRestart: 8, afterUpstreamRestart: 1 } },
        readers: readers(30, 20),
        them: { directory: "/other", crowd, readers: readers(60, 10) }
      })
    )
    expect(found.map(({ id, ratio, title }) => [id, title, ratio.median])).toEqual([
      ["P4", "latency at 1 000 events/s, p50", 0.5],
      ["P4", "latency at 1 000 events/s, p99", 3],
      ["P5", "an idle listener on a shared link, resident", 2],
      ["P5", "an idle listener on a shared link, heap", 0.5],
      ["P7", "all back after our restart", 2],
      ["P7", "all back after Evolution's restart", 0.2],
      ["P8", "ingest without readers", 0.5],
      ["P8", "ingest with readers", 2],
      ["P8", "events that reach each reader", 1]
    ])
  })

  it("is printed with both figures and the range of the ratio", () => {
    const text = report(result({ rows: { us: row(60, 50), them: row(100, 100) } }))
    expect(text).toMatch(/us \/ them/)
    expect(text).toMatch(
      /durable ingest \(events\/s\) +\| +55 \| +100 \| +0\.55 +\| 0\.50 to 0\.60/
    )
  })
})
