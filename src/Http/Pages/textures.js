/** The look of each state on a timeline: a colour and a texture. */
import { s } from "./dom.js"

/**
 * Tone and texture by row and state.
 * @type {Readonly<Record<string, readonly [tone: string, texture: string]>>}
 */
const looks = {
  "link-Listening": ["good", "plain"],
  "link-Waiting": ["busy", "stripes"],
  "link-Parked": ["bad", "cross"],
  "link-Stopped": ["off", "dots"],
  "whatsapp-open": ["good", "plain"],
  "whatsapp-connecting": ["busy", "stripes"],
  "whatsapp-close": ["bad", "cross"],
  "whatsapp-refused": ["bad", "lines"],
  "whatsapp-removed": ["off", "dots"],
  "gap-open": ["bad", "plain"],
  "gap-false": ["bad", "cross"],
  "gap-null": ["busy", "stripes"],
  "gap-true": ["good", "lines"]
}

const shapes = {
  stripes: "M-2 2 2 -2M0 8 8 0M6 10 10 6",
  cross: "M-2 2 2 -2M0 8 8 0M6 10 10 6M-2 6 2 10M0 0 8 8M6 -2 10 2",
  lines: "M2 0V8M6 0V8",
  dots: "M2 2h.01M6 6h.01"
}

/** The patterns, defined in one picture of the page; the others refer to them. */
export const textures = () => {
  const used = new Set(Object.values(looks).map(([tone, texture]) => `${tone} ${texture}`))
  const patterns = [...used].flatMap((look) => {
    const [tone = "", texture = ""] = look.split(" ")
    const shape = Object.entries(shapes).find(([name]) => name === texture)?.[1]
    return shape === undefined
      ? []
      : s(
          "pattern",
          { id: `${tone}-${texture}`, width: 8, height: 8, patternUnits: "userSpaceOnUse" },
          s("path", { class: `ink ink-${tone} ink-${texture}`, d: shape })
        )
  })
  return s("defs", {}, ...patterns)
}

/**
 * Draws a state; a state that the page does not know is an empty frame.
 * @param {string} kind @param {{ x: number, y: number, width: number, height: number }} place
 */
export const swatch = (kind, place) => {
  const look = looks[kind]
  if (look === undefined) return [s("rect", { ...place, rx: 2, class: "block unknown" })]
  const [tone, texture] = look
  const ground = s("rect", { ...place, rx: 2, class: `block block-${tone} block-${texture}` })
  if (texture === "plain") return [ground]
  return [ground, s("rect", { ...place, rx: 2, fill: `url(#${tone}-${texture})` })]
}
