/**
 * What is secret, and how it is blotted. Nothing else decides this: what is written to the database is
 * scrubbed where it becomes JSON, what is logged in the logger, what Evolution and Postgres say where it
 * is read, and every error on its way out over HTTP.
 */
import { Array as Arr, Option, Redacted } from "effect"
import { isTooDeep, tooDeep } from "./Nesting.ts"
import * as Known from "./Scrub/Known.ts"
import * as Look from "./Scrub/Look.ts"
import { withoutSecrets } from "./Scrub/Value.ts"

export { mayNameWithin, redacted } from "./Scrub/Look.ts"
export { withoutSecrets, withoutTexts } from "./Scrub/Value.ts"

export interface Scrub {
  /**
   * Whether a text, plain or JSON, may hold what `blot` would take out; also of a text in UTF-8, a character
   * for each byte.
   */
  readonly tells: (text: string) => boolean
  /** A text without our own secrets, in any form they are known to take. */
  readonly ours: (text: string) => string
  /** A text without those, without codes to scan, and without passwords in addresses. */
  readonly blot: (text: string) => string
  /** The same for words that are meant for people: what stands behind a secret's name goes, too. */
  readonly words: (text: string) => string
  /** What is logged: every text in it is taken for words. */
  readonly entry: (value: unknown) => unknown
  /** This, and one secret more; what is none adds nothing. */
  readonly and: (secret: unknown) => Scrub
}

/** Of so many further secrets is what was worked out kept. */
const maxRemembered = 1024

/** Knows these secrets, beside what can be told by its name or its look. */
export const make = (secrets: ReadonlyArray<Redacted.Redacted>): Scrub =>
  of(Arr.filterMap(secrets, (secret) => Option.fromNullable(Known.make(Redacted.value(secret)))))

const of = (known: ReadonlyArray<Known.Known>): Scrub => {
  const others = new Map<string, Scrub>()

  const tells = (text: string) => Known.tell(known, text) || Look.tells(text)
  const ours = (text: string) => (Known.tell(known, text) ? Known.blot(known, text) : text)
  const blot = (text: string) => (tells(text) ? Look.blot(Known.blot(known, text)) : text)
  const words = (text: string) => Look.words(blot(text))

  const entry = (value: unknown): unknown => {
    if (typeof value === "string") return words(value)
    if (typeof value === "number" || typeof value === "bigint")
      return tells(String(value)) ? Look.redacted : value
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
    tells,
    ours,
    blot,
    words,
    entry: (value) => (isTooDeep(value) ? `[${tooDeep}]` : entry(withoutSecrets(value))),
    and
  }
  return scrub
}

/** Knows no secret of ours: for what was scrubbed before, and for tests. */
export const unconfigured: Scrub = make([])
