/** The texts of the pages, in the language that the server chose for the document. */
import * as cluster from "./words-cluster.js"
import * as commands from "./words-commands.js"
import * as deliveries from "./words-deliveries.js"
import { words as enWords } from "./words-en.js"
import * as endpoints from "./words-endpoints.js"
import { words as esWords } from "./words-es.js"
import * as evolution from "./words-evolution.js"
import * as history from "./words-history.js"
import { words as ptBRWords } from "./words-pt-BR.js"
import * as servers from "./words-servers.js"

const en = {
  ...enWords,
  ...evolution.en,
  ...history.en,
  ...servers.en,
  ...cluster.en,
  ...endpoints.en,
  ...deliveries.en,
  ...commands.en
}
const es = {
  ...esWords,
  ...evolution.es,
  ...history.es,
  ...servers.es,
  ...cluster.es,
  ...endpoints.es,
  ...deliveries.es,
  ...commands.es
}
const ptBR = {
  ...ptBRWords,
  ...evolution.ptBR,
  ...history.ptBR,
  ...servers.ptBR,
  ...cluster.ptBR,
  ...endpoints.ptBR,
  ...deliveries.ptBR,
  ...commands.ptBR
}

/** @typedef {typeof en} Dictionary */
/** @typedef {keyof Dictionary} Word */
/** @typedef {Readonly<Record<string, string | number>>} Facts */

/** @type {Readonly<Record<string, Dictionary>>} */
export const dictionaries = { en, "pt-BR": ptBR, es }

export const language = globalThis.document?.documentElement.lang || "en"
const dictionary = dictionaries[language] ?? en

/** Replaces each `{name}` by the fact of that name. @param {string} text @param {Facts} facts */
export const fill = (text, facts) =>
  text.replaceAll(/\{(\w+)\}/g, (place, name) => String(facts[name] ?? place))

/** @param {Word} word @param {Facts} [facts] */
export const say = (word, facts = {}) => fill(dictionary[word], facts)

/** @param {string} word @returns {word is Word} */
const isWord = (word) => Object.hasOwn(dictionary, word)

/**
 * The word for a value of the service; a value without a word is shown as it is.
 * @param {string} family
 * @param {string} value
 * @param {Facts} [facts]
 * @param {string} [otherwise]
 */
export const sayOf = (family, value, facts, otherwise = value) => {
  const word = `${family}_${value}`
  return isWord(word) ? say(word, facts) : otherwise
}

const plurals = new Intl.PluralRules(language)
const numbers = new Intl.NumberFormat(language)

/**
 * A count in words; the family has the words `…_one` and `…_other`.
 * @param {string} family
 * @param {number} n
 */
export const sayCount = (family, n) =>
  sayOf(family, plurals.select(n) === "one" ? "one" : "other", { n: numbers.format(n) })

/** Sets the text of each marked element below a root. @param {ParentNode} root */
export const translate = (root) => {
  for (const element of root.querySelectorAll("[data-word]")) {
    const word = element.getAttribute("data-word") ?? ""
    if (isWord(word)) element.textContent = say(word)
  }
  for (const element of root.querySelectorAll("[data-label]")) {
    const word = element.getAttribute("data-label") ?? ""
    if (isWord(word)) element.setAttribute("aria-label", say(word))
  }
  for (const element of root.querySelectorAll("[data-placeholder]")) {
    const word = element.getAttribute("data-placeholder") ?? ""
    if (isWord(word)) element.setAttribute("placeholder", say(word))
  }
}
