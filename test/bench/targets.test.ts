import { describe, expect, it } from "@effect/vitest"
import { measured, rate, row } from "./doubles.ts"
import { isMet } from "./target.ts"
import { targetsOf } from "./targets.ts"

const find = (id: string, part: string, of: Parameters<typeof targetsOf>[0]) => {
  const found = targetsOf(of).find((one) => one.id === id && one.title.includes(part))
  if (found === undefined) throw new Error(`No target ${id} with "${part}"`)
  return found
}

describe("the targets", () => {
  it("are all there when nothing was measured, and none is met", () => {
    const targets = targetsOf({ rows: {}, footprints: {}, returns: {} })
    expect([...new Set(targets.map(({ id }) => id))]).toEqual([
      "P1",
      "P2",
      "P3",
      "P6",
      "P4",
      "P5",
      "P7",
      "P8",
      "P9",
      "start"
    ])
    expect(targets.filter(isMet)).toEqual([])
    expect(targets.filter(({ figure }) => figure !== undefined)).toEqual([])
  })

  it("compare each run with the one beside it", () => {
    const rows = { us: row(60, 50), postgres: row(100, 100) }
    const target = find("P1", "", measured({ rows }))
    expect(target.figure).toEqual({ median: 0.55, min: 0.5, max: 0.6, runs: 2 })
    expect(isMet(target)).toBe(false)
  })

  it("are met at their bound", () => {
    const rows = { us: row(60), postgres: row(100), naive: row(4), batched: row(60) }
    const of = measured({ rows })
    expect(
      ["Postgres", "naive", "hand"].map((part) =>
        isMet(find(part === "Postgres" ? "P1" : "P2", part, of))
      )
    ).toEqual([true, true, true])
  })

  it("hold the storage off against the bare receive", () => {
    const rows = { unstored: row(140), bare: row(100) }
    expect(isMet(find("P3", "", measured({ rows })))).toBe(false)
    expect(isMet(find("P3", "", measured({ rows: { ...rows, unstored: row(150) } })))).toBe(true)
  })

  it("hold the latency against a bare INSERT in the same minute", () => {
    const pairs = [{ ours: { p50: 0.9, p99: 5 }, bare: { p50: 0.3, p99: 0.4 } }]
    const of = measured({ latency: { pairs, byLoad: [] } })
    expect(isMet(find("P4", "p50", of))).toBe(true)
    expect(isMet(find("P4", "p99", of))).toBe(false)
    expect(find("P4", "p50", of).note).toBe("0.90 ms against 0.30 ms")
  })

  it("compare the most instances with the fewest", () => {
    const widths = [
      { instances: 10, rates: [rate(100)] },
      { instances: 100, rates: [rate(1)] },
      { instances: 500, rates: [rate(89)] }
    ]
    const target = find("P6", "500 instances against 10", measured({ widths }))
    expect(target.figure?.median).toBe(0.89)
    expect(isMet(target)).toBe(false)
  })

  it("count an idle listener's memory in KiB", () => {
    const footprints = {
      shared: { resident: 6144, heap: 2048 },
      own: { resident: 25_601, heap: 0 }
    }
    const of = measured({ footprints })
    expect(isMet(find("P5", "for all", of))).toBe(true)
    expect(isMet(find("P5", "for each", of))).toBe(false)
    expect(find("P5", "for all", of).note).toBe("heap 2.0 KiB; socket.io-client: ?, heap ?")
  })

  it("bound the return of many, and the dials", () => {
    const shared = {
      count: 10_000,
      afterOurRestart: 9,
      afterUpstreamRestart: 11,
      dials: 3,
      dialsAtOnce: 17
    }
    const of = measured({ returns: { shared } })
    expect(isMet(find("P7", "for all: back after our restart", of))).toBe(true)
    expect(isMet(find("P7", "for all: back after Evolution's", of))).toBe(false)
    expect(isMet(find("P7", "for all: dials at once", of))).toBe(false)
  })

  it("count readers that got nothing as a full cost", () => {
    const readers = { readers: 5, without: [rate(100)], with: [rate(95)], reached: [99] }
    expect(find("P8", "", measured({ readers })).figure?.median).toBeCloseTo(5)
    expect(isMet(find("P8", "", measured({ readers: { ...readers, reached: [50] } })))).toBe(false)
  })

  it("bound the starts in seconds", () => {
    const starts = { postgres: [1400], embedded: [4100] }
    const of = measured({ starts, rows: { embedded: row(7), us: row(9) } })
    expect(isMet(find("start", "Postgres", of))).toBe(true)
    expect(isMet(find("start", "embedded", of))).toBe(false)
    expect(find("start", "embedded", of).note).toBe("7 events/s embedded, 9 with Postgres")
  })
})
