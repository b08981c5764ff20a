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
})
