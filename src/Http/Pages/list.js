/**
 * Lines to walk through by keyboard: a listbox that keeps the focus on itself, after
 * https://www.w3.org/WAI/ARIA/apg/patterns/listbox/.
 */
import { h, keyed, setAttribute, show } from "./dom.js"
import { clockText } from "./time.js"

/** @typedef {import("./heard.js").Line} Line */

/** Lines that each key moves by. @type {Readonly<Record<string, number>>} */
const steps = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: 10,
  PageUp: -10,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY
}

/** @param {Line} line */
const makeRow = ({ at, event, instance, key, origin, server, summary }) => ({
  element: h(
    "div",
    { id: key, role: "option", "aria-selected": "false", "data-origin": origin },
    h("span", { class: "when" }, clockText(at)),
    h("span", { class: "of" }, instance, h("span", { class: "server" }, ` (${server})`)),
    h("span", { class: "event" }, event),
    h("span", { class: "summary" }, summary)
  ),
  update: () => {}
})

/** @param {HTMLElement} element @param {(line: Line) => void} onChosen */
export const makeList = (element, onChosen) => {
  /** @type {Map<string, ReturnType<typeof makeRow>>} */
  const rows = new Map()
  /** @type {ReadonlyArray<Line>} */
  let lines = []
  /** Key of the active line. @type {string | null} */
  let active = null
  /** @type {string | null} */
  let chosen = null

  const mark = () => {
    for (const [key, { element: row }] of rows) {
      setAttribute(row, "data-active", key === active ? "" : null)
      setAttribute(row, "aria-selected", String(key === chosen))
    }
    setAttribute(element, "aria-activedescendant", active)
  }

  /** @param {string | null} key */
  const choose = (key) => {
    const line = lines.find((one) => one.key === key)
    if (line === undefined) return
    active = key
    chosen = key
    mark()
    onChosen(line)
  }

  element.addEventListener("click", ({ target }) => {
    const row = target instanceof Element ? target.closest('[role="option"]') : null
    if (row !== null) choose(row.id)
  })
  element.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") choose(active)
    else {
      const step = steps[event.key]
      if (step === undefined || lines.length === 0) return
      const at = lines.findIndex(({ key }) => key === active)
      const next = at === -1 && step > 0 && step <= 10 ? 0 : at + step
      active = lines[Math.min(Math.max(next, 0), lines.length - 1)]?.key ?? null
      mark()
      if (active !== null) rows.get(active)?.element.scrollIntoView({ block: "nearest" })
    }
    event.preventDefault()
  })

  return {
    /** @param {ReadonlyArray<Line>} given newest first */
    draw: (given) => {
      lines = given
      if (!given.some(({ key }) => key === active)) active = null
      keyed(element, rows, lines, ({ key }) => key, makeRow)
      show(element, lines.length > 0)
      mark()
    }
  }
}
