/** The frame of an operator's pages: sign-out, navigation, and the state of the feed. */
import { whenReplica } from "./api.js"
import { byId, h, pressed, setText, show } from "./dom.js"
import { makeNotices } from "./notices.js"
import { ownPath, rooted } from "./place.js"
import { signIn, signOut } from "./signin.js"
import { clockText, every, tick } from "./time.js"
import { say, sayOf, translate } from "./words.js"

/** @typedef {import("./types.js").FeedState} FeedState */
/**
 * @typedef {object} Session
 * @property {AbortSignal} signal ends with the page
 * @property {import("./notices.js").Notices} notices
 * @property {(state: FeedState) => void} onFeed
 */

/** @param {string} path @param {import("./words.js").Word} word */
const link = (path, word) =>
  h("a", { href: rooted(path), "aria-current": ownPath() === path ? "page" : null }, say(word))

const makeHeader = () => {
  const feed = h("span", { class: "feed", role: "status", "aria-label": say("feed") })
  const leave = h("button", { type: "button", class: "quiet" }, say("signOut"))
  pressed(leave, () => signOut())
  const replicas = link("/replicas", "replicas")
  // The service says with each answer that it has others beside it.
  show(replicas, false)
  whenReplica(() => show(replicas, true))
  const element = h(
    "header",
    { class: "top" },
    h("span", { class: "brand" }, "evolution-listener"),
    h(
      "nav",
      { "aria-label": say("pages") },
      link("/", "instances"),
      link("/monitor", "monitor"),
      link("/deliveries", "endpoints"),
      replicas
    ),
    feed,
    leave
  )
  return { element, feed }
}

/** The countdown to the next attempt, outside of the part that screen readers announce. */
const makeTrouble = () => {
  const text = h("p", { role: "status", "aria-label": say("feedTrouble") })
  const seconds = h("span", {})
  const retry = h("span", { class: "retry", "aria-hidden": "true" })
  const element = h("div", { class: "banner warn", hidden: true }, text, retry)
  /** @param {FeedState} state */
  const update = ({ heardAt, message, retryAt, state }) => {
    const isFine = state === "live" || state === "connecting"
    show(element, !isFine)
    const old = heardAt === null ? say("notLiveYet") : say("notLive", { time: clockText(heardAt) })
    setText(text, isFine ? "" : state === "refused" ? say("feedRefused", { message }) : old)
    const [before = "", after = ""] = say("retryIn", { seconds: "|" }).split("|")
    seconds.setAttribute("data-until", String(retryAt ?? 0))
    if (retryAt === null) retry.replaceChildren()
    else retry.replaceChildren(before, seconds, after)
    tick(element)
  }
  return { element, update }
}

/** Signs in, then runs a page until it is left. @param {(session: Session) => void} page */
export const open = async (page) => {
  translate(document)
  // A page from the browser's cache has lost its feed and its timers.
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload())
  await signIn()
  const end = new AbortController()
  addEventListener("pagehide", () => end.abort(), { once: true })
  const { signal } = end
  const main = byId("main", HTMLElement)
  const header = makeHeader()
  const trouble = makeTrouble()
  const notices = makeNotices(signal)
  main.before(header.element, trouble.element)
  main.prepend(notices.element)
  show(main, true)
  main.focus()
  every(1000, () => tick(document), signal)
  page({
    signal,
    notices,
    onFeed: (state) => {
      header.feed.dataset.state = state.state
      setText(header.feed, sayOf("feed", state.state))
      trouble.update(state)
    }
  })
}
