import { describe, expect, it } from "@effect/vitest"
import { capacity, makeHeard, maxJson, pretty } from "../../../src/Http/Pages/heard.js"

const line = (id: number, facts: { event?: string; instance?: string; text?: string } = {}) => {
  const { event = "messages.upsert", instance = "loja", text = "" } = facts
  const json = JSON.stringify({ id, text })
  return {
    key: `event-${id}`,
    at: id,
    server: "default",
    instance,
    event,
    origin: "live",
    summary: text,
    json,
    size: json.length
  }
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => line(from + index))

const idsOf = (lines: ReadonlyArray<{ readonly at: number }>) => lines.map(({ at }) => at)

describe("the monitor's events", () => {
  it("stands with the newest first", () => {
    const heard = makeHeard()
    heard.add(range(1, 2))
    heard.add([line(3)])
    expect(idsOf(heard.matching())).toEqual([3, 2, 1])
  })

  it("have earlier events below", () => {
    const heard = makeHeard()
    heard.add([line(10)])
    heard.addOlder(range(7, 9))
    expect(idsOf(heard.matching())).toEqual([10, 9, 8, 7])
  })

  it("is bounded, and says how many older ones were dropped", () => {
    const heard = makeHeard()
    heard.add(range(1, capacity))
    expect(heard.counts()).toEqual({ waiting: 0, dropped: 0 })
    heard.add(range(capacity + 1, capacity + 5))
    expect(heard.matching().length).toBe(capacity)
    expect(idsOf(heard.matching()).at(-1)).toBe(6)
    expect(heard.counts()).toEqual({ waiting: 0, dropped: 5 })
  })

  it("does not miss older ones that had no room", () => {
    const heard = makeHeard()
    heard.add(range(201, 200 + capacity))
    heard.addOlder(range(1, 200))
    expect(heard.matching().length).toBe(capacity)
    expect(heard.counts().dropped).toBe(0)
  })

  it("is bounded by size, too", () => {
    const heard = makeHeard()
    const large = { ...line(1), json: "x".repeat(maxJson) }
    for (let count = 0; count < 300; count++) heard.add([{ ...large, at: count }])
    expect(heard.matching().length).toBe(128)
    expect(idsOf(heard.matching())[0]).toBe(299)
    expect(heard.counts().dropped).toBe(172)
  })

  it("is never so bounded that the newest is not there", () => {
    const heard = makeHeard()
    heard.add([{ ...line(1), json: "x".repeat(40 * 1024 * 1024) }])
    expect(heard.matching().length).toBe(1)
  })

  it("is nothing after it was cleared", () => {
    const heard = makeHeard()
    heard.add(range(1, capacity + 10))
    heard.pause()
    heard.add(range(1, 10))
    heard.clear()
    expect(heard.matching()).toEqual([])
    expect(heard.counts()).toEqual({ waiting: 0, dropped: 0 })
  })
})

describe("a monitor that is paused", () => {
  it("do not change, and count the waiting events", () => {
    const heard = makeHeard()
    heard.add(range(1, 3))
    const before = heard.matching()
    heard.pause()
    expect(heard.isPaused()).toBe(true)
    heard.add(range(4, 5))
    heard.add([line(6)])
    expect(heard.matching()).toBe(before)
    expect(heard.counts()).toEqual({ waiting: 3, dropped: 0 })
  })

  it("goes on with all of it, in its order", () => {
    const heard = makeHeard()
    heard.add(range(1, 3))
    heard.pause()
    heard.add(range(4, 5))
    heard.add([line(6)])
    heard.resume()
    expect(heard.isPaused()).toBe(false)
    expect(idsOf(heard.matching())).toEqual([6, 5, 4, 3, 2, 1])
    expect(heard.counts()).toEqual({ waiting: 0, dropped: 0 })
  })

  it("keeps the newest of very many, and says how many it dropped", () => {
    const heard = makeHeard()
    heard.add([line(0)])
    heard.pause()
    for (let first = 1; first <= 3000; first += 100) heard.add(range(first, first + 99))
    expect(idsOf(heard.matching())).toEqual([0])
    expect(heard.counts()).toEqual({ waiting: capacity, dropped: 2000 })
    heard.resume()
    expect(idsOf(heard.matching())[0]).toBe(3000)
    expect(idsOf(heard.matching()).at(-1)).toBe(2001)
    expect(heard.counts()).toEqual({ waiting: 0, dropped: 2001 })
  })
})

describe("a search in the monitor's events", () => {
  const heard = makeHeard()
  heard.add([
    line(1, { text: "Olá, tudo bem?" }),
    line(2, { event: "connection.update", instance: "padaria", text: "Connected" }),
    line(3, { text: "MEU PEDIDO" })
  ])

  it("looks at the name, the event, the summary and the whole event, in any case", () => {
    expect(idsOf(heard.matching("PADARIA"))).toEqual([2])
    expect(idsOf(heard.matching("messages."))).toEqual([3, 1])
    expect(idsOf(heard.matching("meu pedido"))).toEqual([3])
    expect(idsOf(heard.matching('"id":1'))).toEqual([1])
    expect(idsOf(heard.matching("OLÁ"))).toEqual([1])
  })

  it("takes the text as it is, not as a pattern", () => {
    expect(heard.matching("m.*s")).toEqual([])
    expect(heard.matching("(")).toEqual([])
    expect(idsOf(heard.matching("bem?"))).toEqual([1])
  })

  it("for nothing but blanks finds everything", () => {
    expect(idsOf(heard.matching("  "))).toEqual([3, 2, 1])
  })
})

describe("an event in full", () => {
  it("is indented", () => {
    expect(pretty(line(1, { text: "a" }))).toBe('{\n  "id": 1,\n  "text": "a"\n}')
  })

  it("that was cut stands as it came, since it is no JSON any more", () => {
    expect(pretty({ ...line(1), json: '{"id":1,"te', size: 99 })).toBe('{"id":1,"te')
  })
})
