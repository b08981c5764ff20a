import { describe, expect, it } from "@effect/vitest"
import { parse, sampleOf } from "./Exposition.ts"

const head = (name: string, type: string) => `# HELP ${name} Words\n# TYPE ${name} ${type}\n`

describe("the reader of the text format", () => {
  it("reads names, labels with anything in them, and numbers of every kind", () => {
    const families = parse(
      `# HELP a_total A \\\\ and\\na line\n# TYPE a_total counter\n` +
        `a_total{x="1",y="a \\"b\\" \\\\ \\n, {c}"} 3\na_total 1.5e+21\n` +
        `${head("b", "gauge")}b NaN\n${head("c", "gauge")}c{z=""} -Inf\n`
    )
    expect(families.get("a_total")?.help).toBe("A \\ and\na line")
    expect(sampleOf(families, "a_total", { y: 'a "b" \\ \n, {c}', x: "1" })).toBe(3)
    expect(sampleOf(families, "a_total")).toBe(1.5e21)
    expect(sampleOf(families, "b")).toBeNaN()
    expect(sampleOf(families, "c", { z: "" })).toBe(Number.NEGATIVE_INFINITY)
    expect(sampleOf(families, "c")).toBeUndefined()
  })

  it("reads a histogram whose buckets add up", () => {
    const text = `${head("h", "histogram")}h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 3\nh_sum 9\nh_count 3\n`
    expect(sampleOf(parse(text), "h_count")).toBe(3)
    for (const [from, to] of [
      ['h_bucket{le="+Inf"} 3\n', ""],
      ['le="1"} 2', 'le="1"} 4'],
      ["h_count 3", "h_count 4"],
      ["h_sum 9\n", ""],
      ['le="1"', 'le="+Inf"']
    ] as const)
      expect(() => parse(text.replace(from, to)), `${from} ${to}`).toThrow()
  })

  it("refuses text that Prometheus refuses", () => {
    for (const wrong of [
      `${head("a", "gauge")}a 1`,
      "a 1\n",
      `${head("a", "gauge")}b 1\n`,
      `${head("a", "counter")}a 1\n`,
      `${head("a_total", "counter")}a_total -1\n`,
      `${head("a_total", "gauge")}a_total 1\n`,
      `${head("a", "gauge")}a 1\na 2\n`,
      `${head("a", "gauge")}a{x="1",y="2"} 1\na{y="2",x="1"} 1\n`,
      `${head("a", "gauge")}a 1\n${head("a", "gauge")}a 1\n`,
      `${head("a", "gauge")}a{x="1} 1\n`,
      `${head("a", "gauge")}a{x="1",} 1\n`,
      `${head("a", "gauge")}a{x="1",x="2"} 1\n`,
      `${head("a", "gauge")}a{1x="1"} 1\n`,
      `${head("a", "gauge")}a{x="\\t"} 1\n`,
      `${head("a", "gauge")}a one\n`,
      `${head("a", "gauge")}a 1 2 3\n`,
      `${head("a", "gauge")}\na 1\n`,
      "# HELP a Words\na 1\n",
      "# TYPE a gauge\na 1\n",
      "# HELP 1a Words\n# TYPE 1a gauge\n"
    ])
      expect(() => parse(wrong), wrong).toThrow()
  })
})
