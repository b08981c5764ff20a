import { getEventListeners } from "node:events"
import { afterEach, beforeEach, describe, expect, it, vi } from "@effect/vitest"
import {
  ageText,
  clockText,
  every,
  secondsLeft,
  settled,
  sleep,
  tick
} from "../../../src/Http/Pages/time.js"
import { watchTimers } from "./timers.ts"

const minute = 60
const hour = 60 * minute
const day = 24 * hour

describe("an age", () => {
  it("is told in its two largest units", () => {
    const ages = [
      [0, "0 s"],
      [0.9, "0 s"],
      [59.99, "59 s"],
      [minute, "1 min"],
      [hour - 1, "59 min"],
      [hour, "1 h"],
      [hour + minute, "1 h 1 min"],
      [day - 1, "23 h 59 min"],
      [day, "1 d"],
      [day + hour - 1, "1 d"],
      [3 * day + 4 * hour, "3 d 4 h"],
      [400 * day, "400 d"]
    ] as const
    for (const [seconds, text] of ages) expect(ageText(seconds), String(seconds)).toBe(text)
  })

  it("is none where clocks do not agree", () => {
    expect(ageText(-3)).toBe("0 s")
  })
})

describe("a countdown", () => {
  it("has whole seconds, and 0 only at the end", () => {
    expect(secondsLeft(10_000, 0)).toBe(10)
    expect(secondsLeft(10_000, 1)).toBe(10)
    expect(secondsLeft(10_000, 1000)).toBe(9)
    expect(secondsLeft(10_000, 9999)).toBe(1)
    expect(secondsLeft(10_000, 10_000)).toBe(0)
    expect(secondsLeft(10_000, 99_000)).toBe(0)
  })
})

describe("a time of day", () => {
  const noon = new Date(2026, 4, 6, 12, 3, 5).getTime()

  it("stands alone when it is today's, and with its day otherwise", () => {
    expect(clockText(noon, noon + hour * 1000)).toBe("12:03:05")
    expect(clockText(noon, noon + day * 1000)).toMatch(/6.*12:03:05/)
    expect(clockText(noon, noon - day * 1000)).toMatch(/6.*12:03:05/)
  })

  it("has midnight as 00", () => {
    const midnight = new Date(2026, 4, 6).getTime()
    expect(clockText(midnight, midnight)).toBe("00:00:00")
  })
})

describe("an element that counts", () => {
  const element = (attributes: Record<string, string>, textContent: string | null = null) => ({
    textContent,
    writes: 0,
    getAttribute: (name: string) => attributes[name] ?? null
  })
  const page = (elements: ReadonlyArray<ReturnType<typeof element>>) => ({
    querySelectorAll: (selector: string) =>
      elements.filter((one) => one.getAttribute(selector.slice(1, -1)) !== null)
  })

  it("counts up from where it began and down to where it ends", () => {
    const up = element({ "data-since": "1000" })
    const down = element({ "data-until": "10000" })
    const still = element({}, "still")
    const root = page([up, down, still])
    tick(root, 6500)
    expect([up, down, still].map(({ textContent }) => textContent)).toEqual(["5 s", "4", "still"])
    tick(root, 70_000)
    expect([up, down].map(({ textContent }) => textContent)).toEqual(["1 min", "0"])
  })

  it("is written only where it changes", () => {
    const one = element({ "data-since": "0" })
    let writes = 0
    let text: string | null = null
    Object.defineProperty(one, "textContent", {
      get: () => text,
      set: (next: string) => {
        text = next
        writes++
      }
    })
    for (const now of [60_000, 61_000, 100_000, 119_999]) tick(page([one]), now)
    expect(writes).toBe(1)
    tick(page([one]), 120_000)
    expect(writes).toBe(2)
  })
})

const abortListeners = (owner: AbortController) => getEventListeners(owner.signal, "abort").length

describe("a timer", () => {
  let pending = () => Number.NaN
  beforeEach(() => {
    vi.useFakeTimers()
    pending = watchTimers()
  })
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.useRealTimers()
  })

  it("ends with its owner", () => {
    const owner = new AbortController()
    let runs = 0
    every(1000, () => runs++, owner.signal)
    vi.advanceTimersByTime(3500)
    expect(pending()).toBe(1)
    owner.abort()
    vi.advanceTimersByTime(10_000)
    expect(runs).toBe(3)
    expect(pending()).toBe(0)
  })

  it("does not begin when its owner is gone", async () => {
    every(1000, () => expect.fail("It ran"), AbortSignal.abort())
    await sleep(60_000, AbortSignal.abort())
    expect(pending()).toBe(0)
  })

  it("that only waits leaves no timer and no listener behind, whether it is woken or not", async () => {
    const owner = new AbortController()
    const long = sleep(60_000, owner.signal)
    const short = sleep(1000, owner.signal)
    expect([pending(), abortListeners(owner)]).toEqual([2, 2])
    await vi.advanceTimersByTimeAsync(1000)
    await short
    expect([pending(), abortListeners(owner)]).toEqual([1, 1])
    owner.abort()
    await long
    expect([pending(), abortListeners(owner)]).toEqual([0, 0])
  })

  it("that joins calls runs once for many of them, and not after its owner has ended", async () => {
    const owner = new AbortController()
    let runs = 0
    const soon = settled(100, () => runs++, owner.signal)
    for (let calls = 0; calls < 50; calls++) soon()
    await vi.advanceTimersByTimeAsync(100)
    expect(runs).toBe(1)
    soon()
    await vi.advanceTimersByTimeAsync(100)
    expect(runs).toBe(2)
    soon()
    owner.abort()
    await vi.advanceTimersByTimeAsync(1000)
    expect(runs).toBe(2)
  })
})
