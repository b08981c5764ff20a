/** Secrets that we know, in the forms they may come back in. */
import { Redacted } from "effect"
import { redacted } from "./Look.ts"

/** One way in which a secret can stand in a text. */
export interface Form {
  readonly text: string
  /** A part of it that begins with a character which texts seldom have: much sooner looked for. */
  readonly probe: string
}

/** To blot "postgres" or "1234" wherever it stands would blot other people's words, and keep no secret. */
export const isSecret = (text: string): boolean =>
  text.length >= 16 || (text.length >= 6 && /[^a-z]/i.test(text))

/** As it is, as JSON and a URL have it, and within base64; the longest first. */
export const formsOf = (secret: string | Redacted.Redacted): ReadonlyArray<Form> => {
  const text = typeof secret === "string" ? secret : Redacted.value(secret)
  if (!isSecret(text)) return []
  const forms = [
    text,
    JSON.stringify(text).slice(1, -1),
    urlForm(text),
    ...[0, 1, 2].flatMap((before) => base64Of(text, before))
  ]
  return [...new Set(forms)]
    .sort((left, right) => right.length - left.length)
    .map((form) => ({ text: form, probe: probeOf(form) }))
}

export const tell = (forms: ReadonlyArray<Form>, text: string): boolean => {
  for (const { probe } of forms) if (text.includes(probe)) return true
  return false
}

export const blot = (forms: ReadonlyArray<Form>, text: string): string =>
  forms.reduce((rest, form) => rest.replaceAll(form.text, redacted), text)

/** What messages have the least of comes first. */
const rarest = "~^`|!$%*#XQKZJWYVHUGNLDFRBPOTECIMSA_+9764385210"
const minProbe = 8

const probeOf = (form: string): string => {
  const starts = form.slice(0, form.length - minProbe + 1)
  const [rare] = [...rarest].filter((character) => starts.includes(character))
  return form.slice(rare === undefined ? 0 : starts.indexOf(rare))
}

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
