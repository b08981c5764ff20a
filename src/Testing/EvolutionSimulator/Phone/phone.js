/** The phones, drawn anew each second from what the simulated Evolution tells. */

/** @param {string} id */
const element = (id) => {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`The page has no #${id}`)
  return found
}

const states = {
  open: "Linked",
  connecting: "Waiting for a scan",
  close: "Not linked",
  unknown: "Not loaded"
}

/** @type {Map<string, HTMLElement>} */
const phones = new Map()
let isAway = false
let refreshing = Promise.resolve()

const refresh = () => {
  if (!isAway) refreshing = look()
  return refreshing
}

const look = async () => {
  const response = await fetch("/phone/instances")
  /** @type {ReadonlyArray<import("./Card.ts").Card>} */
  const cards = await response.json()
  for (const [name, phone] of phones)
    if (!cards.some((card) => card.name === name)) {
      phone.remove()
      phones.delete(name)
    }
  for (const card of cards) draw(phones.get(card.name) ?? add(card.name), card)
  element("none").hidden = cards.length > 0
}

/** @param {string} name */
const add = (name) => {
  const template = element("phone")
  if (!(template instanceof HTMLTemplateElement)) throw new Error("#phone is no template")
  const copy = template.content.cloneNode(true)
  const phone = /** @type {DocumentFragment} */ (copy).querySelector("article")
  if (phone === null) throw new Error("The template has no phone")
  phone.setAttribute("aria-label", name)
  part(phone, "h2").textContent = name
  for (const act of ["scan", "code", "logout"])
    part(phone, `[name=${act}]`).addEventListener("click", () => press(name, act))
  part(phone, "form").addEventListener("submit", (event) => {
    event.preventDefault()
    const text = /** @type {HTMLInputElement} */ (part(phone, "input")).value
    press(name, `message?text=${encodeURIComponent(text)}`)
  })
  element("phones").append(phone)
  phones.set(name, phone)
  return phone
}

/**
 * @param {HTMLElement} phone
 * @param {import("./Card.ts").Card} card
 */
const draw = (phone, { phone: number, profileName, qr, state }) => {
  const who = number === null ? "" : ` to +${number} (${profileName})`
  part(phone, ".state").textContent = states[state] + who
  const picture = /** @type {HTMLImageElement} */ (part(phone, ".code"))
  picture.hidden = qr === null
  part(phone, ".blank").hidden = qr !== null
  if (qr !== null && picture.src !== qr.picture) {
    picture.src = qr.picture
    picture.alt = `QR code ${qr.number}`
  }
  const able = { scan: qr !== null, code: qr !== null, logout: state === "open" }
  for (const [act, yes] of Object.entries(able)) enable(part(phone, `[name=${act}]`), yes)
  enable(part(phone, "form button"), state === "open")
}

/**
 * @param {HTMLElement} phone
 * @param {string} selector
 * @returns {HTMLElement}
 */
const part = (phone, selector) => {
  const found = phone.querySelector(selector)
  if (!(found instanceof HTMLElement)) throw new Error(`A phone has no ${selector}`)
  return found
}

/**
 * @param {HTMLElement} button
 * @param {boolean} yes
 */
const enable = (button, yes) => button.toggleAttribute("disabled", !yes)

/**
 * @param {string} name
 * @param {string} act
 */
const press = async (name, act) => {
  const path = `/phone/instances/${encodeURIComponent(name)}/${act}`
  const response = await fetch(path, { method: "POST" })
  const { message = "" } = await response.json()
  element("word").textContent = message
  await refresh()
}

const stop = async () => {
  isAway = true
  await refreshing
  const { millis } = await (await fetch("/phone/outage", { method: "POST" })).json()
  enable(element("outage"), false)
  for (const button of document.querySelectorAll("article button"))
    button.setAttribute("disabled", "")
  const end = Date.now() + millis + 1000
  const tick = () => {
    const seconds = Math.ceil((end - Date.now()) / 1000)
    element("word").textContent =
      seconds > 0 ? `Evolution is stopped; it comes back in ${seconds} s` : "Evolution is back"
    if (seconds > 0) return setTimeout(tick, 250)
    isAway = false
    enable(element("outage"), true)
    return refresh()
  }
  tick()
}

const run = async () => {
  try {
    await refresh()
  } catch {
    element("word").textContent = "The simulated Evolution does not answer"
  }
  setTimeout(run, 500)
}

element("outage").addEventListener("click", stop)
run()
