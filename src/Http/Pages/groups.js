/** The table of instances, a part for each server. The head of a part is seen where there are several servers. */
import { h, keyed, setAttribute, setText, show } from "./dom.js"
import { isSeveral, keyOf } from "./servers.js"
import { say, sayCount, sayOf } from "./words.js"

/** @typedef {import("./roster.js").Seen} Seen */
/** @typedef {import("./overview.js").Report} Report */
/** @typedef {{ readonly element: Element, readonly update: (seen: Seen) => void }} Row */
/**
 * @typedef {object} Group
 * @property {string} server
 * @property {ReadonlyArray<Seen>} seen
 * @property {Report | undefined} report
 */

/** Columns of the table, its first and its last included. */
const width = 7

/** @param {string} server @param {(seen: Seen) => Row} makeRow */
const makeGroup = (server, makeRow) => {
  const chip = h("span", { class: "chip" })
  const count = h("span", { class: "hint" })
  const sentence = h("p", { class: "sentence", role: "status" })
  const head = h(
    "tr",
    { role: "row", class: "group" },
    h(
      "th",
      { scope: "rowgroup", role: "rowheader", colspan: width },
      h("span", { class: "of-group" }, server),
      chip,
      count,
      sentence
    )
  )
  const element = h("tbody", { role: "rowgroup" }, head)
  /** @type {Map<string, Row>} */
  const rows = new Map()

  /** @param {Group} group */
  const update = ({ report, seen }) => {
    show(head, isSeveral())
    show(chip, report !== undefined)
    if (report !== undefined) {
      setText(chip, sayOf("server", report.condition))
      setAttribute(chip, "data-tone", report.tone)
    }
    setText(count, sayCount("count", seen.length))
    const words = report?.text || (seen.length === 0 ? say("noneOfServer") : "")
    setText(sentence, words)
    show(sentence, words !== "")
    keyed(element, rows, seen, ({ status }) => keyOf(status), makeRow, head)
  }
  return { element, update }
}

/** @param {HTMLTableElement} table @param {(seen: Seen) => Row} makeRow */
export const makeGroups = (table, makeRow) => {
  /** @type {Map<string, ReturnType<typeof makeGroup>>} */
  const groups = new Map()
  /** @param {ReadonlyArray<Group>} shown */
  return (shown) =>
    keyed(
      table,
      groups,
      shown,
      ({ server }) => server,
      ({ server }) => makeGroup(server, makeRow),
      table.tHead
    )
}
