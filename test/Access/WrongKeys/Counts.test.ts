import { describe, expect, it } from "@effect/vitest"
import { Duration } from "effect"
import * as Counts from "../../../src/Access/WrongKeys/Counts.ts"
import { MonotonicMillis } from "../../../src/Domain/Clock.ts"

const made = () => {
  let millis = 0
  const counts = Counts.make(Duration.minutes(1), () => MonotonicMillis(millis))
  const wait = (more: number) => {
    millis += more
  }
  return { counts, wait }
}

describe("The counts of wrong keys", () => {
  it("run for a minute from the first one, and begin anew then", () => {
    const { counts, wait } = made()
    expect(counts.count("a", 1)).toEqual({ count: 1, left: 60_000 })
    wait(59_999)
    expect(counts.count("a", 2)).toEqual({ count: 3, left: 1 })
    expect(counts.count("b", 0)).toEqual({ count: 0, left: 60_000 })
    wait(1)
    expect(counts.count("a", 1)).toEqual({ count: 1, left: 60_000 })
    wait(60_000)
    expect(counts.take(10)).toEqual([])
    expect(counts.isDue()).toBe(false)
  })

  it("are of ten thousand addresses, and the oldest is dropped", () => {
    const { counts } = made()
    for (let nth = 0; nth <= Counts.maxAddresses; nth++) counts.count(`${nth}`, 1)
    expect(counts.count("0", 0).count).toBe(0)
    expect(counts.count("1", 0).count).toBe(1)
  })

  it("are sent once, the highest first, in the order of addresses, and wait if that failed", () => {
    const { counts } = made()
    for (const address of ["c", "b", "a"]) counts.count(address, address === "a" ? 1 : 2)
    const portions = [
      { address: "b", count: 2 },
      { address: "c", count: 2 }
    ]
    expect(counts.take(2)).toEqual(portions)
    expect(counts.take(2)).toEqual(portions)
    counts.count("b", 1)
    counts.sent(portions)
    expect(counts.take(2)).toEqual([
      { address: "a", count: 1 },
      { address: "b", count: 1 }
    ])
  })

  it("are those of the database and what it does not have yet, in its window", () => {
    const { counts, wait } = made()
    counts.count("a", 2)
    counts.learn([{ address: "a", count: 5, left: 20_000, end: 70_000 }])
    expect(counts.count("a", 1)).toEqual({ count: 8, left: 20_000 })
    counts.sent([{ address: "a", count: 3 }])
    counts.learn([{ address: "a", count: 8, left: 19_000, end: 70_000 }])
    // Answers that were late.
    counts.learn([{ address: "a", count: 6, left: 19_000, end: 70_000 }])
    counts.learn([{ address: "a", count: 50, left: 100, end: 10_000 }])
    expect(counts.count("a", 0)).toEqual({ count: 8, left: 19_000 })
    counts.learn([{ address: "a", count: 1, left: 60_000, end: 130_000 }])
    expect(counts.count("a", 0)).toEqual({ count: 1, left: 60_000 })
    wait(60_000)
    expect(counts.count("a", 0).count).toBe(0)
  })
})
