/** Removes secrets from JSON values, by the keys they stand under. */
import { Predicate } from "effect"
import { isTooDeep } from "../Nesting.ts"
import { isCodeName, isSecretName, mayName, redacted, words } from "./Look.ts"

type Verdict = "secret" | "code" | "harmless"

/** Keys repeat, except those that a message brings itself (a JID, an id). */
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

/** JSON within texts within JSON is searched to this depth. */
const maxLayers = 4

/**
 * Replaces values under a secret's name, also in JSON within texts; returns the same reference if there
 * is none. `null` stays, as it says that there was no secret. The value must not be too deep.
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
  // Hot path: `Object.entries` would cost more than all the rest.
  for (const key of Object.keys(value)) {
    const before = value[key]
    const after = under(key, before, layers)
    if (after === before) continue
    // In a spread copy even `__proto__` is an own property, so assigning to it is safe.
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

/** Keys beside a code whose texts are not secret. */
const harmlessKeys = new Set(["instance", "message", "event", "state", "status"])

/** Keeps the shape and the numbers, and replaces every text: for values about a QR code. */
export const withoutTexts = (value: unknown): unknown => {
  if (typeof value === "string" || Array.isArray(value)) return redacted
  if (typeof value !== "object" || value === null) return value
  // A serialised typed array: bytes by their index.
  if ("0" in value) return redacted
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      typeof inner === "string" && harmlessKeys.has(key) ? inner : withoutTexts(inner)
    ])
  )
}

/** True if the text may be a JSON list, object, or a text that holds one, with a secret in it. */
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
    return words(text) // cut off, or not JSON
  }
  if (layers === 0 || isTooDeep(parsed)) return words(text)
  const scrubbed = withoutSecrets(parsed, layers - 1)
  return scrubbed === parsed ? text : JSON.stringify(scrubbed)
}
