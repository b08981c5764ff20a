import { describe, expect, it } from "@effect/vitest"
import { short, whole } from "./numbers.ts"

describe("numbers for people", () => {
  it("separate thousands", () => {
    expect([0, 999, 1000, 12_345.6, 1_234_567].map(whole)).toEqual([
      "0",
      "999",
      "1 000",
      "12 346",
      "1 234 567"
    ])
  })

  it("shows a dash for NaN and infinity", () => {
    expect([Number.NaN, Number.POSITIVE_INFINITY].map(whole)).toEqual(["-", "-"])
  })

  it("keeps three digits of small ones", () => {
    expect([0.12345, 1.5, 12.345, 1234.5].map(short)).toEqual(["0.123", "1.5", "12.3", "1 235"])
  })
})
