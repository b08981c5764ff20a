/** Sign-in: by a pasted key, or by a one-time ticket in the URL that is exchanged for a session. */
import { ApiError, ask, canBeKey, credential, forget, keep, whenUnauthorized } from "./api.js"
import { h } from "./dom.js"
import { makeNotices } from "./notices.js"
import { say } from "./words.js"

const farewell = "evolution-listener.farewell"

/**
 * Reloads the tab, so that no data stays in its memory.
 * @param {"keyRefusedLater"} [reason]
 */
export const signOut = (reason) => {
  forget()
  if (reason !== undefined) sessionStorage.setItem(farewell, reason)
  location.reload()
}

/** Takes the ticket out of the URL, and so out of the history. */
const takeTicket = () => {
  const ticket = /^#ticket=(.+)$/.exec(location.hash)?.[1]
  if (ticket === undefined) return null
  history.replaceState(null, "", location.pathname + location.search)
  return ticket
}

/** @param {string} ticket @returns {Promise<string>} the reason of a failure; empty on success */
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

/** @param {string} key @returns {Promise<string>} the reason of a failure; empty on success */
const tryKey = async (key) => {
  if (key === "") return say("keyMissing")
  if (!canBeKey(key)) return say("keyRefused")
  try {
    await ask("GET", "/keys/self", { as: { apikey: key } })
    keep({ kind: "key", value: key })
    return ""
  } catch (error) {
    if (error instanceof ApiError) return error.status === 401 ? say("keyRefused") : error.message
    throw error
  }
}

/** @param {string} reason @returns {Promise<void>} resolves after the sign-in */
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

/** Resolves when the page has a credential. */
export const signIn = async () => {
  whenUnauthorized(() => signOut("keyRefusedLater"))
  // Opening a link with a ticket in this tab changes the URL, but loads nothing.
  addEventListener("hashchange", () => location.hash.startsWith("#ticket=") && location.reload())
  const ticket = takeTicket()
  const problem = ticket === null ? "" : await exchange(ticket)
  const reason = sessionStorage.getItem(farewell)
  sessionStorage.removeItem(farewell)
  if (problem !== "" || credential() === null)
    await form(problem || (reason === "keyRefusedLater" ? say(reason) : ""))
}
