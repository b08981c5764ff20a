/**
 * Decides which texts are secret, and removes them. Nothing else decides this.
 *
 * Events lose what stands at the places of `Places`, and our own secrets that are strong (`ours`); all else in
 * them is content. Log lines, errors, traces, and the words of Evolution and Postgres also lose what only
 * looks like a secret, or stands behind the name of one (`blot`, `words`, `entry`).
 */
import { Option, Redacted } from "effect"
import { isTooDeep, tooDeep } from "./Nesting.ts"
import * as Known from "./Scrub/Known.ts"
import * as Look from "./Scrub/Look.ts"
import { withoutSecrets } from "./Scrub/Value.ts"

export { isStrong } from "./Scrub/Known.ts"
export { redacted } from "./Scrub/Look.ts"
export * as Places from "./Scrub/Places.ts"

export interface Scrub {
  /** True if `blot` may change the text. */
  readonly mayHoldSecret: (text: string) => boolean
  /** Removes our strong secrets, in every form they may take. A weak one may be a part of any text. */
  readonly ours: (text: string) => string
  /** Removes all our secrets, QR codes, and passwords in addresses. */
  readonly blot: (text: string) => string
  /** Removes, from text written for people, also the values that follow a secret's name. */
  readonly words: (text: string) => string
  /** Scrubs a value for the log, taking each text in it for `words`. */
  readonly entry: (value: unknown) => unknown
  /** Knows one secret more. A value that is not a secret text is ignored. */
  readonly and: (secret: unknown) => Scrub
  /**
   * Knows also the token of an instance: this one, or the last one that it was given for the instance. The
   * messages that are fetched later come without it.
   */
  readonly ofInstance: (instance: string, token?: unknown) => Scrub
}

/** `and` remembers its result for this many secrets (instances have tokens of their own). */
const maxRemembered = 4096
const maxTokens = 65_536

/** Knows these secrets. `tokens`: the memory of `ofInstance`, by instance; left out: it has none. */
export const make = (
  secrets: ReadonlyArray<Redacted.Redacted>,
  tokens?: Map<string, string>
): Scrub => of(secrets.map(Redacted.value), tokens)

const of = (secrets: ReadonlyArray<string>, tokens: Map<string, string> | undefined): Scrub => {
  const knownBy = (rule: (text: string) => boolean) =>
    secrets.flatMap((secret) => Option.toArray(Option.fromNullable(Known.make(secret, rule))))
  const known = knownBy(Known.isSecret)
  const strong = knownBy(Known.isStrong)
  const others = new Map<string, Scrub>()

  const mayHoldSecret = (text: string) => Known.isIn(known, text) || Look.mayHoldSecret(text)
  const ours = (text: string) => (Known.isIn(strong, text) ? Known.blot(strong, text) : text)
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
    const more = Known.isSecret(secret) ? of([...secrets, secret], tokens) : scrub
    others.set(secret, more)
    return more
  }

  const ofInstance = (instance: string, token?: unknown): Scrub => {
    // Evolution has words for no token, as long as one (channel.service.ts, sendDataWebhook).
    if (typeof token !== "string" || token === "Apikey not found" || token === instance)
      return and(tokens?.get(instance))
    if (tokens !== undefined && tokens.size >= maxTokens && !tokens.has(instance)) tokens.clear()
    tokens?.set(instance, token)
    return and(token)
  }

  const scrub: Scrub = {
    mayHoldSecret,
    ours,
    blot,
    words,
    entry: (value) => (isTooDeep(value) ? `[${tooDeep}]` : entry(withoutSecrets(value))),
    and,
    ofInstance
  }
  return scrub
}

/** Knows no secret of ours: for text that was scrubbed before, and for tests. */
export const unconfigured: Scrub = make([])
