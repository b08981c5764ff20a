/** Secrets that we know, in the forms they may come back in. */
import { redacted } from "./Look.ts"

/** A secret that we know. */
export interface Known {
  /** As it is, as JSON and a URL have it, and within base64; the longest first. */
  readonly forms: ReadonlyArray<string>
  /** One of these is in every text that a form is in, also as its bytes. */
  readonly probes: ReadonlyArray<string>
}

/** To blot "postgres" or "1234" wherever it stands would blot other people's words, and keep no secret. */
export const isSecret = (text: string): boolean =>
  text.length >= 16 || (text.length >= 6 && /[^a-z]/i.test(text))

/** `undefined`: it is too weak to be told from any other text. */
export const make = (secret: string): Known | undefined => {
  if (!isSecret(secret)) return undefined
  const core = coreOf(secret)
  const forms = new Set([
    secret,
    escaped(secret),
    escaped(escaped(secret)),
    urlForm(secret),
    // However else it is escaped, this is left of it.
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

export const tell = (known: ReadonlyArray<Known>, text: string): boolean => {
  for (const { probes } of known) for (const probe of probes) if (text.includes(probe)) return true
  return false
}

export const blot = (known: ReadonlyArray<Known>, text: string): string =>
  known.reduce(
    (rest, { forms }) => forms.reduce((sofar, form) => sofar.replaceAll(form, redacted), rest),
    text
  )

const minCore = 10

/** The longest part of it that nothing escapes, where that is secret enough by itself. */
const coreOf = (secret: string): string | undefined => {
  const [core = ""] = (secret.match(/[a-z0-9]+/gi) ?? []).sort(
    (left, right) => right.length - left.length
  )
  return core.length >= minCore && isSecret(core) ? core : undefined
}

/** What messages have the least of comes first: it is much sooner looked for. */
const rarest = "~^`|!$%*#XQKZJWYVHUGNLDFRBPOTECIMSA_+9764385210"
const minProbe = 8

/** A part that begins with a character which texts seldom have. */
const probeOf = (form: string): string => {
  const starts = form.slice(0, Math.max(0, form.length - minProbe + 1))
  const [rare] = [...rarest].filter((character) => starts.includes(character))
  return form.slice(rare === undefined ? 0 : starts.indexOf(rare))
}

/** In UTF-8, a character for each byte. */
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
 * What base64 makes of a text that begins `before` bytes after a group of three: only the characters
 * that owe nothing to what stands around it, in either alphabet.
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
