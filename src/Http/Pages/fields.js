/** Fields of a dialog, each with a hint and a place for the reason of a refusal. */
import { ApiError } from "./api.js"
import { h, setAttribute, setText } from "./dom.js"
import { say } from "./words.js"

let count = 0

/** @typedef {HTMLInputElement | HTMLSelectElement} Control */
/** @typedef {ReturnType<typeof makeField>} Field */

/**
 * @template {Control} Made
 * @param {import("./words.js").Word} word
 * @param {Made} control
 * @param {import("./words.js").Word} [hint]
 */
export const makeField = (word, control, hint) => {
  const id = `field-${++count}`
  const problem = h("span", { id: `${id}-problem`, class: "problem", role: "alert" })
  const about = h("span", { id: `${id}-hint`, class: "hint" }, hint === undefined ? "" : say(hint))
  control.id = id
  control.setAttribute("aria-describedby", `${id}-problem ${id}-hint`)
  return {
    control,
    element: h(
      "div",
      { class: "field" },
      h("label", { for: id }, say(word)),
      control,
      problem,
      about
    ),
    /** @param {string} reason empty: there is none */
    refuse: (reason) => {
      setText(problem, reason)
      setAttribute(control, "aria-invalid", reason === "" ? null : "true")
    }
  }
}

/** A list that people type: names with commas or spaces between. @param {string} text */
export const listOf = (text) => text.split(/[\s,]+/).filter(Boolean)

/**
 * The field that a refusal is about, and the reason, without the path that people do not see.
 * @param {unknown} error
 * @returns {{ readonly path: string, readonly reason: string } | null}
 */
export const refusalOf = (error) => {
  if (!(error instanceof ApiError)) return null
  const { _tag, issues, name } = error.body
  if (_tag === "EndpointNameTaken" && typeof name === "string")
    return { path: "name", reason: error.message }
  const [first] = Array.isArray(issues) ? issues : []
  if (Array.isArray(first?.path) && typeof first.message === "string")
    return { path: first.path.join("."), reason: first.message }
  const [, path, reason] = /^((?:[a-z]\w*: )+)(.+)$/s.exec(error.message) ?? []
  if (_tag !== "EndpointRefused" || path === undefined || reason === undefined) return null
  return { path: path.split(": ").filter(Boolean).join("."), reason }
}
