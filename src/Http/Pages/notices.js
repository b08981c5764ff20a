/** Messages of success and failure for screen readers. A modal dialog needs its own pair, as it silences the page. */
import { h } from "./dom.js"
import { sleep } from "./time.js"
import { say } from "./words.js"

/** @typedef {ReturnType<typeof makeNotices>} Notices */

/** A message of success disappears after this time in ms; a failure stays until the next action. */
const shownMillis = 8000

/** @param {AbortSignal} signal the owner's */
export const makeNotices = (signal) => {
  const done = h("p", { role: "status", class: "notice good", "aria-label": say("messages") })
  const failed = h("p", { role: "alert", class: "notice bad" })
  let told = 0
  return {
    element: h("div", { class: "notices" }, done, failed),
    /** @param {string} text */
    tell: (text) => {
      const turn = ++told
      failed.textContent = ""
      done.textContent = text
      void sleep(shownMillis, signal).then(() => {
        if (turn === told) done.textContent = ""
      })
    },
    /** @param {string} text */
    fail: (text) => {
      told++
      done.textContent = ""
      failed.textContent = text
    }
  }
}
