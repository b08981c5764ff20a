/** The page of one instance: status, code, timeline, profile and recent troubles. */
import { makeActions, makeButtons } from "./actions.js"
import { address, ask, messageOf } from "./api.js"
import { showDegraded } from "./degraded.js"
import { byId, h, setText, show } from "./dom.js"
import { troubleItem, troublesOf } from "./errors.js"
import { isImporting, makeImport } from "./history.js"
import { makePart } from "./part.js"
import { ownPath, rooted } from "./place.js"
import { makeQrPanel } from "./qr.js"
import { watchRoster } from "./roster.js"
import { askServers, inAddress, labelOf, servers } from "./servers.js"
import { open } from "./shell.js"
import { actionsFor, gapsOf, initials, linkOf, toDoOf, wantedOf, whatsappOf } from "./status.js"
import { every, settled } from "./time.js"
import { makeTimeline } from "./timeline.js"
import { say } from "./words.js"

/** @typedef {import("./types.js").Gap} Gap */
/** @typedef {import("./types.js").InstanceStatus} InstanceStatus */

const name = decodeURIComponent(ownPath().split("/")[2] ?? "")
/**
 * An address without a server is one of a service with one server, or of a name that only one has. The first answer
 * tells which, and from then on nothing else is asked.
 * @type {import("./types.js").Instance}
 */
const instance = { name, server: new URLSearchParams(location.search).get("server") }
const periods = /** @type {const} */ (["1", "6", "24", "168"])
const maxGaps = "20"
/** Interval in ms at which the timeline moves on to the current time. */
const redrawMillis = 60_000
/** Interval in ms at which the progress of an import is looked at. */
const progressMillis = 2000

const makeProfile = () => {
  const avatar = h("div", { class: "avatar", "aria-hidden": "true" })
  const who = h("dd")
  const phone = h("dd")
  const event = h("span")
  const age = h("span", { class: "age" })
  const facts = h(
    "dl",
    {},
    h("dt", {}, say("profileName")),
    who,
    h("dt", {}, say("phone")),
    phone,
    h("dt", {}, say("lastEvent")),
    h("dd", {}, event, " ", age)
  )
  /** @param {InstanceStatus} status @param {number} at */
  const update = ({ lastEvent, profile }, at) => {
    setText(avatar, initials(profile.name ?? name))
    setText(who, profile.name ?? say("nothingKnown"))
    setText(phone, profile.phone === null ? say("nothingKnown") : `+${profile.phone}`)
    setText(event, lastEvent?.event ?? say("nothingKnown"))
    show(age, lastEvent !== null)
    if (lastEvent !== null) age.dataset.since = String(at - lastEvent.ageSeconds * 1000)
  }
  return { element: h("div", { class: "profile" }, avatar, facts), update }
}

