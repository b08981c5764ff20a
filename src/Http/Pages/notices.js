/** What worked and what failed, said aloud. A modal dialog needs a pair of its own: it silences the page. */
import { h } from "./dom.js"
import { say } from "./words.js"

/** @typedef {ReturnType<typeof makeNotices>} Notices */

export const makeNotices = () => {
  const done = h("p", { role: "status", class: "notice good", "aria-label": say("messages") })
  const failed = h("p", { role: "alert", class: "notice bad" })
  return {
    element: h("div", { class: "notices" }, done, failed),
    /** @param {string} text */
    tell: (text) => {
      failed.textContent = ""
      done.textContent = text
    },
    /** @param {string} text */
    fail: (text) => {
      done.textContent = ""
      failed.textContent = text
    }
  }
}
