import { afterEach, beforeEach, describe, expect, it, vi } from "@effect/vitest"
import { delayAfter, follow } from "../../../src/Http/Pages/feed.js"

/** One request of the feed, and the hand that answers it. */
interface Asked {
  readonly path: string
  readonly headers: Record<string, string>
  readonly signal: AbortSignal
  readonly say: (text: string) => Promise<void>
  readonly end: () => Promise<void>
  readonly breakOff: () => Promise<void>
}

/** What is not JSON: `undefined` refuses the connection. */
type Answer = { readonly status: number; readonly body?: object } | undefined

let asked: Array<Asked> = []
let answers: Array<Answer> = []
let page: EventTarget & { visibilityState: string }
let browser = new EventTarget()
let owner = new AbortController()
let told: Array<string> = []
let states: Array<{ state: string; heardAt: number | null; retryAt: number | null }> = []
let strangers = 0

const asServer = async (path: string, init: RequestInit): Promise<Response> => {
  const answer = answers.length > 0 ? answers.shift() : { status: 200 }
  if (answer === undefined) throw new TypeError("Failed to fetch")
  const headers = { ...(init.headers as Record<string, string>) } // the feed sends a plain record
  const encoder = new TextEncoder()
  let line: ReadableStreamDefaultController<Uint8Array> | undefined
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      line = controller
    }
  })
  const signal = init.signal ?? new AbortController().signal
  signal.addEventListener("abort", () => line?.error(signal.reason))
  asked.push({
    path,
    headers,
    signal,
    say: async (text) => {
      line?.enqueue(encoder.encode(text))
      await settle()
    },
    end: async () => {
      line?.close()
      await settle()
    },
    breakOff: async () => {
      line?.error(new TypeError("network error"))
      await settle()
    }
  })
  if (answer.status === 200) return new Response(body, { status: 200 })
  return new Response(JSON.stringify(answer.body ?? {}), { status: answer.status })
}

/** Streams and promises take a few turns, and no time. */
const settle = () => vi.advanceTimersByTimeAsync(0)
const pass = (millis: number) => vi.advanceTimersByTimeAsync(millis)
const last = () => asked.at(-1) ?? expect.fail("Nothing was asked")
const state = () => states.at(-1)?.state

const start = async (options: { rests?: boolean } = {}) => {
  follow({
    path: "/events/stream",
    headers: () => ({ apikey: "key" }),
    onFrame: ({ data, event }) => {
      told.push(`${event} ${data}`)
      if (data === "bug") throw new Error("A bug of the page")
    },
    onState: (one) => states.push(one),
    onUnauthorized: () => strangers++,
    signal: owner.signal,
    ...options
  })
  await settle()
}

const hello = (cursor: number) => `event: hello\ndata: {"recovered":true,"cursor":${cursor}}\n\n`

const look = (visibility: "hidden" | "visible") => {
  page.visibilityState = visibility
  page.dispatchEvent(new Event("visibilitychange"))
  return settle()
}

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval"]
  })
  vi.setSystemTime(0)
  page = Object.assign(new EventTarget(), { visibilityState: "visible" })
  browser = new EventTarget()
  vi.stubGlobal("document", page)
  vi.stubGlobal("addEventListener", browser.addEventListener.bind(browser))
  vi.stubGlobal("fetch", asServer)
  // By chance in the middle.
  vi.spyOn(Math, "random").mockReturnValue(0.5)
  owner = new AbortController()
  asked = []
  answers = []
  told = []
  states = []
  strangers = 0
})

