/** The strip that says what is the case with Evolution, and what to do. One quiet line when all is well. */
import { ask } from "./api.js"
import { byId, setAttribute, setText, show } from "./dom.js"
import { every } from "./time.js"
import { sayOf } from "./words.js"

/** @typedef {import("./types.js").Summary} Summary */

/** Interval in ms: no event announces a change at Evolution. */
const pollMillis = 10_000

/** @type {Readonly<Record<Summary["condition"], "" | "warn" | "bad">>} */
const tones = {
  key_refused: "bad",
  license_required: "bad",
  websocket_disabled: "bad",
  not_reached: "bad",
  no_link: "bad",
  not_broadcast: "bad",
  by_namespace: "",
  starting: "",
  unproven: "",
  well: ""
}

/** @param {Summary} summary */
export const overviewOf = ({ condition, evolution, instances, message }) => ({
  tone: tones[condition],
  text: sayOf(
    "condition",
    condition,
    {
      evolution: evolution.version === null ? "Evolution" : `Evolution ${evolution.version}`,
      url: evolution.url,
      known: instances.known,
      listened: instances.listenedTo,
      error: linkError(evolution.link) || (evolution.list.error ?? "")
    },
    message
  )
})

/** @param {Summary["evolution"]["link"]} link */
const linkError = (link) =>
  link === null || link._tag === "Stopped" || link._tag === "Listening"
    ? ""
    : (link.error?.message ?? "")

/** Shows the strip now, and again and again until the page ends. @param {AbortSignal} signal */
export const watchOverview = (signal) => {
  const strip = byId("overview", HTMLElement)
  const look = async () => {
    try {
      const { text, tone } = overviewOf(await ask("GET", "/summary", { signal }))
      setAttribute(strip, "class", `banner overview ${tone}`.trim())
      setText(byId("overview-text", HTMLElement), text)
      show(strip, true)
    } catch {
      // The list of instances meets the same trouble, and tells it.
    }
  }
  every(pollMillis, () => document.visibilityState === "visible" && void look(), signal)
  void look()
}
