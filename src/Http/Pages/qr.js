/** The code to scan now, as long as there is one: it counts down, is replaced by the next, and ends in a number. */
import { ask, image, instancePath, localTime, messageOf } from "./api.js"
import { h, setAttribute, setText, show } from "./dom.js"
import { every, secondsLeft } from "./time.js"
import { say } from "./words.js"

/** @typedef {import("./types.js").InstanceStatus} InstanceStatus */
/** @typedef {import("./types.js").Qr} Qr */

/** How often an expired code is asked for again, when no event brings the next one. */
const askAgainMillis = 3000

/** Typed in two groups, as the phone shows it. @param {string} code */
export const pairingText = (code) =>
  code.length === 8 ? `${code.slice(0, 4)}-${code.slice(4)}` : code

/** Evolution's own drawing, or the service's. @param {string} name @param {string | null} drawn @param {AbortSignal} signal */
const imageOf = async (name, drawn, signal) =>
  drawn?.startsWith("data:image/")
    ? drawn
    : URL.createObjectURL(await image(`${instancePath(name)}/qrcode?format=svg`, signal))

/** @param {string} label what the image is called */
export const makeCode = (label) => {
  const picture = h("img", { alt: label, width: 264, height: 264 })
  const timer = h("p", { role: "timer", class: "timer" })
  const code = h("code", {})
  const pairing = h("p", { class: "pairing", hidden: true }, `${say("pairingCode")} `, code)
  const element = h("div", { class: "code", hidden: true }, picture, timer, pairing)
  let expiresAt = 0
  const render = () => {
    const seconds = secondsLeft(expiresAt, Date.now())
    setText(timer, seconds > 0 ? say("validFor", { seconds }) : say("nextIsComing"))
    setAttribute(element, "data-expired", seconds > 0 ? null : "")
  }
  return {
    element,
    render,
    isShown: () => !element.hidden,
    isExpired: () => secondsLeft(expiresAt, Date.now()) === 0,
    hide: () => {
      show(element, false)
      picture.removeAttribute("src")
    },
    /** @param {{ source: string, pairingCode: string | null, expiresAt: number }} shown */
    update: (shown) => {
      if (picture.src.startsWith("blob:")) URL.revokeObjectURL(picture.src)
      picture.src = shown.source
      expiresAt = shown.expiresAt
      setText(code, pairingText(shown.pairingCode ?? ""))
      show(pairing, shown.pairingCode !== null)
      show(element, true)
      render()
    }
  }
}

/** @param {{ name: string, notices: import("./notices.js").Notices, signal: AbortSignal }} options */
export const makeQrPanel = ({ name, notices, signal }) => {
  const word = h("p", { class: "word", role: "status" })
  const code = makeCode(say("qrOf", { name }))
  const number = h("input", { id: `number-${name}`, inputmode: "numeric", autocomplete: "off" })
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

  /** The code that is shown or being fetched, by the time until which it holds. @type {string | null} */
  let current = null
  let isOpen = false
  let isAsking = false
  let askedAt = 0

  const load = async () => {
    if (isAsking) return
    isAsking = true
    askedAt = Date.now()
    try {
      const qr = await /** @type {Promise<Qr>} */ (
        ask("GET", `${instancePath(name)}/qrcode?format=json`, { signal })
      )
      const source = await imageOf(name, qr.base64, signal)
      if (isOpen || signal.aborted) return
      const expiresAt = localTime(qr.expiresAt)
      if (current !== qr.expiresAt || !code.isShown())
        code.update({ source, pairingCode: qr.pairingCode, expiresAt })
      current = qr.expiresAt
      setText(word, "")
    } catch (error) {
      if (signal.aborted || isOpen) return
      code.hide()
      current = null
      setText(word, messageOf(error))
    } finally {
      isAsking = false
    }
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    const digits = number.value.replaceAll(/[\s()+-]/g, "")
    if (!/^\d{5,20}$/.test(digits)) return notices.fail(say("numberRule"))
    try {
      await ask("POST", `${instancePath(name)}/pair`, { body: { number: digits }, signal })
      notices.tell("")
      current = null
      await load()
    } catch (error) {
      if (!signal.aborted) notices.fail(say("failed_pair", { message: messageOf(error) }))
    }
  })
  every(
    1000,
    () => {
      if (isOpen) return
      if (code.isShown()) code.render()
      if (code.isExpired() && Date.now() - askedAt > askAgainMillis) void load()
    },
    signal
  )

  /** @param {InstanceStatus} status */
  const update = ({ profile, qrExpiresAt, whatsapp }) => {
    isOpen = whatsapp?.state === "open"
    show(instead, !isOpen)
    setAttribute(word, "data-done", isOpen ? "" : null)
    if (isOpen) {
      code.hide()
      current = null
      const { phone } = profile
      setText(word, phone === null ? say("connected") : say("connectedAs", { phone: `+${phone}` }))
    } else if (qrExpiresAt === null || qrExpiresAt !== current) void load()
  }
  return { element, update }
}
