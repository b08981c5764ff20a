import { describe, expect, it } from "@effect/vitest"
import { render } from "../../../src/Http/Metrics/Text.ts"
import { parse, sampleOf } from "../../support/Exposition.ts"

describe("Text.render", () => {
  it("writes help and type before the samples, and adds _total to a counter", () => {
    const text = render([
      {
        name: "dials",
        help: "Attempts",
        type: "counter",
        samples: [{ labels: { outcome: "up" }, value: 3 }]
      },
      { name: "age_seconds", help: "Age", type: "gauge", samples: [{ labels: {}, value: 0.25 }] }
    ])
    expect(text).toBe(
      `# HELP dials_total Attempts
# TYPE dials_total counter
dials_total{outcome="up"} 3
# HELP age_seconds Age
# TYPE age_seconds gauge
age_seconds 0.25
`
    )
  })

  it("writes a family that has no sample yet", () => {
    const families = parse(render([{ name: "a", help: "Words", type: "gauge", samples: [] }]))
    expect(families.get("a")).toMatchObject({ help: "Words", type: "gauge", samples: [] })
  })

  it("writes a histogram's buckets up to +Inf, its sum and its count", () => {
    const text = render([
      {
        name: "seconds",
        help: "Time",
        type: "histogram",
        samples: [
          {
            labels: { route: "/" },
            buckets: [
              [0.5, 1],
              [2, 1],
              [Number.POSITIVE_INFINITY, 3]
            ],
            count: 3,
            sum: 30.5
          }
        ]
      }
    ])
    expect(text.split("\n").slice(2, -1)).toEqual([
      'seconds_bucket{route="/",le="0.5"} 1',
      'seconds_bucket{route="/",le="2"} 1',
      'seconds_bucket{route="/",le="+Inf"} 3',
      'seconds_sum{route="/"} 30.5',
      'seconds_count{route="/"} 3'
    ])
    expect(parse(text).size).toBe(1)
  })

  it("escapes hostile text in labels and help", () => {
    for (const hostile of ['"} 1\nevil 1', "\\", '\\"', "a\nb", "", "é ×", "\\n"]) {
      const text = render([
        {
          name: "a",
          help: `x${hostile}`,
          type: "gauge",
          samples: [{ labels: { of: hostile }, value: 1 }]
        }
      ])
      const families = parse(text)
      expect(families.size).toBe(1)
      expect(families.get("a")?.help).toBe(`x${hostile}`)
      expect(sampleOf(families, "a", { of: hostile })).toBe(1)
    }
  })

  it("writes numbers as Prometheus reads them", () => {
    const numbers = [0, -0, 1, 1e21, 5e-324, 0.1, NaN, Infinity, -Infinity, 2 ** 53]
    for (const value of numbers) {
      const text = render([
        { name: "a", help: "A", type: "gauge", samples: [{ labels: {}, value }] }
      ])
      expect(sampleOf(parse(text), "a")).toBe(value === 0 ? 0 : value)
    }
  })
})
