/**
 * Routing keys and subjects: a template's words with those of a message. A name is one word, whatever characters it has,
 * so a binding such as `*.shop.#` means the instance "shop" and no other.
 */
import { createHash } from "node:crypto"
import type { Facts } from "./Facts.ts"

/** Characters that `encodeURIComponent` leaves, and that mean something in keys, in subjects, or below. */
const left = /[.*~]/g

/** A digest of 128 bits, in base64url. */
const digestOf = (text: string): string =>
  createHash("sha256").update(text).digest().subarray(0, 16).toString("base64url")

/** The beginning of an encoded text, without a part of an encoded character at its end. */
const beginningOf = (encoded: string, length: number): string => {
  const beginning = encoded.slice(0, length)
  try {
    decodeURIComponent(beginning)
    return beginning
  } catch {
    return beginningOf(beginning, length - 1)
  }
}

/**
 * A text as one word: percent-encoded, so `decodeURIComponent` gives it back. Two texts never have one word. A word that
 * would be longer than `longest` is its beginning, `~` and a digest; an empty text is `~`. No other word has a `~`.
 */
export const wordOf = (text: string, longest: number): string => {
  if (text === "") return "~"
  const encoded = encodeURIComponent(text.toWellFormed()).replace(
    left,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`
  )
  if (encoded.length <= longest) return encoded
  const digest = digestOf(text)
  return `${beginningOf(encoded, longest - digest.length - 1)}~${digest}`
}

const placeholder = /\{(server|instance|event)\}/

/** The template with the words of a message. The dots in an event's name stay: its parts are words of their own. */
export const keyOf = (template: string, facts: Facts, longest: number): string =>
  template.replaceAll(new RegExp(placeholder, "g"), (_, name: "server" | "instance" | "event") =>
    name === "event"
      ? facts.event
          .split(".")
          .map((part) => wordOf(part, longest))
          .join(".")
      : wordOf(facts[name] ?? "", longest)
  )

/** The words before the first one that depends on the message; all of them if none does. */
export const prefixOf = (
  template: string
): { readonly words: ReadonlyArray<string>; readonly isWhole: boolean } => {
  const words = template.split(".")
  const first = words.findIndex((word) => placeholder.test(word))
  return first === -1 ? { words, isWhole: true } : { words: words.slice(0, first), isWhole: false }
}
