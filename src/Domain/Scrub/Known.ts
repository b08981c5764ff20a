/** Secrets that we know, in every form in which others may echo them. */
import { redacted } from "./Look.ts"

/** One secret that we know. */
export interface Known {
  /** The secret itself, in JSON, in a URL, and within base64; the longest first. */
  readonly forms: ReadonlyArray<string>
  /** Every text that holds a form holds one of these, in characters or in bytes. */
  readonly probes: ReadonlyArray<string>
}

/** Weak passwords are ordinary words: blotting "postgres" or "1234" everywhere would hide no secret. */
export const isSecret = (text: string): boolean =>
  text.length >= 16 || (text.length >= 6 && /[^a-z]/i.test(text))

/** Long enough not to occur in what people write by chance. A phone number, a time or an id is digits alone. */
export const isStrong = (text: string): boolean => text.length >= 16 && !/^\d+$/.test(text)

/** `undefined` for a text that is too weak by this rule. */
export const make = (secret: string, rule = isSecret): Known | undefined => {
  if (!rule(secret)) return undefined
  const core = coreOf(secret, rule)
  const forms = new Set([
    secret,
    escaped(secret),
    escaped(escaped(secret)),
    urlForm(secret),
    // Any other way of escaping leaves this part unchanged.
    ...(core === undefined ? [] : [core]),
    ...[0, 1, 2].flatMap((before) => base64Of(secret, before))
  ])
  const probes = new Set(
    [...forms].flatMap((form) => {
      const probe = probeOf(core !== undefined && form.includes(core) ? core : form)
      return [probe, inBytes(probe)]
    })
  )
  const longestFirst = (left: string, right: string) => right.length - left.length
  return { forms: [...forms].sort(longestFirst), probes: [...probes] }
}

/** True if one of the secrets may be in the text. */
export const isIn = (known: ReadonlyArray<Known>, text: string): boolean => {
  for (const { probes } of known) for (const probe of probes) if (text.includes(probe)) return true
  return false
}

export const blot = (known: ReadonlyArray<Known>, text: string): string =>
  known.reduce(
    (rest, { forms }) => forms.reduce((sofar, form) => sofar.replaceAll(form, redacted), rest),
    text
  )

const minCore = 10

/** The longest part that no escaping changes, if that is secret enough by itself. */
const coreOf = (secret: string, rule: (text: string) => boolean): string | undefined => {
  const [core = ""] = (secret.match(/[a-z0-9]+/gi) ?? []).sort(
    (left, right) => right.length - left.length
  )
  return core.length >= minCore && rule(core) ? core : undefined
}

/** Characters by how seldom messages have them. A search for a rare one ends much sooner. */
const rarest = "~^`|!$%*#XQKZJWYVHUGNLDFRBPOTECIMSA_+9764385210"
const minProbe = 8

/** A part that begins with a rare character. */
const probeOf = (form: string): string => {
  const starts = form.slice(0, Math.max(0, form.length - minProbe + 1))
  const [rare] = [...rarest].filter((character) => starts.includes(character))
  return form.slice(rare === undefined ? 0 : starts.indexOf(rare))
}

/** UTF-8, one character for each byte. */
const inBytes = (text: string): string => String.fromCharCode(...new TextEncoder().encode(text))

const escaped = (text: string): string => JSON.stringify(text).slice(1, -1)

const urlForm = (text: string): string => {
  try {
    return encodeURIComponent(text)
  } catch {
    return text // a lone surrogate, which no URL has
  }
}

/**
 * Base64 of a text that begins `before` bytes after a group of three, in both alphabets. Only characters
 * that do not depend on the neighbouring bytes are kept.
 */
const base64Of = (text: string, before: number): ReadonlyArray<string> => {
  const bytes = new TextEncoder().encode(text)
  const whole = btoa("\0".repeat(before) + String.fromCharCode(...bytes))
  const form = whole.slice(
    Math.ceil((before * 8) / 6),
    Math.floor(((before + bytes.length) * 8) / 6)
  )
  return [form, form.replaceAll("+", "-").replaceAll("/", "_")]
}
