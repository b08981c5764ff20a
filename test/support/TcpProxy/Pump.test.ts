import { PassThrough } from "node:stream"
import { afterEach, beforeEach, describe, expect, it, vi } from "@effect/vitest"
import { type Manner, makePump, type Wire } from "./Pump.ts"

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }))
afterEach(() => void vi.useRealTimers())

const makeWire = (): Wire => {
  const stream = new PassThrough()
  return Object.assign(stream, {
    resetAndDestroy: () => {
      stream.destroy()
      throw new Error("The pump passes no reset on in these tests")
    }
  })
}

/** A pump whose output is noted with its time in ms. */
const start = (manner: Manner) => {
  const [from, to] = [makeWire(), makeWire()]
  const heard: Array<readonly [at: number, text: string]> = []
  const began = performance.now()
  to.on("data", (bytes) => heard.push([performance.now() - began, bytes.toString()]))
  const pump = makePump(from, to, manner)
  return { from, heard, pump }
}

describe("Pump", () => {
  it("delays each byte by the same time, counted from when it came", async () => {
    const { from, heard } = start({ _tag: "Delay", millis: 50 })
    from.write("a")
    await vi.advanceTimersByTimeAsync(10)
    from.write("b")
    await vi.advanceTimersByTimeAsync(39)
    expect(heard).toEqual([])
    await vi.advanceTimersByTimeAsync(100)
    expect(heard).toEqual([
      [50, "a"],
      [60, "b"]
    ])
  })

  it("cuts bytes into pieces, the first at once and each other one after the interval", async () => {
    const { from, heard } = start({ _tag: "Slice", bytes: 3, everyMillis: 20 })
    await vi.advanceTimersByTimeAsync(20)
    from.write("abcdefg")
    await vi.advanceTimersByTimeAsync(100)
    expect(heard).toEqual([
      [20, "abc"],
      [40, "def"],
      [60, "g"]
    ])
  })

  it("holds bytes until it passes them again", async () => {
    const { from, heard, pump } = start({ _tag: "Hold" })
    from.write("a")
    await vi.advanceTimersByTimeAsync(1000)
    expect(heard).toEqual([])
    pump.behave({ _tag: "Pass" })
    await vi.advanceTimersByTimeAsync(0)
    expect(heard).toEqual([[1000, "a"]])
  })
})
