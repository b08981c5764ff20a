import { describe, expect, it } from "@effect/vitest"
import { measured, rate, result } from "./doubles.ts"
import { envelopeOf, outside } from "./envelope.ts"
import type { Measured } from "./result.ts"
import { report } from "./table.ts"

const back = {
  count: 10_000,
  afterOurRestart: 10,
  afterUpstreamRestart: 10,
  dials: 1,
  dialsAtOnce: 1
}

const atTheBounds: Measured = {
  rows: {},
  widths: [
    { instances: 10, rates: [rate(1)] },
    { instances: 10_000, rates: [rate(5000), rate(20_000), rate(30_000)] }
  ],
  latency: { pairs: [{ ours: { p50: 3, p99: 99 }, bare: { p50: 1, p99: 1 } }], byLoad: [] },
  footprints: {
    shared: { resident: 24 * 1024, heap: 0 },
    own: { resident: 100 * 1024, heap: 0 }
  },
  returns: { shared: back },
  readers: { readers: 1000, without: [rate(1000)], with: [rate(851)], reached: [100] }
}

const titlesOutside = (changes: Partial<Measured>) =>
  outside({ ...atTheBounds, ...changes }).map(({ title }) => title)

describe("the envelope", () => {
  it("has nothing outside when nothing was measured", () => {
    expect(outside(measured({}))).toEqual([])
    expect(envelopeOf(measured({})).every(({ figure }) => figure === undefined)).toBe(true)
  })

  it("includes its bounds", () => {
    expect(titlesOutside({})).toEqual([])
    expect(envelopeOf(atTheBounds).every(({ figure }) => figure !== undefined)).toBe(true)
  })

  it("names each row that is outside", () => {
    const crowd = "10 000 instances on a shared link"
    const widths = [{ instances: 10_000, rates: [rate(4999), rate(19_999), rate(30_000)] }]
    expect(titlesOutside({ widths })).toEqual([
      `${crowd}: events sustained, the slowest run`,
      `${crowd}: events in a burst`
    ])
    const pairs = [{ ours: { p50: 3.1, p99: 1 }, bare: { p50: 1, p99: 1 } }]
    expect(titlesOutside({ latency: { pairs, byLoad: [] } })).toEqual([
      "median latency at 1 000 events/s"
    ])
    const footprints = {
      shared: { resident: 24.1 * 1024, heap: 0 },
      own: { resident: 1e6, heap: 0 }
    }
    expect(titlesOutside({ footprints })).toEqual([
      "an idle listener on a shared link",
      "an idle listener on a link of its own"
    ])
    const shared = { ...back, afterOurRestart: 10.1, afterUpstreamRestart: 11 }
    expect(titlesOutside({ returns: { shared } })).toEqual([
      `${crowd}: back after our restart`,
      `${crowd}: back after Evolution's restart`
    ])
    const readers = { readers: 1000, without: [rate(1000)], with: [rate(849)], reached: [100] }
    expect(titlesOutside({ readers })).toEqual(["ingest that 1 000 stream readers cost"])
  })

  it("counts readers that got too little as outside", () => {
    const readers = { readers: 1000, without: [rate(1)], with: [rate(1)], reached: [89] }
    expect(titlesOutside({ readers })).toEqual(["ingest that 1 000 stream readers cost"])
  })

  it("is printed with inside or outside for each row", () => {
    const lines = report(result({ ...atTheBounds, footprints: {} })).split("\n")
    const of = (title: string) => lines.find((line) => line.includes(title))
    expect(of("median latency")).toMatch(/≤ 3 × a bare INSERT +\| inside/)
    expect(of("a link of its own")).toMatch(/not measured .*≤ 100 KiB +\| +-/)
    const slow = report(
      result({ ...atTheBounds, returns: { shared: { ...back, afterOurRestart: 99 } } })
    )
    expect(slow).toMatch(/back after our restart +\| +99 +\| +\| ≤ 10 s +\| outside/)
  })
})
