/** Tables whose rows stay in place while their cells change. On a narrow screen CSS lays each row out as a card. */
import { h, keyed, setAttribute, setText, show } from "./dom.js"
import { say } from "./words.js"

/** Keeps the roles of a table for screen readers where CSS lays it out as cards. @param {HTMLTableElement} table */
export const keepRoles = (table) => {
  const roles = { thead: "rowgroup", tbody: "rowgroup", tr: "row", th: "columnheader" }
  setAttribute(table, "role", "table")
  for (const [selector, role] of Object.entries(roles))
    for (const element of table.querySelectorAll(selector)) setAttribute(element, "role", role)
}

/** For the search alone: names that differ in case or in the form of an accent are different names. @param {string} text */
export const folded = (text) => text.normalize("NFC").toLowerCase()

/** @template Item @typedef {{ readonly element: Node, readonly update: (item: Item) => void }} Cell */
/**
 * @template Item
 * @typedef {object} Column
 * @property {import("./words.js").Word} head
 * @property {(item: Item) => Cell<Item>} cell
 */

/**
 * A cell of text.
 * @template Item
 * @param {(item: Item) => string} textOf
 * @returns {() => Cell<Item>}
 */
export const text = (textOf) => () => {
  const element = h("span", {})
  return { element, update: (item) => setText(element, textOf(item)) }
}

/**
 * The first column names the row.
 * @template Item
 * @param {object} options
 * @param {import("./words.js").Word} options.label
 * @param {ReadonlyArray<Column<Item>>} options.columns
 * @param {(item: Item) => string} options.keyOf
 */
export const makeTable = ({ columns, keyOf, label }) => {
  const body = h("tbody", { role: "rowgroup" })
  const heads = columns.map(({ head }) =>
    h("th", { scope: "col", role: "columnheader" }, say(head))
  )
  const table = h(
    "table",
    { role: "table", class: "rows", "aria-label": say(label) },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...heads)),
    body
  )
  const element = h("div", { class: "scroll", hidden: true }, table)
  /** @type {Map<string, { readonly element: Element, readonly update: (item: Item) => void }>} */
  const rows = new Map()

  /** @param {Item} item */
  const makeRow = (item) => {
    const cells = columns.map(({ cell }) => cell(item))
    const [head, ...others] = cells.map(({ element: inside }, index) =>
      index === 0
        ? h("th", { scope: "row", role: "rowheader" }, inside)
        : h("td", { role: "cell", "data-column": say(columns[index]?.head ?? label) }, inside)
    )
    return {
      element: h("tr", { role: "row" }, head ?? "", ...others),
      /** @param {Item} seen */
      update: (seen) => {
        for (const { update } of cells) update(seen)
      }
    }
  }
  return {
    element,
    /** @param {ReadonlyArray<Item>} items */
    draw: (items) => {
      keyed(body, rows, items, keyOf, makeRow)
      show(element, items.length > 0)
    }
  }
}
