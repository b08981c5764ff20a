import { describe, expect, it } from "@effect/vitest"
import { measured, rate, row } from "./doubles.ts"
import { draw, drawPanel, linearTicks, logTicks, type Panel, plotOf } from "./plot.ts"

const panel = (changes: Partial<Panel> = {}): Panel => ({
  title: "Title",
  xTitle: "x",
  yTitle: "y",
  isLogY: false,
  series: [
    {
      name: "a",
      color: "#000",
      points: [
        { x: 10, y: 0 },
        { x: 1000, y: 400 }
      ]
    }
  ],
  ...changes
})

describe("the plot", () => {
  it("marks decades, and in between where there are few of them", () => {
    expect(logTicks(10, 10_000)).toEqual([10, 100, 1000, 10_000])
    expect(logTicks(1, 20)).toEqual([1, 2, 5, 10, 20])
    expect(logTicks(0.3, 4)).toEqual([0.5, 1, 2])
  })

  it("marks from nothing to a round number above everything", () => {
    expect(linearTicks(400)).toEqual([0, 100, 200, 300, 400])
    expect(linearTicks(21_000)).toEqual([0, 10_000, 20_000, 30_000])
  })

  it("draws from the left to the right, and from below upwards", () => {
    expect(drawPanel(panel())).toContain('d="M64.0 274.0L442.0 40.0"')
  })

  it("draws nothing without series", () => {
    expect(drawPanel(panel({ series: [] }))).toBe("")
  })

  it("draws one point in the middle, and how far its runs went", () => {
    const points = [{ x: 5, y: 50, range: [40, 60] as const }]
    const drawn = drawPanel(panel({ series: [{ name: "a", color: "#000", points }] }))
    expect(drawn).toContain('cx="253.0"')
    expect(drawn).toMatch(/<path stroke="#000" d="M253.0 [\d.]+V[\d.]+"\/>/)
  })

  it("lets no text be taken for markup", () => {
    expect(draw([panel({ title: "a < b & c" })])).toContain("a &lt; b &amp; c")
  })

  it("puts panels side by side in one well-formed picture", () => {
    const svg = draw([panel(), panel({ isLogY: true, series: [] })])
    expect(svg).toContain('viewBox="0 0 932 320"')
    const opened = svg.match(/<(svg|g|text|title|style)\b/g)?.length
    expect(svg.match(/<\/(svg|g|text|title|style)>/g)?.length).toBe(opened)
    expect(svg).not.toContain("NaN")
  })

  it("shows the results of a run, with the rivals as levels", () => {
    const svg = plotOf(
      measured({
        rows: { postgres: row(50_000), batched: row(20_000), naive: row(2000) },
        widths: [
          { instances: 10, rates: [rate(30_000), rate(31_000)] },
          { instances: 10_000, rates: [rate(28_000)] }
        ],
        latency: {
          pairs: [{ ours: { p50: 1, p99: 4 }, bare: { p50: 0.5, p99: 1 } }],
          byLoad: [
            { eventsPerSecond: 100, p50: 1, p99: 3 },
            { eventsPerSecond: 1000, p50: 1.2, p99: 5 },
            {
              eventsPerSecond: 90_000,
              p50: Number.POSITIVE_INFINITY,
              p99: Number.POSITIVE_INFINITY
            }
          ]
        }
      })
    )
    for (const name of [
      "Postgres alone",
      "hand-batched",
      "naive",
      "evolution-listener",
      "p50",
      "p99"
    ])
      expect(svg).toContain(`>${name}</text>`)
    expect(svg).not.toMatch(/NaN|Infinity|90 000/)
  })

  it("is empty but whole when nothing was measured", () => {
    expect(plotOf(measured({}))).toMatch(/^<svg .*<\/svg>\n$/s)
  })
})
