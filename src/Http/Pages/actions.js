/** The commands of an instance as buttons; a failure is shown in the service's own words. */
import { ask, instancePath, localTime, messageOf } from "./api.js"
import { openDialog } from "./dialog.js"
import { button, h, pressed, setAttribute, setText, show } from "./dom.js"
import { makeQrPanel } from "./qr.js"
import { actionsFor } from "./status.js"
import { clockText } from "./time.js"
import { say, sayOf } from "./words.js"

/** @typedef {import("./types.js").InstanceStatus} InstanceStatus */

/**
 * @param {object} options
 * @param {import("./notices.js").Notices} options.notices
 * @param {(status: InstanceStatus) => void} options.onStatus gets the answer of each command
 * @param {(name: string) => void} [options.onQr] shows codes in place of a dialog
 * @param {AbortSignal} options.signal
 */
export const makeActions = ({ notices, onQr, onStatus, signal }) => {
  /**
   * Dialogs that show a status as it changes.
   * @type {Map<string, (status: InstanceStatus) => void>}
   */
  const watching = new Map()
  /** @type {Map<string, InstanceStatus>} */
  const last = new Map()

  /** @param {string} verb @param {string} name @param {() => Promise<void>} run */
  const attempt = async (verb, name, run) => {
    try {
      await run()
      const done = sayOf("done", verb, { name }, "")
      if (done !== "") notices.tell(done)
    } catch (error) {
      if (!signal.aborted) notices.fail(sayOf("failed", verb, { name, message: messageOf(error) }))
    }
  }

  /** @param {string} name @param {string} path @param {object} [body] */
  const command = async (name, path, body) =>
    onStatus(
      await ask(
        "POST",
        path === "" ? "/instances" : `${instancePath(name)}/${path}`,
        body === undefined ? {} : { body }
      )
    )

  /** @param {string} name */
  const showQr = (name) => {
    if (onQr !== undefined) return onQr(name)
    openDialog(
      say("qrOf", { name }),
      (inside) => {
        const panel = makeQrPanel({ name, ...inside })
        const again = button(
          "newQr",
          () =>
            ask("POST", `${instancePath(name)}/qrcode`).then(
              () => inside.notices.tell(say("done_newQr")),
              (error) =>
                inside.notices.fail(say("failed_newQr", { name, message: messageOf(error) }))
            ),
          { hidden: true }
        )
        /** @param {InstanceStatus} status */
        const update = (status) => {
          panel.update(status)
          show(again, actionsFor(status).newQr)
        }
        watching.set(name, update)
        inside.signal.addEventListener("abort", () => watching.delete(name))
        const known = last.get(name)
        if (known !== undefined) update(known)
        return h("div", { class: "body" }, panel.element, again)
      },
      signal
    )
  }

  /** @param {string} name */
  const copyLink = (name) =>
    attempt("copyLink", name, async () => {
      const { expiresAt, url } = await /** @type {Promise<{ url: string, expiresAt: string }>} */ (
        ask("POST", `${instancePath(name)}/pairing-links`, { body: {} })
      )
      openDialog(
        say("linkOf", { name }),
        (inside) => linkPanel(url, expiresAt, inside.notices),
        signal
      )
    })

  /** @param {string} name */
  const newQr = (name) =>
    attempt("newQr", name, async () => {
      await command(name, "qrcode")
      showQr(name)
    })

  return {
    hasDialog: onQr === undefined,
    showQr,
    copyLink,
    newQr,
    /** @param {"start" | "stop" | "restart"} verb @param {string} name */
    run: (verb, name) => attempt(verb, name, () => command(name, verb)),
    /** @param {string} name */
    createAgain: (name) =>
      attempt("createAgain", name, async () => {
        await command(name, "", { name })
        showQr(name)
      }),
    /** Gives open dialogs the newest status. @param {InstanceStatus} status */
    update: (status) => {
      last.set(status.name, status)
      watching.get(status.name)?.(status)
    }
  }
}

/** @typedef {ReturnType<typeof makeActions>} Actions */

/**
 * Browsers refuse to copy on some addresses, so the link can be seen and selected, too.
 * @param {string} url
 * @param {string} expiresAt
 * @param {import("./notices.js").Notices} notices
 */
const linkPanel = (url, expiresAt, notices) => {
  const field = h("input", { id: "pairing-link", readonly: true, autofocus: true, value: url })
  const copy = async () => {
    field.select()
    try {
      await navigator.clipboard.writeText(url)
      notices.tell(say("copied"))
    } catch {
      notices.tell(say("notCopied"))
    }
  }
  void copy()
  return h(
    "div",
    { class: "body" },
    h("p", { class: "hint" }, say("linkHint", { time: clockText(localTime(expiresAt)) })),
    h("label", { for: "pairing-link" }, say("link")),
    h("div", { class: "inline" }, field, button("copy", copy))
  )
}

/**
 * The buttons of one instance.
 * @param {string} name
 * @param {Actions} actions
 * @param {string} describedBy id of the element that names the instance
 */
export const makeButtons = (name, actions, describedBy) => {
  const attributes = { "aria-describedby": describedBy }
  /** @type {"start" | "stop"} */
  let toggle = "start"
  // One element starts and stops, so that the focus stays on it.
  const onOff = h("button", { type: "button", ...attributes })
  pressed(onOff, () => actions.run(toggle, name))
  const all = {
    showQr: button("showQr", () => actions.showQr(name), attributes),
    newQr: button("newQr", () => actions.newQr(name), attributes),
    createAgain: button("createAgain", () => actions.createAgain(name), attributes),
    copyLink: button("copyLink", () => actions.copyLink(name), attributes),
    restart: button("restart", () => actions.run("restart", name), attributes)
  }
  const { copyLink, createAgain, newQr, restart, showQr } = all
  const element = h(
    "div",
    { class: "buttons" },
    showQr,
    newQr,
    createAgain,
    onOff,
    restart,
    copyLink
  )

  /** @param {InstanceStatus} status */
  const update = (status) => {
    const can = actionsFor(status)
    toggle = can.toggle
    setText(onOff, say(toggle))
    show(showQr, can.showQr && actions.hasDialog)
    show(newQr, can.newQr)
    show(createAgain, can.createAgain)
    show(copyLink, can.copyLink)
    show(restart, can.restart)
    const first = { scan_qr: showQr, request_qr: newQr, recreate_instance: createAgain }
    for (const one of Object.values(all))
      setAttribute(
        one,
        "class",
        Object.entries(first).some(([action, it]) => it === one && action === status.userAction)
          ? "primary"
          : null
      )
    setAttribute(onOff, "class", toggle === "start" ? "primary" : null)
    // The button that was pressed last may be hidden now.
    if (
      document.activeElement instanceof HTMLButtonElement &&
      document.activeElement.hidden &&
      element.contains(document.activeElement)
    )
      onOff.focus()
  }
  return { element, update }
}
