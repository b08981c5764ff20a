import { describe, expect, it } from "vitest"
import { isWithin, mayShape } from "../../../src/Domain/Endpoint.ts"

const free = { instances: null, servers: null }

const within = (
  settings: Parameters<typeof isWithin>[0]["settings"],
  key: Partial<Parameters<typeof isWithin>[1]>,
  bounds: Partial<Parameters<typeof isWithin>[0]["bounds"]> = {}
) => isWithin({ settings, bounds: { ...free, ...bounds } }, { ...free, ...key })

describe("An endpoint", () => {
  it.each<[is: boolean, ofEndpoint: string, ofKey: ReadonlyArray<string>]>([
    [true, "shop-1", ["shop-*"]],
    [true, "shop-*", ["shop-*"]],
    [true, "shop-1*", ["other", "shop-*"]],
    [true, "*", ["*"]],
    [true, "a*b*c", ["a*c"]],
    [true, "shop-\\*", ["shop-*"]],
    [true, "shop-\\*", ["shop-\\*"]],
    [true, "a\\\\*", ["a\\\\*"]],
    [true, "a\\\\\\*", ["a\\\\\\*"]],
    [true, "a\nb*", ["a*"]],
    [true, "é😀*", ["é😀*"]],
    [true, "[a]+*", ["[a]+*"]],
    [false, "*", ["shop-*"]],
    [false, "shop*", ["shop-*"]],
    [false, "*shop-1", ["shop-*"]],
    // An asterisk in a name is not any text.
    [false, "shop-*", ["shop-\\*"]],
    [false, "*", ["\\*"]],
    [false, "a\\\\*", ["a\\*"]],
    [false, "a*", ["a\\\\*"]],
    [false, "shop-1", ["shop-2", "shop"]],
    // Conservative: together these are all.
    [false, "*", ["a*", "*"].slice(0, 1)]
  ])("is within bounds or not (%s): %j in %j", (is, pattern, patterns) => {
    expect(within({ instances: [pattern] }, { instances: patterns })).toBe(is)
    expect(within({}, { instances: patterns }, { instances: [pattern] })).toBe(is)
  })

  it("is within bounds if all of its patterns are", () => {
    expect(within({ instances: ["shop-1", "bar"] }, { instances: ["shop-*"] })).toBe(false)
    expect(within({ instances: ["shop-1", "shop-2"] }, { instances: ["shop-*"] })).toBe(true)
  })

  it("of all instances is within no bounds, unless bounds of its own narrow it", () => {
    expect(within({}, { instances: ["*"] })).toBe(false)
    expect(within({}, {})).toBe(true)
    expect(within({ instances: ["*"] }, { instances: ["a*"] }, { instances: ["a1"] })).toBe(true)
  })

  it("is within the bounds of servers if it names them", () => {
    expect(within({}, { servers: ["eu"] })).toBe(false)
    expect(within({ servers: [] as never }, { servers: ["eu"] })).toBe(true)
    expect(within({ servers: ["eu"] as never }, { servers: ["eu", "br"] })).toBe(true)
    expect(within({ servers: ["eu", "br"] as never }, { servers: ["eu"] })).toBe(false)
    expect(within({}, { servers: ["eu"] }, { servers: ["eu"] })).toBe(true)
    expect(
      within({ instances: ["a"] }, { instances: ["a"], servers: ["eu"] }, { servers: ["br"] })
    ).toBe(false)
  })
})

describe("A caller", () => {
  const caller = (scope: "read" | "operate" | "admin", bounds = {}) => ({
    id: null,
    name: "x",
    scope,
    ...free,
    ...bounds
  })
  const webhook = (headers: Record<string, unknown>) => ({
    settings: { target: { type: "webhook", headers } }
  })
  const broker = { settings: { target: { type: "nats" } } }

  it("may make webhooks with operate, and brokers and variables as an admin without bounds", () => {
    for (const endpoint of [webhook({}), webhook({ a: "b", c: { stored: true } })]) {
      expect(mayShape(endpoint, caller("read"))).toBe(false)
      expect(mayShape(endpoint, caller("operate"))).toBe(true)
      expect(mayShape(endpoint, caller("operate", { instances: ["a"] }))).toBe(true)
    }
    for (const endpoint of [broker, webhook({ a: { env: "DELIVERY_A" } })]) {
      expect(mayShape(endpoint, caller("operate"))).toBe(false)
      expect(mayShape(endpoint, caller("admin"))).toBe(true)
      expect(mayShape(endpoint, caller("admin", { instances: ["a"] }))).toBe(false)
      expect(mayShape(endpoint, caller("admin", { servers: ["eu"] }))).toBe(false)
    }
  })
})
