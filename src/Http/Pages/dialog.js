/**
 * A modal dialog with a signal of its own. Escape closes it, and a press beside it unless it has `data-keep`, as what is
 * in it would be lost. The focus goes back to the element that had it.
 */
import { button, h } from "./dom.js"
import { makeNotices } from "./notices.js"

let count = 0

/**
 * @param {string} title
 * @param {(inside: { signal: AbortSignal, notices: import("./notices.js").Notices }) => Node} build
 * @param {AbortSignal} owner
 */
export const openDialog = (title, build, owner) => {
  const end = new AbortController()
  const signal = AbortSignal.any([owner, end.signal])
  const notices = makeNotices(signal)
  const id = `dialog-${++count}`
  const dialog = h("dialog", { "aria-labelledby": id })
  const before = document.activeElement
  dialog.append(
    h("h2", { id }, title),
    build({ signal, notices }),
    notices.element,
    h(
      "footer",
      {},
      button("close", () => dialog.close(), { class: "quiet" })
    )
  )
  dialog.addEventListener(
    "click",
    ({ target }) => target === dialog && !("keep" in dialog.dataset) && dialog.close(),
    { signal }
  )
  dialog.addEventListener("close", () => {
    end.abort()
    dialog.remove()
    // The pressed button may be hidden by now; its neighbour is nearer than the top of the page.
    const near = before?.parentElement?.querySelector("button:not([hidden])")
    if (document.activeElement === document.body && near instanceof HTMLElement) near.focus()
  })
  owner.addEventListener("abort", () => dialog.close(), { once: true, signal: end.signal })
  document.body.append(dialog)
  dialog.showModal()
  return dialog
}
