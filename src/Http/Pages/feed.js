/**
 * One event stream, for as long as its owner lives. It reads over `fetch`, as an `EventSource` cannot send
 * a key; it resumes from the last id, tells when it is not live, and never stops trying.
 */
import { authorization, errorOf, readClock, unauthorized } from "./api.js"
import { rooted } from "./place.js"
import { makeParser } from "./sse.js"
import { every, sleep } from "./time.js"

/** @typedef {import("./sse.js").Frame} Frame */
/** @typedef {import("./types.js").FeedState} FeedState */

/** The service sends a heartbeat every 15 s. */
export const silenceMillis = 35_000
/** Connections of a computer that was asleep are dead, but not closed yet. */
const suspectMillis = 20_000
const maxDelay = 30_000
/** A connection that lasts this long resets the delay to the shortest. */
const heldMillis = 5000

/**
 * The delay in ms before the next attempt: doubles with every failure, and half of it is random.
 * @param {number} failures
 * @param {number} base
 * @param {number} random 0 to 1
 */
export const delayAfter = (failures, base, random) => {
  const full = Math.min(maxDelay, base * 2 ** Math.min(failures, 10))
  return Math.max(base, Math.round(full * (0.5 + random / 2)))
}

/** A hidden tab closes its connection after this time: browsers allow six per service. */
const restMillis = 60_000
const longest = 24 * 60 * 60 * 1000

/** Another attempt would get the same answer. @param {number} status */
const isFinal = (status) => status >= 400 && status < 500 && status !== 408 && status !== 429

/**
 * @typedef {object} Feed
 * @property {string} path
 * @property {() => Record<string, string>} [headers]
 * @property {(frame: Frame) => void} onFrame
 * @property {(state: FeedState) => void} onState
 * @property {() => void} [onUnauthorized]
 * @property {boolean} [rests] closes the connection while the page is hidden
 * @property {AbortSignal} signal the owner's
 */

/** @param {Feed} feed */
export const follow = ({
  headers = authorization,
  onFrame,
  onState,
  onUnauthorized = unauthorized,
  path,
  rests = false,
  signal
}) => {
  /** @type {string | null} */
  let lastId = null
  let base = 1000
  let failures = 0
  /** @type {number | null} */
  let heardAt = null
  let isLive = false
  let isTrying = false
  let triedAt = 0
  let attempt = new AbortController()
  let wake = new AbortController()
  /** @type {number | null} */
  let hiddenAt = null

  /** @param {FeedState["state"]} state @param {{ message?: string, retryAt?: number }} [facts] */
  const tell = (state, { message = "", retryAt } = {}) => {
    isLive = state === "live"
    if (!signal.aborted) onState({ state, heardAt, retryAt: retryAt ?? null, message })
  }

  const parser = () =>
    makeParser({
      onFrame: (frame) => {
        try {
          // The cursor to resume from until the first event with an id.
          if (frame.event === "hello") lastId = String(JSON.parse(frame.data).cursor)
          if (!signal.aborted) onFrame(frame)
        } catch (error) {
          // A bug of the page must not close the connection.
          reportError(error)
        }
      },
      onId: (id) => {
        lastId = id
      },
      onRetry: (millis) => {
        base = Math.min(Math.max(millis, 1000), maxDelay)
      }
    })

  const since = () => Date.now() - Math.max(heardAt ?? 0, triedAt)

  const giveUpAttempt = () => {
    if (!isTrying || attempt.signal.aborted) return
    tell("stale")
    attempt.abort()
  }

  /** Runs one connection until it ends. @returns {Promise<boolean>} true if another attempt makes sense */
  const connect = async () => {
    attempt = new AbortController()
    triedAt = Date.now()
    const resume = lastId === null ? {} : { "last-event-id": lastId }
    const response = await fetch(rooted(path), {
      headers: { ...headers(), ...resume, accept: "text/event-stream" },
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.any([signal, attempt.signal])
    })
    readClock(response)
    if (response.status === 401) {
      onUnauthorized()
      return false
    }
    if (!response.ok || response.body === null) {
      const { message } = await errorOf(response)
      if (!isFinal(response.status)) throw new Error(message)
      tell("refused", { message })
      return false
    }
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    const { push } = parser()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return true
      heardAt = Date.now()
      if (!isLive) tell("live")
      push(value)
    }
  }

  const run = async () => {
    tell("connecting")
    while (!signal.aborted) {
      isTrying = true
      // A lost connection and a service that stops both lead to another attempt.
      const goOn = await connect().catch(() => true)
      isTrying = false
      if (!goOn || signal.aborted) return
      if (heardAt !== null && heardAt - triedAt > heldMillis) failures = 0
      const delay = delayAfter(failures++, base, Math.random())
      tell("reconnecting", { retryAt: Date.now() + delay })
      wake = new AbortController()
      await sleep(isResting() ? longest : delay, AbortSignal.any([signal, wake.signal]))
    }
  }

  const isResting = () => rests && hiddenAt !== null && Date.now() - hiddenAt > restMillis

  const lookAgain = () => {
    hiddenAt = document.visibilityState === "hidden" ? Date.now() : null
    if (hiddenAt !== null) return
    if (isLive && since() > suspectMillis) giveUpAttempt()
    else wake.abort()
  }

  every(1000, () => (since() > silenceMillis || isResting()) && giveUpAttempt(), signal)
  document.addEventListener("visibilitychange", lookAgain, { signal })
  addEventListener("online", lookAgain, { signal })
  void run()
}
