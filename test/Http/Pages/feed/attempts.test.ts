import { describe, expect, it, vi } from "@effect/vitest"
import { delayAfter } from "../../../../src/Http/Pages/feed.js"
import { type Asked, hello, last, pass, scene, start, state, useScene } from "./scene.ts"

useScene()

describe("the delay before another attempt", () => {
  it("doubles from one second to thirty, with half of it by chance", () => {
    const least = [0, 1, 2, 3, 4, 5, 6, 100].map((failures) => delayAfter(failures, 1000, 0))
    const most = [0, 1, 2, 3, 4, 5, 6, 100].map((failures) => delayAfter(failures, 1000, 1))
    expect(most).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
    expect(least).toEqual([1000, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000])
  })

  it("is never shorter than the service asks for", () => {
    expect(delayAfter(0, 5000, 0)).toBe(5000)
    expect(delayAfter(9, 5000, 1)).toBe(30_000)
  })
})

describe("the attempts of a feed", () => {
  it("says that it is stale after 35 s without a byte, and goes for another connection", async () => {
    await start()
    await last().say(hello(1))
    const silent = last()
    await pass(35_000)
    expect(state()).toBe("live")
    await pass(1000)
    expect(scene.states.map((one) => one.state)).toContain("stale")
    expect(silent.signal.aborted).toBe(true)
    expect(scene.states.at(-1)).toMatchObject({ state: "reconnecting", heardAt: 0 })
    await pass(1000)
    expect(scene.asked.length).toBe(2)
    await last().say(hello(1))
    expect(state()).toBe("live")
  })

  it("gives up a connection that is never answered, too", async () => {
    vi.stubGlobal("fetch", (path: string, { signal }: RequestInit) => {
      scene.asked.push({ path } as Asked) // nobody scene.answers this one
      return new Promise((_, reject) =>
        signal?.addEventListener("abort", () => reject(signal.reason))
      )
    })
    await start()
    await pass(36_000)
    expect(scene.states.map((one) => one.state)).toEqual(["connecting", "stale", "reconnecting"])
    await pass(1000)
    expect(scene.asked.length).toBe(2)
  })

  it("tries less and less often while the service is away, and never gives up", async () => {
    scene.answers = Array.from({ length: 40 }, () => undefined)
    await start()
    const delays = () =>
      scene.states
        .filter((one) => one.retryAt !== null)
        .map((one, index, all) => {
          const before = index === 0 ? 0 : (all[index - 1]?.retryAt ?? 0)
          return (one.retryAt ?? 0) - before
        })
    await pass(10 * 60_000)
    expect(delays().slice(0, 7)).toEqual([1000, 1500, 3000, 6000, 12_000, 22_500, 22_500])
    expect(scene.states.at(-1)).toMatchObject({ state: "reconnecting", heardAt: null })
    scene.answers = []
    await pass(30_000)
    await last().say(hello(1))
    expect(state()).toBe("live")
  })

  it("starts over with the shortest delay once a connection has held", async () => {
    scene.answers = [undefined, undefined, undefined, { status: 200 }]
    await start()
    await pass(1000 + 1500 + 3000)
    await last().say(hello(1))
    await pass(6000)
    await last().say(": heartbeat\n\n")
    const now = Date.now()
    await last().end()
    expect((scene.states.at(-1)?.retryAt ?? 0) - now).toBe(1000)
  })

  it("does not start over for a service that takes and drops at once", async () => {
    await start()
    for (const delay of [1000, 1500, 3000, 6000]) {
      await last().say(hello(1))
      const now = Date.now()
      await last().end()
      expect((scene.states.at(-1)?.retryAt ?? 0) - now).toBe(delay)
      await pass(delay)
    }
  })

  it("waits as long as the service asks for", async () => {
    await start()
    await last().say(`retry: 4000\n${hello(1)}`)
    await last().end()
    expect(scene.states.at(-1)?.retryAt).toBe(4000)
  })

  it("comes again after an answer that may be another one next time", async () => {
    for (const status of [500, 502, 503, 429, 408]) {
      scene.answers.push({ status })
    }
    await start()
    await pass(24_000)
    expect(scene.asked.length).toBe(6)
    await last().say(hello(1))
    expect(state()).toBe("live")
  })

  it("leaves it at an answer that will not change, and says which", async () => {
    scene.answers = [
      { status: 400, body: { _tag: "HttpApiDecodeError", message: "event: no such" } }
    ]
    await start()
    expect(scene.states.at(-1)).toMatchObject({ state: "refused", message: "event: no such" })
    await pass(10 * 60_000)
    expect(scene.asked.length).toBe(1)
  })
})
