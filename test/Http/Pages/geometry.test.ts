import { describe, expect, it } from "@effect/vitest"
import { bar, scale, share, ticks } from "../../../src/Http/Pages/geometry.js"
import { makeRandom } from "../../../src/Testing/Random.ts"

const hour = 60 * 60_000
const all = { from: 0, to: 24 * hour }

describe("a time on a timeline", () => {
  it("has its place in proportion", () => {
    const place = scale(all, 960)
    expect([0, 6, 12, 24].map((hours) => place(hours * hour))).toEqual([0, 240, 480, 960])
  })

  it("never lies outside", () => {
    const place = scale(all, 960)
    expect(place(-hour)).toBe(0)
    expect(place(30 * hour)).toBe(960)
  })

  it("of no length at all is at its beginning", () => {
    expect(scale({ from: 5, to: 5 }, 960)(5)).toBe(0)
  })
})

describe("a bar", () => {
  it("is as long as its span", () => {
    expect(bar({ from: 6 * hour, to: 9 * hour }, all, 960)).toEqual({ x: 240, width: 120 })
  })

  it("is cut where the timeline ends", () => {
    expect(bar({ from: -5 * hour, to: 6 * hour }, all, 960)).toEqual({ x: 0, width: 240 })
    expect(bar({ from: 18 * hour, to: 99 * hour }, all, 960)).toEqual({ x: 720, width: 240 })
  })

  it("is wide enough to be seen, and still inside", () => {
    expect(bar({ from: hour, to: hour + 1 }, all, 960)).toEqual({ x: 40, width: 2 })
    expect(bar({ from: 24 * hour - 1, to: 24 * hour }, all, 960)).toEqual({ x: 958, width: 2 })
  })

  it("of touching spans touches its neighbour, and together they fill the row", () => {
    const random = makeRandom(3, "bars")
    for (let round = 0; round < 100; round++) {
      const width = random.between(300, 1400)
      const turns = Array.from(
        { length: random.between(1, 8) },
        () => random.between(0, 24) * hour
      ).sort((left, right) => left - right)
      const edges = [...new Set([0, ...turns, 24 * hour])]
      const bars = edges
        .slice(1)
        .map((to, index) => bar({ from: edges[index] ?? 0, to }, all, width))
      expect(bars[0]?.x).toBe(0)
      for (const [index, { width: wide, x }] of bars.entries()) {
        const next = bars[index + 1]?.x ?? width
        expect(x + wide).toBeCloseTo(next, 6)
      }
    }
  })
})

describe("the ticks of an axis", () => {
  const texts = (offset: number, stretch = all, width = 960) =>
    ticks(stretch, width, offset).map(({ at }) =>
      new Date(at - offset * 60_000).toISOString().slice(11, 16)
    )

  it("are round times of day", () => {
    expect(texts(0)).toEqual(
      [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24].map(
        (hours) => `${String(hours % 24).padStart(2, "0")}:00`
      )
    )
  })

  it("are round where the clock shows another time than UTC, by half hours too", () => {
    for (const offset of [180, -330, 210, -765])
      for (const text of texts(offset)) expect(text, String(offset)).toMatch(/^\d[02468]:00$/)
  })

  it("are as many as have room", () => {
    for (const width of [260, 320, 500, 960, 1400])
      for (const hours of [1, 6, 24, 168]) {
        const found = ticks({ from: 1e12, to: 1e12 + hours * hour }, width, 180)
        expect(found.length, `${width} ${hours}`).toBeGreaterThanOrEqual(1)
        expect(found.length, `${width} ${hours}`).toBeLessThanOrEqual(width / 64 + 1)
      }
  })

  it("lie within the timeline, evenly", () => {
    const random = makeRandom(5, "ticks")
    for (let round = 0; round < 200; round++) {
      const from = random.between(1, 1e9) * 1000
      const to = from + random.between(1, 400) * hour
      const width = random.between(1, 2000)
      const found = ticks({ from, to }, width, random.between(-720, 720))
      const steps = new Set(found.slice(1).map(({ at }, index) => at - (found[index]?.at ?? 0)))
      expect(steps.size).toBeLessThanOrEqual(1)
      for (const { at, x } of found) {
        expect(at).toBeGreaterThanOrEqual(from)
        expect(at).toBeLessThanOrEqual(to)
        expect(x).toBeGreaterThanOrEqual(0)
        expect(x).toBeLessThanOrEqual(width)
      }
    }
  })
})

describe("the share of a state", () => {
  it("is how much of the known time it held", () => {
    const spans = [
      { state: "open", from: 0, to: 30 },
      { state: "close", from: 30, to: 40 },
      { state: "open", from: 40, to: 100 }
    ]
    expect(share(spans, "open")).toBe(0.9)
    expect(share(spans, "close")).toBe(0.1)
    expect(share(spans, "refused")).toBe(0)
  })

  it("leaves out the time before the first known state, and counts later unknown time", () => {
    const before = { state: "unknown", from: 0, to: 1000 }
    expect(share([before, { state: "open", from: 1000, to: 1010 }], "open")).toBe(1)
    const missed = [
      { state: "open", from: 0, to: 50 },
      { state: "unknown", from: 50, to: 100 }
    ]
    expect(share(missed, "open")).toBe(0.5)
  })

  it("is not known where nothing is", () => {
    expect(share([], "open")).toBeNull()
    expect(share([{ state: "unknown", from: 0, to: 10 }], "open")).toBeNull()
    expect(share([{ state: "open", from: 5, to: 5 }], "open")).toBeNull()
  })
})
