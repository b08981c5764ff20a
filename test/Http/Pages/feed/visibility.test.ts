import { describe, expect, it, vi } from "@effect/vitest"
import { hello, last, look, pass, scene, settle, start, state, useScene } from "./scene.ts"

useScene()

describe("a scene.page that is looked at again", () => {
  it("does not wait for the next attempt", async () => {
    scene.answers = Array.from({ length: 6 }, () => undefined)
    await start()
    await pass(1000 + 1500 + 3000 + 6000 + 12_000)
    scene.answers = []
    await look("hidden")
    await look("visible")
    expect(scene.asked.length).toBe(1)
  })

  it("does not wait for it when the network is back either", async () => {
    scene.answers = Array.from({ length: 5 }, () => undefined)
    await start()
    await pass(1000 + 1500 + 3000 + 6000)
    scene.answers = []
    scene.browser.dispatchEvent(new Event("online"))
    await settle()
    expect(scene.asked.length).toBe(1)
  })

  it("does not trust a connection that was silent for longer than a heartbeat", async () => {
    await start()
    await last().say(hello(1))
    // A computer that sleeps runs no timers.
    vi.setSystemTime(21_000)
    await look("visible")
    expect(scene.states.map((one) => one.state)).toContain("stale")
    await pass(1000)
    expect(scene.asked.length).toBe(2)
  })

  it("leaves one alone that was heard just now", async () => {
    await start()
    await last().say(hello(1))
    await pass(10_000)
    await look("hidden")
    await look("visible")
    await pass(5000)
    expect(scene.asked.length).toBe(1)
    expect(state()).toBe("live")
  })
})

describe("a scene.page that nobody sees", () => {
  const beat = async (seconds: number) => {
    for (let passed = 0; passed < seconds; passed += 15) {
      await pass(15_000)
      if (!last().signal.aborted) await last().say(": heartbeat\n\n")
    }
  }

  it("gives its connection back after a minute, and has it again when it is seen", async () => {
    await start({ rests: true })
    await last().say(`${hello(1)}id: 8\ndata: x\n\n`)
    await look("hidden")
    await beat(60)
    expect(last().signal.aborted).toBe(false)
    await beat(3600)
    expect(scene.asked.length).toBe(1)
    expect(last().signal.aborted).toBe(true)
    await look("visible")
    expect(scene.asked.length).toBe(2)
    expect(last().headers).toMatchObject({ "last-event-id": "8" })
  })

  it("keeps it where it goes on collecting", async () => {
    await start()
    await last().say(hello(1))
    await look("hidden")
    await beat(3600)
    expect(scene.asked.length).toBe(1)
    expect(last().signal.aborted).toBe(false)
  })
})
