import { describe, expect, it } from "@effect/vitest"
import { medianRange, quantile, ratios, summarize } from "./statistics.ts"

describe("statistics", () => {
  it("takes the middle of an odd number of values, and between two of an even one", () => {
    expect(quantile([3, 1, 2], 0.5)).toBe(2)
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5)
  })

  it("goes between neighbours in proportion", () => {
    const hundred = Array.from({ length: 101 }, (_, index) => index)
    expect(quantile(hundred, 0.99)).toBe(99)
    expect(quantile([0, 10], 0.99)).toBeCloseTo(9.9)
    expect(quantile([5], 0.99)).toBe(5)
  })

  it("knows nothing of no values, and leaves its argument as it is", () => {
    expect(quantile([], 0.5)).toBeNaN()
    const values = [2, 1]
    quantile(values, 0.5)
    expect(values).toEqual([2, 1])
  })

  it("summarizes as median, least, most, and how many", () => {
    expect(summarize([10, 30, 20])).toEqual({ median: 20, min: 10, max: 30, runs: 3 })
  })

  it("divides each run by the one that ran beside it", () => {
    expect(ratios([10, 20], [5, 40])).toEqual([2, 0.5])
  })

  it("leaves out a run that has no neighbour", () => {
    expect(ratios([10, 20, 30], [5])).toEqual([2])
    expect(ratios([], [5])).toEqual([])
  })
})

describe("the range of a median", () => {
  it("is of the lowest and the highest of six values, and of inner ones of more", () => {
    expect(medianRange([6, 1, 5, 2, 4, 3])).toEqual([1, 6])
    // Tables of the sign test: of ten values the second and the ninth, of twenty the sixth and the fifteenth.
    expect(medianRange(Array.from({ length: 10 }, (_, at) => at + 1))).toEqual([2, 9])
    expect(medianRange(Array.from({ length: 20 }, (_, at) => at + 1))).toEqual([6, 15])
  })

  it("is not known with fewer", () => {
    expect(medianRange([1, 2, 3, 4, 5])).toBeUndefined()
  })
})
