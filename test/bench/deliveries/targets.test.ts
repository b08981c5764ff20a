import { describe, expect, it } from "@effect/vitest"
import type { DeliveriesResult } from "../deliveries.ts"
import { measured, rate } from "../doubles.ts"
import { isMet } from "../target.ts"
import { targetsOfDeliveries } from "./targets.ts"

const find = (part: string, deliveries: DeliveriesResult) => {
  const found = targetsOfDeliveries(measured({ deliveries })).find(({ title }) =>
    title.includes(part)
  )
  if (found === undefined) throw new Error(`No target with "${part}"`)
  return found
}

describe("the targets of deliveries", () => {
  it("bound the latency, and have the rival's beside", () => {
    const latency = [{ ours: { p50: 20, p99: 201 }, rivals: { p50: 1.25, p99: 30 } }]
    expect(isMet(find("p50", { latency }))).toBe(true)
    expect(isMet(find("p99", { latency }))).toBe(false)
    expect(find("p50", { latency }).note).toBe("forwarder: 1.25 ms")
  })

  it("bound the rate, and have the rival's beside", () => {
    const rates = { receivers: 5, ours: [rate(1999)], rivals: [rate(1500)] }
    const target = find("5 endpoints", { rates })
    expect(isMet(target)).toBe(false)
    expect(target.note).toBe("10 µs each; forwarder: 1 500 /s, 10 µs each")
  })

  it("bound what an endpoint that never answers costs the others, by pairs", () => {
    const at = (p99: number) => ({ p50: 1, p99 })
    const pairs = [100, 109, 111].map((p99) => ({ healthy: at(100), holed: at(p99) }))
    const target = find("never answers", { hole: { endpoints: 100, ours: pairs, rivals: pairs } })
    expect(target.figure?.median).toBeCloseTo(9)
    expect(target.note).toBe("too few pairs, of 100.0 ms; forwarder: 9 %")
  })

  it("compare the processor time of each run with the one beside it", () => {
    const at = (ownMicros: number) => ({ ...rate(100), ownMicros })
    const idle = {
      with: [10, 21, 20, 20, 20, 20].map(at),
      without: [10, 20, 20, 20, 20, 20].map(at)
    }
    const target = find("no endpoints", { idle })
    expect(target.figure).toMatchObject({ median: 1, max: 1.05 })
    expect(target.note).toBe("95 %: 1 to 1.05; events/s: 1.00 ×")
  })

  it("bound the memory of an event that waits", () => {
    const growth = (events: number, resident: number) => ({ events, resident, heap: 0 })
    const waiting = { ours: growth(1024, 1024 * 100), rivals: growth(10, 10 * 3072) }
    const target = find("100 events", { waiting: { ...waiting, ours: growth(100, 10_240) } })
    expect(isMet(target)).toBe(true)
    expect(target.note).toBe("forwarder: 3 KiB each")
    expect(
      isMet(find("1 024 events", { waiting: { ...waiting, ours: growth(1024, 204_800) } }))
    ).toBe(false)
  })
})
