/** A feed of the pages on a virtual clock: the test answers its requests. */
import { afterEach, beforeEach, expect, vi } from "@effect/vitest"
import { follow } from "../../../../src/Http/Pages/feed.js"
import { watchTimers } from "../timers.ts"

/** One request of the feed, and the hand that answers it. */
export interface Asked {
  readonly path: string
  readonly headers: Record<string, string>
  readonly signal: AbortSignal
  readonly say: (text: string) => Promise<void>
  readonly end: () => Promise<void>
  readonly breakOff: () => Promise<void>
}

/** An answer to a request; `undefined` refuses the connection. */
type Answer = { readonly status: number; readonly body?: object } | undefined

const fresh = () => ({
  asked: [] as Array<Asked>,
  /** Answers to come; 200 when there is none left. */
  answers: [] as Array<Answer>,
  page: Object.assign(new EventTarget(), { visibilityState: "visible" }),
  browser: new EventTarget(),
  owner: new AbortController(),
  told: [] as Array<string>,
  states: [] as Array<{ state: string; heardAt: number | null; retryAt: number | null }>,
  strangers: 0,
  pending: () => Number.NaN
})

/** The facts of the test that runs. */
export const scene = fresh()

const asServer = async (path: string, init: RequestInit): Promise<Response> => {
  const answer = scene.answers.length > 0 ? scene.answers.shift() : { status: 200 }
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
  scene.asked.push({
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
export const settle = () => vi.advanceTimersByTimeAsync(0)
export const pass = (millis: number) => vi.advanceTimersByTimeAsync(millis)
export const last = () => scene.asked.at(-1) ?? expect.fail("Nothing was asked")
export const state = () => scene.states.at(-1)?.state

export const start = async (options: { rests?: boolean } = {}) => {
  follow({
    path: "/events/stream",
    headers: () => ({ apikey: "key" }),
    onFrame: ({ data, event }) => {
      scene.told.push(`${event} ${data}`)
      if (data === "bug") throw new Error("A bug of the page")
    },
    onState: (one) => scene.states.push(one),
    onUnauthorized: () => scene.strangers++,
    signal: scene.owner.signal,
    ...options
  })
  await settle()
}

export const hello = (cursor: number) =>
  `event: hello\ndata: {"recovered":true,"cursor":${cursor}}\n\n`

export const look = (visibility: "hidden" | "visible") => {
  scene.page.visibilityState = visibility
  scene.page.dispatchEvent(new Event("visibilitychange"))
  return settle()
}

/** Gives each test of a file a scene of its own, with a clock that the test moves. */
export const useScene = (): void => {
  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval"]
    })
    vi.setSystemTime(0)
    Object.assign(scene, fresh(), { pending: watchTimers() })
    vi.stubGlobal("document", scene.page)
    vi.stubGlobal("addEventListener", scene.browser.addEventListener.bind(scene.browser))
    vi.stubGlobal("fetch", asServer)
    vi.spyOn(Math, "random").mockReturnValue(0.5)
  })

  afterEach(() => {
    scene.owner.abort()
    vi.restoreAllMocks()
    vi.unstubAllGlobals()
    vi.useRealTimers()
  })
}
