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

/** JSON text of a value of any depth, for which `JSON.stringify` has no stack. Of a cycle, one round. `omit`: keys. */
export const textOf = (value: unknown, omit: ReadonlyArray<string> = []): string => {
  const parts: Array<string> = []
  const open = new Set<unknown>()
  /** The next one last: a value, or the text that follows the items of a closed one. */
  const todo: Array<{ readonly value: unknown } | { readonly closed: unknown; text: string }> = [
    { value }
  ]
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    if ("text" in next) {
      parts.push(next.text)
      open.delete(next.closed)
      continue
    }
    const { value: one } = next
    if (typeof one !== "object" || one === null || open.has(one)) {
      const leaf = typeof one === "object" ? null : typeof one === "bigint" ? String(one) : one
      parts.push(JSON.stringify(leaf) ?? "null")
      continue
    }
    open.add(one)
    const isList = Array.isArray(one)
    const entries = Object.entries(one).filter(([key]) => isList || !omit.includes(key))
    const items = entries.map(([key, item], nth) => [
      {
        closed: undefined,
        text: `${nth > 0 ? "," : ""}${isList ? "" : `${JSON.stringify(key)}:`}`
      },
      { value: item }
    ])
    parts.push(isList ? "[" : "{")
    todo.push({ closed: one, text: isList ? "]" : "}" }, ...items.flat().reverse())
  }
  return parts.join("")
}
