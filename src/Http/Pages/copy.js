/** A text to copy. Browsers refuse to copy on some addresses, so it can be seen and selected, too. */
import { button, h } from "./dom.js"
import { say } from "./words.js"

let count = 0

/**
 * @param {import("./words.js").Word} label
 * @param {string} value
 * @param {import("./notices.js").Notices} notices
 */
export const makeCopy = (label, value, notices) => {
  const id = `copy-${++count}`
  const field = h("input", { id, readonly: true, autofocus: true, spellcheck: "false", value })
  const copy = async () => {
    field.select()
    try {
      await navigator.clipboard.writeText(value)
      notices.tell(say("copied"))
    } catch {
      notices.tell(say("notCopied"))
    }
  }
  return {
    copy,
    field,
    parts: [
      h("label", { for: id }, say(label)),
      h("div", { class: "inline" }, field, button("copy", copy))
    ]
  }
}
