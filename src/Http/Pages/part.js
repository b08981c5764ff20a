/** One part of a status on a page: a word, its age, and a line below. */
import { h, setAttribute, setText, show } from "./dom.js"
import { tick } from "./time.js"
import { say } from "./words.js"

/** @typedef {import("./status.js").Part} Part */

export const makePart = () => {
  const chip = h("span", { class: "chip" })
  const age = h("span", { class: "age" })
  const detail = h("div", { class: "detail" })
  const seconds = h("span", {})
  const [before = "", after = ""] = say("nextAttempt", { seconds: "|" }).split("|")
  const again = h("div", { class: "again" }, before, seconds, after)
  const element = h("div", { class: "part" }, chip, age, detail, again)
  /** @param {Part} part */
  const update = ({ detail: line = "", since, text, tone, until }) => {
    setText(chip, text)
    setAttribute(chip, "data-tone", tone)
    setAttribute(age, "data-since", since === null ? null : String(since))
    show(age, since !== null)
    setText(detail, line)
    // CSS cuts a long line off where there is little room; the title has all of it.
    setAttribute(detail, "title", line || null)
    setAttribute(seconds, "data-until", until === undefined ? null : String(until))
    show(again, until !== undefined)
    show(detail, line !== "")
    tick(element)
  }
  return { element, update }
}
