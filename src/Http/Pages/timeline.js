/** The last hours as a picture, and as a table for readers who cannot see it. */
import { localTime } from "./api.js"
import { h, s, setText } from "./dom.js"
import { bar, share, ticks } from "./geometry.js"
import { swatch, textures } from "./textures.js"
import { clockText } from "./time.js"
import { language, say, sayOf } from "./words.js"

/** @typedef {import("./types.js").Timeline} Timeline */
/** @typedef {{ state: string, word: string, kind: string, from: number, to: number }} Block */
/** @typedef {{ title: string, blocks: Block[] }} Row */

const labelHeight = 20
const barHeight = 26
const rowHeight = labelHeight + barHeight + 12
const axisHeight = 22
/** Rows of the table; thousands of them would help nobody. */
const maxTableRows = 300

const hourAndMinute = new Intl.DateTimeFormat(language, {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23"
})
const dayOnly = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" })
const percents = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 })

/** @param {Timeline["gaps"][number]} gap */
const verdictOf = ({ recovered, to }) => (to === null ? "open" : String(recovered))

/** @param {Timeline} timeline @returns {Row[]} */
const rowsOf = ({ gaps, listener, to, whatsapp }) => {
  /** @param {string} family */
  const spanOf =
    (family) =>
    /**
     * @param {Timeline["listener"][number] | Timeline["whatsapp"][number]} span
     * @returns {Block}
     */
    ({ from, reason, state, to }) => ({
      state,
      kind: `${family}-${state}`,
      word: sayOf(family, state) + (reason === null ? "" : ` (${say("reason", { code: reason })})`),
      from: localTime(from),
      to: localTime(to)
    })
  return [
    { title: say("ourLink"), blocks: listener.map(spanOf("link")) },
    { title: say("whatsapp"), blocks: whatsapp.map(spanOf("whatsapp")) },
    {
      title: say("gaps"),
      blocks: gaps.map((gap) => ({
        state: verdictOf(gap),
        kind: `gap-${verdictOf(gap)}`,
        word: `${sayOf("verdict", verdictOf(gap))}: ${sayOf("cause", gap.cause)}`,
        from: localTime(gap.from),
        to: localTime(gap.to ?? to)
      }))
    }
  ]
}

/** @param {Block} block */
const sentence = ({ from, to, word }) =>
  `${word}, ${say("fromTo", { from: clockText(from), to: clockText(to) })}`

/** A time of day; midnight is labelled with its date. @param {number} at */
const tickText = (at) => {
  const midnight = new Date(at)
  return midnight.getHours() === 0 && midnight.getMinutes() === 0
    ? dayOnly.format(at)
    : hourAndMinute.format(at)
}

/** @param {Row[]} rows @param {{ from: number, to: number }} all @param {number} width */
const picture = (rows, all, width) => {
  const height = rows.length * rowHeight + axisHeight
  const marks = ticks(all, width, new Date(all.to).getTimezoneOffset()).map(({ at, x }) =>
    s(
      "g",
      {},
      s("line", { class: "tick", x1: x, x2: x, y1: labelHeight, y2: height - axisHeight }),
      x > width - 30 || x < 18
        ? null
        : s("text", { class: "tick-text", x, y: height - 6, "text-anchor": "middle" }, tickText(at))
    )
  )
  const bands = rows.flatMap(({ blocks, title }, index) => {
    const top = index * rowHeight
    return [
      s("text", { class: "row-title", x: 0, y: top + 14 }, title),
      s("rect", { class: "track", x: 0, y: top + labelHeight, width, height: barHeight, rx: 5 }),
      ...blocks.map((block) => {
        const place = bar(block, all, width)
        const at = { ...place, y: top + labelHeight, height: barHeight }
        return s("g", {}, s("title", {}, sentence(block)), ...swatch(block.kind, at))
      })
    ]
  })
  return s(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, width, height, role: "img" },
    textures(),
    ...marks,
    ...bands
  )
}

/** The legend of the textures that are drawn. @param {Row[]} rows */
const legend = (rows) => {
  const kinds = new Map(
    rows.flatMap(({ blocks, title }) =>
      blocks.map(({ kind, state }) => [kind, [title, wordOfKind(kind, state)].join(": ")])
    )
  )
  return [...kinds].map(([kind, text]) =>
    h(
      "li",
      {},
      s(
        "svg",
        { width: 22, height: 14, viewBox: "0 0 22 14", "aria-hidden": "true" },
        ...swatch(kind, { x: 0, y: 0, width: 22, height: 14 })
      ),
      text
    )
  )
}

/** @param {string} kind @param {string} state */
const wordOfKind = (kind, state) => {
  const family = kind.split("-")[0] ?? ""
  return sayOf(family === "gap" ? "verdict" : family, state)
}

/** @param {Row[]} rows */
const table = (rows) =>
  rows
    .flatMap(({ blocks, title }) => blocks.map((block) => ({ ...block, title })))
    .sort((left, right) => right.from - left.from)
    .slice(0, maxTableRows)
    .map(({ from, title, to, word }) =>
      h(
        "tr",
        {},
        h("td", {}, clockText(from)),
        h("td", {}, clockText(to)),
        h("td", {}, title),
        h("td", {}, word)
      )
    )

/** @param {string} name */
export const makeTimeline = (name) => {
  const drawing = h("div", { class: "drawing" })
  const summary = h("p", { id: "timeline-summary", class: "hint" })
  const keys = h("ul", { class: "legend", "aria-label": say("legend") })
  const body = h("tbody")
  const heads = /** @type {const} */ (["from", "to", "row", "state"])
  const asTable = h(
    "details",
    {},
    h("summary", {}, say("asTable")),
    h(
      "table",
      { "aria-label": say("timelineOf", { name }) },
      h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, say(head))))),
      body
    )
  )
  const element = h("div", { class: "timeline" }, drawing, keys, summary, asTable)
  /** @type {Timeline | null} */
  let shown = null

  const draw = () => {
    const width = Math.floor(drawing.clientWidth)
    if (shown === null || width === 0) return
    const rows = rowsOf(shown)
    const all = { from: localTime(shown.from), to: localTime(shown.to) }
    const svg = picture(rows, all, width)
    svg.setAttribute("aria-label", say("timelineOf", { name }))
    svg.setAttribute("aria-describedby", summary.id)
    drawing.replaceChildren(svg)
  }

  /** @param {number | null} part */
  const percent = (part) => (part === null ? "–" : percents.format(part))

  /** @param {Timeline} timeline */
  const update = (timeline) => {
    shown = timeline
    const rows = rowsOf(timeline)
    draw()
    keys.replaceChildren(...legend(rows))
    body.replaceChildren(...table(rows))
    setText(
      summary,
      say("summary", {
        listening: percent(share(rows[0]?.blocks ?? [], "Listening")),
        open: percent(share(rows[1]?.blocks ?? [], "open")),
        gaps: timeline.gaps.length
      })
    )
  }
  return { element, drawing, draw, update }
}
