/** Secrets in JSON values, by the keys they stand under. */
import { Predicate } from "effect"
import { isTooDeep } from "../Nesting.ts"
import { isCodeName, isSecretName, mayName, redacted, words } from "./Look.ts"

type Verdict = "secret" | "code" | "harmless"

/** Keys come again and again; a message's own (a JID, an id) come once. */
const maxVerdicts = 4096
const verdicts = new Map<string, Verdict>()

const verdictOn = (key: string): Verdict => {
  const known = verdicts.get(key)
  if (known !== undefined) return known
  const verdict = isSecretName(key) ? "secret" : isCodeName(key) ? "code" : "harmless"
  if (verdicts.size >= maxVerdicts) verdicts.clear()
  verdicts.set(key, verdict)
  return verdict
}

/** JSON within texts within JSON, so often. */
const maxLayers = 4

/**
 * The value without what stands under a secret's name, also in JSON within its texts; the very same
 * value where there is none. What is null stays: it tells that there was none. Not for values that are
 * too deep.
 */
export const withoutSecrets = (value: unknown, layers: number = maxLayers): unknown => {
  if (typeof value === "string") return looksLikeJson(value) ? inJson(value, layers) : value
  if (Array.isArray(value)) return inArray(value, layers)
  return Predicate.isRecord(value) ? inRecord(value, layers) : value
}

const inArray = (values: ReadonlyArray<unknown>, layers: number): ReadonlyArray<unknown> => {
  let changed: Array<unknown> | undefined
  for (let index = 0; index < values.length; index++) {
    const before = values[index]
    const after = withoutSecrets(before, layers)
    if (after === before) continue
    changed ??= [...values]
    changed[index] = after
  }
  return changed ?? values
}

const inRecord = (value: Readonly<Record<string, unknown>>, layers: number): object => {
  let changed: Record<string, unknown> | undefined
  // Every event comes by here: pairs of keys and values would cost more than all the rest.
  for (const key of Object.keys(value)) {
    const before = value[key]
    const after = under(key, before, layers)
    if (after === before) continue
    // A copy has even `__proto__` as a property of its own, which assigning to it keeps.
    changed ??= { ...value }
    changed[key] = after
  }
  return changed ?? value
}

const under = (key: string, value: unknown, layers: number): unknown => {
  switch (verdictOn(key)) {
    case "secret":
      return value == null || typeof value === "boolean" ? value : redacted
    case "code":
      return withoutTexts(value)
    case "harmless":
      return withoutSecrets(value, layers)
  }
}

/** What says whose code it is, and how it stands, is none. */
const telling = new Set(["instance", "message", "event", "state", "status"])

/** The value's shape, its numbers, and none of its texts: for whatever is about a code to scan. */
export const withoutTexts = (value: unknown): unknown => {
  if (typeof value === "string" || Array.isArray(value)) return redacted
  if (typeof value !== "object" || value === null) return value
  // Bytes, by their index.
  if ("0" in value) return redacted
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      typeof inner === "string" && telling.has(key) ? inner : withoutTexts(inner)
    ])
  )
}

/** A list, an object, or a text that may hold one. */
const looksLikeJson = (text: string): boolean => {
  const first = text.charCodeAt(0)
  return (
    (first === 0x7b || first === 0x5b || first === 0x22 || first <= 0x20) &&
    /^\s*["[{]/.test(text) &&
    mayName(text)
  )
}

/** Evolution puts JSON into texts (`disconnectionObject`). */
const inJson = (text: string, layers: number): string => {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return words(text) // cut off, or no JSON after all
  }
  if (layers === 0 || isTooDeep(parsed)) return words(text)
  const scrubbed = withoutSecrets(parsed, layers - 1)
  return scrubbed === parsed ? text : JSON.stringify(scrubbed)
}
