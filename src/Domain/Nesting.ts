/** How deep a value may be for anything here to walk it. */

/** Far more than any WhatsApp message has, far less than a parser's stack or Postgres' takes. */
export const maxNesting = 256

export const tooDeep = `nested deeper than ${maxNesting} levels`

/** Whether a value has more levels than anything here could walk; never walks deeper than that. */
export const isTooDeep = (value: unknown, levels: number = maxNesting): boolean => {
  if (typeof value !== "object" || value === null) return false
  if (levels === 0) return true
  for (const inner of Array.isArray(value) ? value : Object.values(value))
    if (isTooDeep(inner, levels - 1)) return true
  return false
}
