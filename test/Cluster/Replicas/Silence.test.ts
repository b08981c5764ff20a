import { describe, expect, it } from "@effect/vitest"
import { Duration } from "effect"
import * as Silence from "../../../src/Cluster/Replicas/Silence.ts"
import { MonotonicMillis } from "../../../src/Domain/Clock.ts"

/** Looks at one sign at each of these times. */
const looks = (...times: ReadonlyArray<readonly [seconds: number, sign: string]>) => {
  let now = 0
  const silence = Silence.make(() => MonotonicMillis(now), Duration.seconds(3))
  for (const [seconds, sign] of times) {
    now = seconds * 1000
    silence.look([["one", sign]])
  }
  return { alive: silence.isAlive("one"), moved: silence.hasMoved("one"), silence }
}

describe("Silence", () => {
  it("is not told of a replica that was seen once, and an unknown one is not alive", () => {
    const { alive, moved, silence } = looks([0, "a"])
    expect([alive, moved, silence.isAlive("two"), silence.hasMoved("two")]).toEqual([
      true,
      false,
      false,
      false
    ])
  })

  it("is an unchanged sign for 3 s of looks", () => {
    expect(looks([0, "a"], [1, "a"], [2.9, "a"]).alive).toBe(true)
    expect(looks([0, "a"], [1, "a"], [3, "a"]).alive).toBe(false)
    expect(looks([0, "a"], [2, "b"], [4, "b"])).toMatchObject({ alive: true, moved: true })
  })

  it("ends with the next change of the sign", () => {
    expect(looks([0, "a"], [2, "a"], [4, "a"], [5, "b"]).alive).toBe(true)
  })

  it("does not count the time in which nobody looked, as after a freeze of this process", () => {
    expect(looks([0, "a"], [100, "a"]).alive).toBe(true)
    expect(looks([0, "a"], [100, "a"], [102, "a"], [103, "a"]).alive).toBe(false)
  })

  it("is forgotten with the row", () => {
    const { silence } = looks([0, "a"])
    silence.look([])
    expect(silence.isAlive("one")).toBe(false)
  })
})
