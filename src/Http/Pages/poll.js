/** Looks at what no feed announces. */
import { messageOf } from "./api.js"
import { byId, setText } from "./dom.js"
import { every } from "./time.js"
import { say } from "./words.js"

/**
 * Looks now and at an interval, until the owner ends; not while the tab is hidden, and at once when it is seen again.
 * After a slow answer it waits longer, so that looking takes a tenth of the time at most. Gives a function that looks
 * at once.
 * @param {object} options
 * @param {() => Promise<void>} options.look
 * @param {number} options.millis
 * @param {(state: import("./types.js").FeedState) => void} options.onFeed
 * @param {AbortSignal} options.signal
 */
export const poll = ({ look, millis, onFeed, signal }) => {
  const trouble = byId("trouble", HTMLElement)
  /** @type {number | null} */
  let heardAt = null
  let isLooking = false
  let isDue = false
  let next = 0

  const once = async () => {
    const began = performance.now()
    try {
      await look()
      heardAt = Date.now()
      setText(trouble, "")
      onFeed({ state: "live", heardAt, retryAt: null, message: "" })
    } catch (error) {
      if (signal.aborted) return
      const message = messageOf(error)
      setText(trouble, say("failed_load", { message }))
      onFeed({ state: "stale", heardAt, retryAt: null, message })
    }
    const now = performance.now()
    next = now + Math.max(millis, 9 * (now - began))
  }

  const soon = async () => {
    isDue = true
    if (isLooking) return
    isLooking = true
    while (isDue && !signal.aborted) {
      isDue = false
      await once()
    }
    isLooking = false
  }

  const turn = () => {
    if (document.visibilityState === "visible" && performance.now() >= next) void soon()
  }
  every(500, turn, signal)
  document.addEventListener("visibilitychange", turn, { signal })
  void soon()
  return soon
}
