/** Removes secrets from values for the log lines, by the keys they stand under. */
import { Predicate } from "effect"
import { isTooDeep } from "../Nesting.ts"
import { isCodeName, isSecretName, mayName, redacted, words } from "./Look.ts"

/** JSON within texts within JSON is searched to this depth. */
const maxLayers = 4

/**
 * Replaces values under a secret's name, also in JSON within texts. `null` stays, as it says that there was
 * no secret. The value must not be too deep.
 */
export const withoutSecrets = (value: unknown, layers: number = maxLayers): unknown => {
  if (typeof value === "string") return looksLikeJson(value) ? inJson(value, layers) : value
  if (Array.isArray(value)) return value.map((one) => withoutSecrets(one, layers))
  if (!Predicate.isRecord(value) || value instanceof Error) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, under(key, inner, layers)])
  )
}

const under = (key: string, value: unknown, layers: number): unknown => {
  if (isSecretName(key)) return value == null || typeof value === "boolean" ? value : redacted
  return isCodeName(key) ? withoutTexts(value) : withoutSecrets(value, layers)
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
const looksLikeJson = (text: string): boolean => /^\s*["[{]/.test(text) && mayName(text)

/** Evolution puts JSON into texts (`disconnectionObject`). */
const inJson = (text: string, layers: number): string => {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return words(text) // cut off, or not JSON
  }
  if (layers === 0 || isTooDeep(parsed)) return words(text)
  const scrubbed = JSON.stringify(withoutSecrets(parsed, layers - 1))
  return scrubbed === JSON.stringify(parsed) ? text : scrubbed
}
