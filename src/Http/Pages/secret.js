/** A signing secret, which the service shows once. */
import { makeCopy } from "./copy.js"
import { h } from "./dom.js"
import { say } from "./words.js"

/**
 * @param {string} hint
 * @param {string} secret
 * @param {import("./notices.js").Notices} notices
 */
export const secretPanel = (hint, secret, notices) => {
  const { field, parts } = makeCopy("signingSecret", secret, notices)
  return {
    field,
    element: h(
      "div",
      { class: "body" },
      h("p", {}, hint),
      ...parts,
      h("p", { class: "hint" }, say("secretOnce"))
    )
  }
}
