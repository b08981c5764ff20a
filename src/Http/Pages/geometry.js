/** Positions on a timeline: pure. Times are ms since 1970 UTC, places are pixels. */

/** @typedef {{ readonly from: number, readonly to: number }} Stretch */
/** @typedef {{ readonly x: number, readonly width: number }} Bar */

const minute = 60_000
const steps = [1, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440].map((minutes) => minutes * minute)

/** Room for a label, in pixels. */
const labelWidth = 64
/** Width in pixels of the shortest bar, so that it can be seen. */
const narrowest = 2

/** @param {Stretch} all @param {number} width @returns {(at: number) => number} */
export const scale =
  ({ from, to }, width) =>
  (at) =>
    to <= from ? 0 : (Math.min(Math.max(at, from), to) - from) * (width / (to - from))

/** @param {Stretch} span @param {Stretch} all @param {number} width @returns {Bar} */
export const bar = (span, all, width) => {
  const place = scale(all, width)
  const x = place(span.from)
  const wide = Math.max(place(span.to) - x, Math.min(narrowest, width))
  return { x: Math.min(x, width - wide), width: wide }
}

/**
 * Round times of day, as many as have room for their labels.
 * @param {Stretch} all @param {number} width
 * @param {number} offset minutes of local time behind UTC, as of `Date.getTimezoneOffset`
 */
export const ticks = (all, width, offset) => {
  const room = Math.max(1, Math.floor(width / labelWidth))
  const span = all.to - all.from
  const step =
    steps.find((one) => span / one <= room) ?? Math.ceil(span / room / 86_400_000) * 86_400_000
  const shift = offset * minute
  const place = scale(all, width)
  /** @type {Array<{ at: number, x: number }>} */
  const found = []
  for (let at = Math.ceil((all.from - shift) / step) * step + shift; at <= all.to; at += step)
    found.push({ at, x: place(at) })
  return found
}

/**
 * Share of the known time in which a state held, 0 to 1; `null` if no time is known.
 * @param {ReadonlyArray<Stretch & { readonly state: string }>} spans oldest first @param {string} state
 */
export const share = (spans, state) => {
  const known = spans[0]?.state === "unknown" ? spans.slice(1) : spans
  let all = 0
  let held = 0
  for (const { from, state: one, to } of known) {
    all += to - from
    if (one === state) held += to - from
  }
  return all === 0 ? null : held / all
}
