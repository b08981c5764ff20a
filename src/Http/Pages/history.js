/** The choice of a time before, whose messages are imported into the log. */
import { address, ask, localTime, messageOf } from "./api.js"
import { button, h } from "./dom.js"
import { say } from "./words.js"

/** @typedef {import("./types.js").Gap} Gap */

const periods = /** @type {const} */ (["24", "168", "720"])
const hourMillis = 3_600_000

/** True while messages are still fetched. @param {Gap} gap */
export const isImporting = ({ cause, recovered, retryAt }) =>
  cause === "import" && (recovered === null || retryAt !== null)

/**
 * @param {object} options
 * @param {import("./types.js").Instance} options.instance
 * @param {import("./notices.js").Notices} options.notices
 * @param {() => void} options.onBegun
 * @param {AbortSignal} options.signal
 */
export const makeImport = ({ instance, notices, onBegun, signal }) => {
  const period = h(
    "select",
    { id: "history-period" },
    ...periods.map((hours) => h("option", { value: hours }, say(`hours_${hours}`)))
  )
  const run = async () => {
    // Our clock without its difference to the service's.
    const now = Date.now() - localTime("1970-01-01T00:00:00.000Z")
    const from = new Date(now - Number(period.value) * hourMillis).toISOString()
    try {
      await ask("POST", address(instance, "/import"), { body: { from } })
      notices.tell(say("done_import"))
      onBegun()
    } catch (error) {
      if (!signal.aborted) notices.fail(say("failed_import", { message: messageOf(error) }))
    }
  }
  return h(
    "div",
    { class: "inline history" },
    h("label", { for: "history-period" }, say("historyPeriod")),
    period,
    button("import", run)
  )
}
