/** Builds the page's tree from elements and text alone: no text is ever parsed as HTML. */
import { say } from "./words.js"

/** @typedef {import("./words.js").Word} Word */
/** @typedef {Readonly<Record<string, string | number | boolean | null>>} Attributes */
/** @typedef {Node | string | null | false} Child */

/**
 * @template {Element} Made
 * @param {Made} element
 * @param {Attributes} attributes
 * @param {Child[]} children
 */
const dress = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes))
    if (value !== null && value !== false)
      element.setAttribute(name, value === true ? "" : String(value))
  for (const child of children) if (child !== null && child !== false) element.append(child)
  return element
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {Attributes} [attributes] @param {Child[]} children
 */
export const h = (tag, attributes = {}, ...children) =>
  dress(document.createElement(tag), attributes, children)

/**
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag @param {Attributes} [attributes] @param {Child[]} children
 */
export const s = (tag, attributes = {}, ...children) =>
  dress(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children)

/**
 * Finds an element of the page's HTML; throws if there is none of that kind.
 * @template {Element} Found
 * @param {string} id
 * @param {abstract new (...given: never[]) => Found} kind
 * @returns {Found}
 */
export const byId = (id, kind) => {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new Error(`The page has no ${kind.name} "${id}"`)
}

/**
 * Writes only a text that differs, so that no selection and no announcement is disturbed.
 * @param {Node} node
 * @param {string} text
 */
export const setText = (node, text) => {
  if (node.textContent !== text) node.textContent = text
}

/** @param {HTMLElement} element @param {boolean} isShown */
export const show = (element, isShown) => {
  if (element.hidden === isShown) element.hidden = !isShown
}

/** @param {Element} element @param {string} name @param {string | null} value */
export const setAttribute = (element, name, value) => {
  if (element.getAttribute(name) === value) return
  if (value === null) element.removeAttribute(name)
  else element.setAttribute(name, value)
}

/**
 * A button that ignores presses while the action of the last press runs.
 * @param {Word} word @param {() => unknown} press @param {Attributes} [attributes]
 */
export const button = (word, press, attributes = {}) => {
  const element = h("button", { type: "button", ...attributes }, say(word))
  pressed(element, press)
  return element
}

/**
 * Uses `aria-disabled`, as `disabled` would take the focus away.
 * @param {HTMLButtonElement} element
 * @param {() => unknown} press
 */
export const pressed = (element, press) => {
  element.addEventListener("click", async () => {
    if (element.getAttribute("aria-disabled") === "true") return
    element.setAttribute("aria-disabled", "true")
    try {
      await press()
    } finally {
      element.removeAttribute("aria-disabled")
    }
  })
}

/**
 * Gives a parent one child for each item, in their order. Children that exist stay in place and keep the
 * focus; those without an item are removed.
 * @template Item @template {{ readonly element: Element, readonly update: (item: Item) => void }} Row
 * @param {Element} parent @param {Map<string, Row>} rows by key; belongs to the parent
 * @param {ReadonlyArray<Item>} items @param {(item: Item) => string} keyOf @param {(item: Item) => Row} make
 * @param {Element | null} [head] the child of the parent before them, if there is one
 */
export const keyed = (parent, rows, items, keyOf, make, head = null) => {
  const keys = new Set(items.map(keyOf))
  for (const [key, row] of rows) {
    if (keys.has(key)) continue
    row.element.remove()
    rows.delete(key)
  }
  let next = head === null ? parent.firstElementChild : head.nextElementSibling
  for (const item of items) {
    const key = keyOf(item)
    const row = rows.get(key) ?? make(item)
    rows.set(key, row)
    row.update(item)
    if (row.element === next) next = next.nextElementSibling
    else parent.insertBefore(row.element, next)
  }
}
