import { describe, expect, it } from "@effect/vitest"
import { instanceOf, printOf, upstreamTimeOf } from "../../src/Domain/Event.ts"

const raw = (payload: unknown, name = "call") => ({ name, payload, receivedAt: 0 })

describe("A raw event", () => {
  it("has the texts of its envelope, and nothing where they are no texts", () => {
    const envelope = raw({ instance: "shop-1", event: "call", date_time: "2026-01-02T00:00:00Z" })
    expect(instanceOf(envelope)).toBe("shop-1")
    expect(upstreamTimeOf(envelope)).toBe("2026-01-02T00:00:00Z")
    const payloads = [null, "call", 7, [], {}, { instance: 1, event: {}, date_time: null }]
    for (const payload of payloads)
      for (const of of [instanceOf, upstreamTimeOf]) expect(of(raw(payload))).toBeUndefined()
  })

  it("has the same print as an equal one, and another print than any other", () => {
    const prints = [
      raw({ data: { a: 1 } }),
      raw({ data: { a: 2 } }),
      raw({ data: { a: 1 } }, "chats.update"),
      raw(null)
    ].map(printOf)
    expect(new Set(prints).size).toBe(4)
    expect(printOf(raw({ data: { a: 1 } }))).toBe('call{"data":{"a":1}}')
  })

  it("has its name for a print where it is too deep for JSON", () => {
    const deep = Array.from({ length: 257 }).reduce<unknown>((inner) => [inner], 1)
    expect(printOf(raw(deep))).toBe("call")
  })
})
