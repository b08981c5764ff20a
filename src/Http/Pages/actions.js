/** The commands of an instance as buttons; a failure is shown in the service's own words. */
import { address, ask, localTime, messageOf } from "./api.js"
import { makeCopy } from "./copy.js"
import { openDialog } from "./dialog.js"
import { button, h, pressed, setAttribute, setText, show } from "./dom.js"
import { makeQrPanel } from "./qr.js"
import { keyOf, labelOf } from "./servers.js"
import { actionsFor } from "./status.js"
import { clockText } from "./time.js"
import { say, sayOf } from "./words.js"

/** @typedef {import("./types.js").Instance} Instance */
/** @typedef {import("./types.js").InstanceStatus} InstanceStatus */

/**
 * @param {object} options
 * @param {import("./notices.js").Notices} options.notices
 * @param {(status: InstanceStatus) => void} options.onStatus gets the answer of each command
 * @param {() => void} [options.onQr] shows codes in place of a dialog
 * @param {AbortSignal} options.signal
 */
export const makeActions = ({ notices, onQr, onStatus, signal }) => {
  /**
   * Dialogs that show a status as it changes, by the key of the instance.
   * @type {Map<string, (status: InstanceStatus) => void>}
   */
  const watching = new Map()
  /** @type {Map<string, InstanceStatus>} */
  const last = new Map()

  /** @param {string} verb @param {Instance} instance @param {() => Promise<void>} run */
  const attempt = async (verb, instance, run) => {
    const name = labelOf(instance)
    try {
      await run()
      const done = sayOf("done", verb, { name }, "")
      if (done !== "") notices.tell(done)
    } catch (error) {
      if (!signal.aborted) notices.fail(sayOf("failed", verb, { name, message: messageOf(error) }))
    }
  }

  /** @param {Instance} instance @param {string} path */
  const command = async (instance, path) => onStatus(await ask("POST", address(instance, path)))

  /** @param {Instance} instance */
  const showQr = (instance) => {
    if (onQr !== undefined) return onQr()
    const name = labelOf(instance)
    openDialog(
      say("qrOf", { name }),
      (inside) => {
        const panel = makeQrPanel({ instance, ...inside })
        const again = button(
          "newQr",
          () =>
            ask("POST", address(instance, "/qrcode")).then(
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
        const key = keyOf(instance)
        watching.set(key, update)
        inside.signal.addEventListener("abort", () => watching.delete(key))
        const known = last.get(key)
        if (known !== undefined) update(known)
        return h("div", { class: "body" }, panel.element, again)
      },
      signal
    )
  }

  /** @param {Instance} instance */
  const copyLink = (instance) =>
    attempt("copyLink", instance, async () => {
      const { expiresAt, url } = await /** @type {Promise<{ url: string, expiresAt: string }>} */ (
        ask("POST", address(instance, "/pairing-links"), { body: {} })
      )
      openDialog(
        say("linkOf", { name: labelOf(instance) }),
        (inside) => linkPanel(url, expiresAt, inside.notices),
        signal
      )
    })

  /** @param {Instance} instance */
  const newQr = (instance) =>
    attempt("newQr", instance, async () => {
      await command(instance, "/qrcode")
      showQr(instance)
    })

  return {
    hasDialog: onQr === undefined,
    showQr,
    copyLink,
    newQr,
    /** @param {"start" | "stop" | "restart"} verb @param {Instance} instance */
    run: (verb, instance) => attempt(verb, instance, () => command(instance, `/${verb}`)),
    /** @param {Instance} instance */
    createAgain: (instance) =>
      attempt("createAgain", instance, async () => {
        const { name, server } = instance
        onStatus(await create(server, { name }))
        showQr(instance)
      }),
    /** Gives open dialogs the newest status. @param {InstanceStatus} status */
    update: (status) => {
      last.set(keyOf(status), status)
      watching.get(keyOf(status))?.(status)
    }
  }
}

/** @typedef {ReturnType<typeof makeActions>} Actions */

/**
 * @param {string | null} server `null`: the service's only one
 * @param {{ name: string, number?: string }} body
 * @returns {Promise<InstanceStatus>}
 */
export const create = (server, body) =>
  ask("POST", `/instances${server === null ? "" : `?server=${encodeURIComponent(server)}`}`, {
    body
  })

/**
 * @param {string} url
 * @param {string} expiresAt
 * @param {import("./notices.js").Notices} notices
 */
const linkPanel = (url, expiresAt, notices) => {
  const { copy, parts } = makeCopy("link", url, notices)
  void copy()
  return h(
    "div",
    { class: "body" },
    h("p", { class: "hint" }, say("linkHint", { time: clockText(localTime(expiresAt)) })),
    ...parts
  )
}

/**
 * The buttons of one instance.
 * @param {Instance} instance
 * @param {Actions} actions
 * @param {string} describedBy id of the element that names the instance
 */
export const makeButtons = (instance, actions, describedBy) => {
  const attributes = { "aria-describedby": describedBy }
  /** @type {"start" | "stop"} */
  let toggle = "start"
  // One element starts and stops, so that the focus stays on it.
  const onOff = h("button", { type: "button", ...attributes })
  pressed(onOff, () => actions.run(toggle, instance))
  const all = {
    showQr: button("showQr", () => actions.showQr(instance), attributes),
    newQr: button("newQr", () => actions.newQr(instance), attributes),
    createAgain: button("createAgain", () => actions.createAgain(instance), attributes),
    copyLink: button("copyLink", () => actions.copyLink(instance), attributes),
    restart: button("restart", () => actions.run("restart", instance), attributes)
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