afterEach(() => {
  owner.abort()
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

describe("the delay before another attempt", () => {
  it("doubles from one second to thirty, with half of it by chance", () => {
    const least = [0, 1, 2, 3, 4, 5, 6, 100].map((failures) => delayAfter(failures, 1000, 0))
    const most = [0, 1, 2, 3, 4, 5, 6, 100].map((failures) => delayAfter(failures, 1000, 1))
    expect(most).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
    expect(least).toEqual([1000, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000])
  })

  it("is never shorter than what the service asks for", () => {
    expect(delayAfter(0, 5000, 0)).toBe(5000)
    expect(delayAfter(9, 5000, 1)).toBe(30_000)
  })
})

describe("a feed", () => {
  it("asks with the key in a header, for what comes from now on", async () => {
    await start()
    expect(asked.map(({ path }) => path)).toEqual(["/events/stream"])
    expect(last().headers).toEqual({ apikey: "key", accept: "text/event-stream" })
    expect(state()).toBe("connecting")
  })

  it("is live from the first byte on", async () => {
    await start()
    await pass(300)
    await last().say(hello(3))
    expect(states.at(-1)).toMatchObject({ state: "live", heardAt: 300, retryAt: null })
    expect(told).toEqual(['hello {"recovered":true,"cursor":3}'])
  })

  it("comes again after it was cut, from the last id", async () => {
    await start()
    await last().say(`${hello(3)}id: 5\ndata: five\n\nid: 9\ndata: ni`)
    await last().breakOff()
    expect(states.at(-1)).toEqual({ state: "reconnecting", heardAt: 0, retryAt: 1000, message: "" })
    await pass(999)
    expect(asked.length).toBe(1)
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
    expect(asked.length).toBe(1)
    expect(state()).toBe("live")
    await last().end()
    await pass(1000)
    expect(last().headers).toMatchObject({ "last-event-id": "109" })
  })

  it("says that it is stale after 35 s without a byte, and goes for another connection", async () => {
    await start()
    await last().say(hello(1))
    const silent = last()
    await pass(35_000)
    expect(state()).toBe("live")
    await pass(1000)
    expect(states.map((one) => one.state)).toContain("stale")
    expect(silent.signal.aborted).toBe(true)
    expect(states.at(-1)).toMatchObject({ state: "reconnecting", heardAt: 0 })
    await pass(1000)
    expect(asked.length).toBe(2)
    await last().say(hello(1))
    expect(state()).toBe("live")
  })

  it("gives up a connection that is never answered, too", async () => {
    vi.stubGlobal("fetch", (path: string, { signal }: RequestInit) => {
      asked.push({ path } as Asked) // nobody answers this one
      return new Promise((_, reject) =>
        signal?.addEventListener("abort", () => reject(signal.reason))
      )
    })
    await start()
    await pass(36_000)
    expect(states.map((one) => one.state)).toEqual(["connecting", "stale", "reconnecting"])
    await pass(1000)
    expect(asked.length).toBe(2)
  })

  it("tries less and less often while the service is away, and never gives up", async () => {
    answers = Array.from({ length: 40 }, () => undefined)
    await start()
    const delays = () =>
      states
        .filter((one) => one.retryAt !== null)
        .map((one, index, all) => {
          const before = index === 0 ? 0 : (all[index - 1]?.retryAt ?? 0)
          return (one.retryAt ?? 0) - before
        })
    await pass(10 * 60_000)
    expect(delays().slice(0, 7)).toEqual([1000, 1500, 3000, 6000, 12_000, 22_500, 22_500])
    expect(states.at(-1)).toMatchObject({ state: "reconnecting", heardAt: null })
    answers = []
    await pass(30_000)
    await last().say(hello(1))
    expect(state()).toBe("live")
  })

  it("starts over with the shortest delay once a connection has held", async () => {
    answers = [undefined, undefined, undefined, { status: 200 }]
    await start()
    await pass(1000 + 1500 + 3000)
    await last().say(hello(1))
    await pass(6000)
    await last().say(": heartbeat\n\n")
    const now = Date.now()
    await last().end()
    expect((states.at(-1)?.retryAt ?? 0) - now).toBe(1000)
  })

  it("does not start over for a service that takes and drops at once", async () => {
    await start()
    for (const delay of [1000, 1500, 3000, 6000]) {
      await last().say(hello(1))
      const now = Date.now()
      await last().end()
      expect((states.at(-1)?.retryAt ?? 0) - now).toBe(delay)
      await pass(delay)
    }
  })

  it("waits as long as the service asks for", async () => {
    await start()
    await last().say(`retry: 4000\n${hello(1)}`)
    await last().end()
    expect(states.at(-1)?.retryAt).toBe(4000)
  })

  it("comes again after an answer that may be another one next time", async () => {
    for (const status of [500, 502, 503, 429, 408]) {
      answers.push({ status })
    }
    await start()
    await pass(24_000)
    expect(asked.length).toBe(6)
    await last().say(hello(1))
    expect(state()).toBe("live")
  })

  it("leaves it at an answer that will not change, and says which", async () => {
    answers = [{ status: 400, body: { _tag: "HttpApiDecodeError", message: "event: no such" } }]
    await start()
    expect(states.at(-1)).toMatchObject({ state: "refused", message: "event: no such" })
    await pass(10 * 60_000)
    expect(asked.length).toBe(1)
  })

  it("sends whoever is not known any more to the sign-in", async () => {
    await start()
    await last().say(hello(1))
    answers = [{ status: 401, body: { message: "no" } }]
    await last().end()
    await pass(60_000)
    expect(strangers).toBe(1)
    expect(asked.length).toBe(2)
  })

  it("reports a bug of the page, and goes on", async () => {
    const bugs: Array<unknown> = []
    vi.stubGlobal("reportError", (error: unknown) => bugs.push(error))
    await start()
    await last().say("data: bug\n\ndata: next\n\n")
    expect(bugs.map(String)).toEqual(["Error: A bug of the page"])
    expect(told).toEqual(["message bug", "message next"])
    expect(asked.length).toBe(1)
  })

  it("ends with its owner: nothing is told and nothing is asked any more", async () => {
    await start()
    await last().say(hello(1))
    const before = [told.length, states.length]
    owner.abort()
    await settle()
    expect(last().signal.aborted).toBe(true)
    await pass(10 * 60_000)
    expect([told.length, states.length]).toEqual(before)
    expect(asked.length).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it("ends with its owner while it waits, too", async () => {
    answers = [undefined]
    await start()
    expect(state()).toBe("reconnecting")
    owner.abort()
    await pass(10 * 60_000)
    expect(asked.length).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe("a page that is looked at again", () => {
  it("does not wait for the next attempt", async () => {
    answers = Array.from({ length: 6 }, () => undefined)
    await start()
    await pass(1000 + 1500 + 3000 + 6000 + 12_000)
    answers = []
    await look("hidden")
    await look("visible")
    expect(asked.length).toBe(1)
  })

  it("does not wait for it when the network is back either", async () => {
    answers = Array.from({ length: 5 }, () => undefined)
    await start()
    await pass(1000 + 1500 + 3000 + 6000)
    answers = []
    browser.dispatchEvent(new Event("online"))
    await settle()
    expect(asked.length).toBe(1)
  })

  it("does not trust a connection that was silent for longer than a heartbeat", async () => {
    await start()
    await last().say(hello(1))
    // A computer that sleeps runs no timers.
    vi.setSystemTime(21_000)
    await look("visible")
    expect(states.map((one) => one.state)).toContain("stale")
    await pass(1000)
    expect(asked.length).toBe(2)
  })

  it("leaves one alone that was heard just now", async () => {
    await start()
    await last().say(hello(1))
    await pass(10_000)
    await look("hidden")
    await look("visible")
    await pass(5000)
    expect(asked.length).toBe(1)
    expect(state()).toBe("live")
  })
})

describe("a page that nobody sees", () => {
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
    expect(asked.length).toBe(1)
    expect(last().signal.aborted).toBe(true)
    await look("visible")
    expect(asked.length).toBe(2)
    expect(last().headers).toMatchObject({ "last-event-id": "8" })
  })

  it("keeps it where it goes on collecting", async () => {
    await start()
    await last().say(hello(1))
    await look("hidden")
    await beat(3600)
    expect(asked.length).toBe(1)
    expect(last().signal.aborted).toBe(false)
  })
})
