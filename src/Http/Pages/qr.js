/** The current QR code: it counts down, the next one replaces it, and a connected number ends it. */
import { address, ask, image, localTime, messageOf } from "./api.js"
import { h, setAttribute, setText, show } from "./dom.js"
import { keyOf, labelOf } from "./servers.js"
import { noCodeOf } from "./status.js"
import { every, secondsLeft } from "./time.js"
import { say, sayOf } from "./words.js"

/** @typedef {import("./types.js").InstanceStatus} InstanceStatus */
/** @typedef {import("./types.js").Qr} Qr */

/** @param {string | null} phone */
export const connectedText = (phone) =>
  phone === null ? say("connected") : say("connectedAs", { phone: `+${phone}` })

/** Puts a pairing code in two groups, as the phone shows it. @param {string} code */
export const pairingText = (code) =>
  code.length === 8 ? `${code.slice(0, 4)}-${code.slice(4)}` : code

/** @param {string} label accessible name of the image */
export const makeCode = (label) => {
  const picture = h("img", { alt: label, width: 300, height: 300 })
  const timer = h("p", { role: "timer", class: "timer" })
  const code = h("code", {})
  const pairing = h("p", { class: "pairing", hidden: true }, `${say("pairingCode")} `, code)
  const element = h("div", { class: "code", hidden: true }, picture, timer, pairing)
  let expiresAt = 0
  const drop = () => {
    if (picture.src.startsWith("blob:")) URL.revokeObjectURL(picture.src)
    picture.removeAttribute("src")
  }
  const render = () => {
    const seconds = secondsLeft(expiresAt, Date.now())
    setText(timer, seconds > 0 ? say("validFor", { seconds }) : say("nextIsComing"))
    setAttribute(element, "data-expired", seconds > 0 ? null : "")
  }
  return {
    element,
    render,
    isShown: () => !element.hidden,
    hide: () => {
      show(element, false)
      drop()
    },
    /** @param {{ source: string, pairingCode: string | null, expiresAt: number }} shown */
    update: (shown) => {
      drop()
      picture.src = shown.source
      expiresAt = shown.expiresAt
      setText(code, pairingText(shown.pairingCode ?? ""))
      show(pairing, shown.pairingCode !== null)
      show(element, true)
      render()
    }
  }
}

/**
 * @param {{ instance: import("./types.js").Instance, notices: import("./notices.js").Notices, signal: AbortSignal }} options
 */
export const makeQrPanel = ({ instance, notices, signal }) => {
  const word = h("p", { class: "word", role: "status" })
  const code = makeCode(say("qrOf", { name: labelOf(instance) }))
  const number = h("input", {
    id: `number-${encodeURIComponent(keyOf(instance))}`,
    inputmode: "numeric",
    autocomplete: "off"
  })
  const get = h("button", { type: "submit" }, say("getCode"))
  const form = h(
    "form",
    { class: "inline" },
    h("label", { for: number.id }, say("number")),
    number,
    get
  )
  const instead = h("details", {}, h("summary", {}, say("codeInstead")), form)
  const element = h("div", { class: "qr" }, word, code.element, instead)

  /** Expiry of the code that is shown; tells codes apart. @type {string | null} */
  let wanted = null
  /** @type {string | null} */
  let asked = null
  let isBusy = false

  const showCode = async () => {
    const codeAs = (/** @type {string} */ format) => address(instance, "/qrcode", { format })
    const qr = await /** @type {Promise<Qr>} */ (ask("GET", codeAs("json"), { signal }))
    // The service draws the code sharp at any size; Evolution's picture is not.
    const drawn = await image(codeAs("svg"), signal)
    if (wanted === null) return
    const { expiresAt, pairingCode } = qr
    const source = URL.createObjectURL(drawn)
    code.update({ source, pairingCode, expiresAt: localTime(expiresAt) })
    setText(word, "")
  }

  /** Fetches one code at a time; the next one may be announced meanwhile. */
  const load = async () => {
    if (isBusy) return
    isBusy = true
    try {
      while (wanted !== asked && !signal.aborted) {
        asked = wanted
        if (asked !== null) await showCode()
      }
    } catch (error) {
      asked = null
      // A code stays on the page until it expires.
      if (!signal.aborted && wanted !== null && !code.isShown()) setText(word, messageOf(error))
    } finally {
      isBusy = false
    }
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    const digits = number.value.replaceAll(/[\s()+-]/g, "")
    if (!/^\d{5,20}$/.test(digits)) return notices.fail(say("numberRule"))
    try {
      const answer = await /** @type {Promise<{ expiresAt: string }>} */ (
        ask("POST", address(instance, "/pair"), { body: { number: digits }, signal })
      )
      notices.tell("")
      wanted = answer.expiresAt
      await load()
    } catch (error) {
      if (!signal.aborted) notices.fail(say("failed_pair", { message: messageOf(error) }))
    }
  })
  every(1000, code.render, signal)
  signal.addEventListener("abort", code.hide, { once: true })

  /** @param {InstanceStatus} status */
  const update = (status) => {
    const { profile, qrExpiresAt, whatsapp } = status
    const isOpen = whatsapp?.state === "open"
    wanted = isOpen ? null : qrExpiresAt
    show(instead, !isOpen)
    setAttribute(word, "data-done", isOpen ? "" : null)
    if (wanted === null) {
      code.hide()
      setText(word, isOpen ? connectedText(profile.phone) : sayOf("qr", noCodeOf(status)))
    }
    void load()
  }
  return { element, update }
}
