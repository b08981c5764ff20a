/** The depth of JSON values that this service walks. */

/** Far more than any WhatsApp message has, far less than overflows a parser's stack or Postgres'. */
export const maxNesting = 256

export const tooDeep = `nested deeper than ${maxNesting} levels`

/** True if a value has more levels than the limit; stops at the limit. */
export const isTooDeep = (value: unknown, levels: number = maxNesting): boolean => {
  if (typeof value !== "object" || value === null) return false
  if (levels === 0) return true
  for (const inner of Array.isArray(value) ? value : Object.values(value))
    if (isTooDeep(inner, levels - 1)) return true
  return false
}
