import { describe, expect, it, vi } from "@effect/vitest"
import { hello, last, pass, scene, settle, start, state, useScene } from "./scene.ts"

useScene()

describe("a feed", () => {
  it("sends the key in a header, and asks for events from now on", async () => {
    await start()
    expect(scene.asked.map(({ path }) => path)).toEqual(["/events/stream"])
    expect(last().headers).toEqual({ apikey: "key", accept: "text/event-stream" })
    expect(state()).toBe("connecting")
  })

  it("is live from the first byte on", async () => {
    await start()
    await pass(300)
    await last().say(hello(3))
    expect(scene.states.at(-1)).toMatchObject({ state: "live", heardAt: 300, retryAt: null })
    expect(scene.told).toEqual(['hello {"recovered":true,"cursor":3}'])
  })

  it("comes again after it was cut, from the last id", async () => {
    await start()
    await last().say(`${hello(3)}id: 5\ndata: five\n\nid: 9\ndata: ni`)
    await last().breakOff()
    expect(scene.states.at(-1)).toEqual({
      state: "reconnecting",
      heardAt: 0,
      retryAt: 1000,
      message: ""
    })
    await pass(999)
    expect(scene.asked.length).toBe(1)
    await pass(1)
    expect(last().headers).toMatchObject({ apikey: "key", "last-event-id": "5" })
    await last().say(hello(5))
    expect(state()).toBe("live")
  })

  it("comes again from where it was greeted, when nothing with an id had come", async () => {
    await start()
    await last().say(hello(77))
    await last().end()
    await pass(1000)
    expect(last().headers).toMatchObject({ "last-event-id": "77" })
  })

  it("takes the service's cursor when its own is not known any more", async () => {
    await start()
    await last().say(`${hello(900)}id: 901\ndata: x\n\n`)
    await last().end()
    await pass(1000)
    await last().say('event: hello\ndata: {"recovered":false,"cursor":4}\n\n')
    await last().end()
    await pass(30_000)
    expect(last().headers).toMatchObject({ "last-event-id": "4" })
  })

  it("counts heartbeats as life, and their ids as progress", async () => {
    await start()
    await last().say(hello(1))
    for (let beat = 0; beat < 10; beat++) {
      await pass(15_000)
      await last().say(`: heartbeat\nid: ${100 + beat}\n\n`)
    }
    expect(scene.asked.length).toBe(1)
    expect(state()).toBe("live")
    await last().end()
    await pass(1000)
    expect(last().headers).toMatchObject({ "last-event-id": "109" })
  })

  it("sends a caller whose key is refused to the sign-in", async () => {
    await start()
    await last().say(hello(1))
    scene.answers = [{ status: 401, body: { message: "no" } }]
    await last().end()
    await pass(60_000)
    expect(scene.strangers).toBe(1)
    expect(scene.asked.length).toBe(2)
  })

  it("reports a bug of the scene.page, and goes on", async () => {
    const bugs: Array<unknown> = []
    vi.stubGlobal("reportError", (error: unknown) => bugs.push(error))
    await start()
    await last().say("data: bug\n\ndata: next\n\n")
    expect(bugs.map(String)).toEqual(["Error: A bug of the page"])
    expect(scene.told).toEqual(["message bug", "message next"])
    expect(scene.asked.length).toBe(1)
  })

  it("ends with its owner: nothing is scene.told and nothing is scene.asked any more", async () => {
    await start()
    await last().say(hello(1))
    const before = [scene.told.length, scene.states.length]
    scene.owner.abort()
    await settle()
    expect(last().signal.aborted).toBe(true)
    await pass(10 * 60_000)
    expect([scene.told.length, scene.states.length]).toEqual(before)
    expect(scene.asked.length).toBe(1)
    expect(scene.pending()).toBe(0)
  })

  it("ends with its scene.owner while it waits, too", async () => {
    scene.answers = [undefined]
    await start()
    expect(state()).toBe("reconnecting")
    scene.owner.abort()
    await pass(10 * 60_000)
    expect(scene.asked.length).toBe(0)
    expect(scene.pending()).toBe(0)
  })
})
