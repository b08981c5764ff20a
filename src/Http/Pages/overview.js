/**
 * What is the case with Evolution, and what to do. With one server in a strip, one quiet line when all is well; with
 * several at the head of each server's instances.
 */
import { ask } from "./api.js"
import { byId, setAttribute, setText, show } from "./dom.js"
import { isSeveral, learn, ownSettings } from "./servers.js"
import { every } from "./time.js"
import { sayOf } from "./words.js"

/** @typedef {import("./types.js").Summary} Summary */
/**
 * A server in a word, and a sentence if there is something to do.
 * @typedef {{ readonly condition: string, readonly tone: import("./status.js").Tone, readonly text: string }} Report
 */

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
export const overviewOf = ({ condition, evolution, instances, message, server }) => ({
  tone: tones[condition],
  text: ownSettings(
    sayOf(
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
    ),
    server
  )
})

/** @param {Summary["evolution"]["link"]} link */
const linkError = (link) =>
  link === null || link._tag === "Stopped" || link._tag === "Listening"
    ? ""
    : (link.error?.message ?? "")

/** @type {Readonly<Partial<Record<Summary["condition"], import("./status.js").Tone>>>} */
const chipTones = { well: "good", by_namespace: "good", unproven: "busy", starting: "busy" }

/**
 * A report of each server. A summary has one server in full; another in trouble is asked for its own.
 * @param {Summary} summary
 * @param {(server: string) => Promise<Summary>} askFor
 * @returns {Promise<ReadonlyMap<string, Report>>}
 */
export const reportsOf = async (summary, askFor) =>
  new Map(
    await Promise.all(
      summary.servers.map(async ({ condition, server }) => {
        const isBad = tones[condition] === "bad"
        const full = isBad && server !== summary.server ? await askFor(server) : summary
        const report = {
          condition,
          tone: chipTones[condition] ?? "bad",
          text: isBad ? overviewOf(full).text : ""
        }
        return /** @type {const} */ ([server, report])
      })
    )
  )

/**
 * Shows it now, and again and again until the page ends.
 * @param {(reports: ReadonlyMap<string, Report>) => void} onServers
 * @param {AbortSignal} signal
 */
export const watchOverview = (onServers, signal) => {
  const strip = byId("overview", HTMLElement)
  const look = async () => {
    try {
      const summary = await /** @type {Promise<Summary>} */ (ask("GET", "/summary", { signal }))
      learn(summary.servers.map(({ server }) => server))
      const { text, tone } = overviewOf(summary)
      setAttribute(strip, "class", `banner overview ${tone}`.trim())
      setText(byId("overview-text", HTMLElement), text)
      show(strip, !isSeveral())
      onServers(
        await reportsOf(summary, (server) =>
          ask("GET", `/summary?server=${encodeURIComponent(server)}`, { signal })
        )
      )
    } catch {
      // The list of instances meets the same trouble, and tells it.
    }
  }
  every(pollMillis, () => document.visibilityState === "visible" && void look(), signal)
  void look()
}