open(({ notices, onFeed, signal }) => {
  setText(byId("title", HTMLElement), name)
  const content = byId("content", HTMLElement)
  const period = byId("period", HTMLSelectElement)
  const qr = byId("qr", HTMLElement)

  const heads = /** @type {const} */ (["wanted", "ourLink", "whatsapp", "gaps"])
  const parts = heads.map(makePart)
  byId("status", HTMLElement).append(
    ...heads.map((head, index) =>
      h("div", {}, h("dt", {}, say(head)), h("dd", {}, parts[index]?.element ?? ""))
    )
  )
  const toDo = makePart()
  byId("to-do", HTMLElement).append(toDo.element)
  const panel = makeQrPanel({ instance, notices, signal })
  qr.append(panel.element)
  const profile = makeProfile()
  byId("profile", HTMLElement).append(profile.element)
  const timeline = makeTimeline(name)
  byId("timeline", HTMLElement).append(timeline.element)
  period.append(...periods.map((hours) => h("option", { value: hours }, say(`hours_${hours}`))))
  period.value = "24"

  /** @type {ReadonlyArray<Gap>} */
  let gaps = []
  /** @type {InstanceStatus | null} */
  let status = null

  /** @param {string} gap */
  const retryGap = async (gap) => {
    try {
      await ask("POST", address(instance, `/gaps/${gap}/retry`))
      notices.tell(say("done_retryGap"))
      lookBackSoon()
    } catch (error) {
      if (!signal.aborted) notices.fail(say("failed_retryGap", { message: messageOf(error) }))
    }
  }

  const showTroubles = () => {
    if (status === null) return
    const troubles = troublesOf(status, gaps)
    byId("errors", HTMLElement).replaceChildren(
      ...troubles.map((trouble) => troubleItem(trouble, retryGap))
    )
    show(byId("no-errors", HTMLElement), troubles.length === 0)
  }

  const lookBack = async () => {
    try {
      const [past, ledger] = await Promise.all([
        /** @type {Promise<import("./types.js").Timeline>} */ (
          ask("GET", address(instance, "/timeline", { hours: period.value }), { signal })
        ),
        /** @type {Promise<{ gaps: Gap[] }>} */ (
          ask("GET", address(instance, "/gaps", { limit: maxGaps }), { signal })
        )
      ])
      gaps = ledger.gaps
      timeline.update(past)
      showTroubles()
    } catch (error) {
      if (!signal.aborted) notices.fail(say("noTimeline", { message: messageOf(error) }))
    }
  }
  const lookBackSoon = settled(300, lookBack, signal)
  byId("history", HTMLElement).append(
    makeImport({ instance, notices, signal, onBegun: lookBackSoon })
  )

  /** @param {InstanceStatus} seen */
  const turnOf = ({ gaps: { open: gap, unrecovered }, listener, whatsapp }) =>
    [
      listener.state._tag,
      listener.state.since,
      whatsapp?.state,
      whatsapp?.at,
      gap?.id,
      unrecovered
    ].join()

  /** @param {InstanceStatus} seen @param {number} at */
  const update = (seen, at) => {
    if (status === null || turnOf(status) !== turnOf(seen)) lookBackSoon()
    status = seen
    showDegraded(seen.degraded)
    const shown = [wantedOf(seen, at), linkOf(seen, at), whatsappOf(seen, at), gapsOf(seen)]
    for (const [index, part] of shown.entries()) parts[index]?.update(part)
    toDo.update(toDoOf(seen))
    buttons.update(seen)
    actions.update(seen)
    profile.update(seen, at)
    show(qr, actionsFor(seen).showQr)
    panel.update(seen)
    showTroubles()
  }

  /** Names the server on the page and in its addresses, where there are several. */
  const showServer = () => {
    const own = inAddress(instance.server)
    byId("events-link", HTMLAnchorElement).href = rooted(
      `/monitor?instance=${encodeURIComponent(name)}${own === "" ? "" : `&${own}`}`
    )
    setText(byId("server", HTMLElement), [say("server"), instance.server].join(" "))
    document.title = labelOf(instance)
    if (own !== "") window.history.replaceState(null, "", `?${own}`)
  }
  showServer()

  const roster = watchRoster({
    only: instance,
    signal,
    onFeed,
    onChange: (seen) => {
      const [found] = seen.values()
      if (found !== undefined) instance.server ??= found.status.server
      if (servers().length === 0) void askServers(signal).then(showServer)
      show(content, found !== undefined)
      show(buttons.element, found !== undefined)
      show(toDo.element, found !== undefined)
      setText(
        byId("trouble", HTMLElement),
        found === undefined ? say("noInstance", { name: labelOf(instance) }) : ""
      )
      if (found !== undefined) update(found.status, found.at)
    },
    onTrouble: (message) => {
      if (message !== null) setText(byId("trouble", HTMLElement), say("failed_load", { message }))
    }
  })
  const actions = makeActions({
    notices,
    signal,
    onQr: () => qr.scrollIntoView({ block: "nearest" }),
    onStatus: roster.put
  })
  const buttons = makeButtons(instance, actions, "title")
  byId("buttons", HTMLElement).append(buttons.element)

  const resized = new ResizeObserver(timeline.draw)
  resized.observe(timeline.drawing)
  signal.addEventListener("abort", () => resized.disconnect(), { once: true })
  every(redrawMillis, () => document.visibilityState === "visible" && lookBack(), signal)
  every(
    progressMillis,
    () => document.visibilityState === "visible" && gaps.some(isImporting) && lookBack(),
    signal
  )
  period.addEventListener("change", lookBack, { signal })
})
