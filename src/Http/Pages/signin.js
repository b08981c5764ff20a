/** Signing in: the key is pasted once, or a one-time ticket in the address is exchanged for a session. */
import { ApiError, ask, canBeKey, credential, forget, keep, whenUnauthorized } from "./api.js"
import { h } from "./dom.js"
import { makeNotices } from "./notices.js"
import { say } from "./words.js"

const farewell = "evolution-listener.farewell"

/**
 * The tab starts over, so that nothing of what was seen stays.
 * @param {"keyRefusedLater"} [reason]
 */
export const signOut = (reason) => {
  forget()
  if (reason !== undefined) sessionStorage.setItem(farewell, reason)
  location.reload()
}

/** Once read, a ticket is gone from the address, and so from the history. */
const takeTicket = () => {
  const ticket = /^#ticket=(.+)$/.exec(location.hash)?.[1]
  if (ticket === undefined) return null
  history.replaceState(null, "", location.pathname + location.search)
  return ticket
}

/** @param {string} ticket @returns {Promise<string>} why it did not work; empty: it did */
const exchange = async (ticket) => {
  try {
    const { token } = await /** @type {Promise<{ token: string }>} */ (
      ask("POST", "/session", { body: { ticket }, as: {} })
    )
    keep({ kind: "session", value: token })
    return ""
  } catch (error) {
    if (error instanceof ApiError)
      return error.status === 401 ? say("ticketRefused") : error.message
    throw error
  }
}

/** @param {string} key @returns {Promise<string>} why it did not work; empty: it did */
const tryKey = async (key) => {
  if (key === "") return say("keyMissing")
  if (!canBeKey(key)) return say("keyRefused")
  try {
    await ask("GET", "/instances", { as: { apikey: key } })
    keep({ kind: "key", value: key })
    return ""
  } catch (error) {
    if (error instanceof ApiError) return error.status === 401 ? say("keyRefused") : error.message
    throw error
  }
}

/** @param {string} reason @returns {Promise<void>} when somebody is in */
const form = (reason) =>
  new Promise((resolve) => {
    const end = new AbortController()
    const notices = makeNotices(end.signal)
    const key = h("input", {
      id: "api-key",
      type: "password",
      autocomplete: "off",
      spellcheck: "false",
      "aria-describedby": "api-key-hint"
    })
    const element = h(
      "form",
      { class: "card sign-in" },
      h("h1", {}, say("signIn")),
      h("p", { id: "api-key-hint", class: "hint" }, say("signInHint")),
      h("label", { for: "api-key" }, say("apiKey")),
      key,
      h("button", { type: "submit", class: "primary" }, say("signIn")),
      notices.element
    )
    const place = h("main", { class: "narrow" }, element)
    element.addEventListener("submit", async (event) => {
      event.preventDefault()
      const problem = await tryKey(key.value.trim())
      if (problem !== "") {
        notices.fail(problem)
        key.focus()
        return
      }
      key.value = ""
      end.abort()
      place.remove()
      resolve()
    })
    document.body.append(place)
    key.focus()
    if (reason !== "") notices.fail(reason)
  })

/** Resolves when there is a credential to ask with. */
export const signIn = async () => {
  whenUnauthorized(() => signOut("keyRefusedLater"))
  // A link with a ticket that is opened in this tab changes the address, and loads nothing.
  addEventListener("hashchange", () => location.hash.startsWith("#ticket=") && location.reload())
  const ticket = takeTicket()
  const problem = ticket === null ? "" : await exchange(ticket)
  const reason = sessionStorage.getItem(farewell)
  sessionStorage.removeItem(farewell)
  if (problem !== "" || credential() === null)
    await form(problem || (reason === "keyRefusedLater" ? say(reason) : ""))
}
