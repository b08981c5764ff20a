/**
 * Decides which texts are secret, and removes them. Nothing else decides this. Events are scrubbed where
 * they become JSON, log lines in the logger, the words of Evolution and Postgres where they are read,
 * and errors where they leave over HTTP.
 */
import { Array as Arr, Option, Redacted } from "effect"
import { isTooDeep, tooDeep } from "./Nesting.ts"
import * as Known from "./Scrub/Known.ts"
import * as Look from "./Scrub/Look.ts"
import { withoutSecrets } from "./Scrub/Value.ts"

export { mayNameWithin, redacted } from "./Scrub/Look.ts"
export { withoutSecrets, withoutTexts } from "./Scrub/Value.ts"

export interface Scrub {
  /** True if `blot` may change the text: plain, JSON, or UTF-8 with one character for each byte. */
  readonly mayHoldSecret: (text: string) => boolean
  /** Removes the secrets that we know, in every form they may take. */
  readonly ours: (text: string) => string
  /** Removes these, QR codes, and passwords in addresses. */
  readonly blot: (text: string) => string
  /** Removes, from text written for people, also the values that follow a secret's name. */
  readonly words: (text: string) => string
  /** Scrubs a value for the log, taking each text in it for `words`. */
  readonly entry: (value: unknown) => unknown
  /** Knows one secret more. A value that is not a secret text is ignored. */
  readonly and: (secret: unknown) => Scrub
}

/** `and` remembers its result for this many secrets (instances have tokens of their own). */
const maxRemembered = 1024

/** Knows these secrets; others are recognised by their name or their look. */
export const make = (secrets: ReadonlyArray<Redacted.Redacted>): Scrub =>
  of(Arr.filterMap(secrets, (secret) => Option.fromNullable(Known.make(Redacted.value(secret)))))

const of = (known: ReadonlyArray<Known.Known>): Scrub => {
  const others = new Map<string, Scrub>()

  const mayHoldSecret = (text: string) => Known.isIn(known, text) || Look.mayHoldSecret(text)
  const ours = (text: string) => (Known.isIn(known, text) ? Known.blot(known, text) : text)
  const blot = (text: string) => (mayHoldSecret(text) ? Look.blot(Known.blot(known, text)) : text)
  const words = (text: string) => Look.words(blot(text))

  const entry = (value: unknown): unknown => {
    if (typeof value === "string") return words(value)
    if (typeof value === "number" || typeof value === "bigint")
      return mayHoldSecret(String(value)) ? Look.redacted : value
    if (Array.isArray(value)) return value.map(entry)
    if (value instanceof Error) return words(String(value))
    if (typeof value !== "object" || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [words(key), entry(one)]))
  }

  const and = (secret: unknown): Scrub => {
    if (typeof secret !== "string") return scrub
    const remembered = others.get(secret)
    if (remembered !== undefined) return remembered
    if (others.size >= maxRemembered) others.clear()
    const one = Known.make(secret)
    const more = one === undefined ? scrub : of([...known, one])
    others.set(secret, more)
    return more
  }

  const scrub: Scrub = {
    mayHoldSecret,
    ours,
    blot,
    words,
    entry: (value) => (isTooDeep(value) ? `[${tooDeep}]` : entry(withoutSecrets(value))),
    and
  }
  return scrub
}

/** Knows no secret of ours: for text that was scrubbed before, and for tests. */
export const unconfigured: Scrub = make([])
