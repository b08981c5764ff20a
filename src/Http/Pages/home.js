/** The page of all instances: their states, their commands, and the form for a new one. */
import { makeActions, makeButtons, create as requestNew } from "./actions.js"
import { instancePath, isInPath, messageOf } from "./api.js"
import { showDegraded } from "./degraded.js"
import { byId, h, setAttribute, setText, show } from "./dom.js"
import { makeGroups } from "./groups.js"
import { watchOverview } from "./overview.js"
import { makePart } from "./part.js"
import { rooted } from "./place.js"
import { watchRoster } from "./roster.js"
import { inAddress, isSeveral, keyOf, labelOf, learn, servers } from "./servers.js"
import { open } from "./shell.js"
import { gapsOf, linkOf, toDoOf, wantedOf, whatsappOf } from "./status.js"
import { folded, keepRoles } from "./table.js"
import { say, sayCount } from "./words.js"

/** @typedef {import("./roster.js").Seen} Seen */
/** @typedef {import("./types.js").Instance} Instance */

const columns = /** @type {const} */ (["wanted", "ourLink", "whatsapp", "gaps", "toDo"])

/** @param {Instance} instance @param {import("./actions.js").Actions} actions */
const makeRow = (instance, actions) => {
  const { name, server } = instance
  // An id has no space: `aria-describedby` takes a list.
  const id = `instance-${encodeURIComponent(keyOf(instance))}`
  const who = h("span", { class: "who" })
  const link = isInPath(name) ? h("a", { id }, name) : h("span", { id }, name)
  const head = h("th", { scope: "row", role: "rowheader" }, link, who)
  const parts = columns.map(makePart)
  const cells = parts.map(({ element }, index) =>
    h("td", { role: "cell", "data-column": say(columns[index] ?? "toDo") }, element)
  )
  const buttons = makeButtons(instance, actions, id)
  const element = h(
    "tr",
    { role: "row" },
    head,
    ...cells,
    h("td", { role: "cell" }, buttons.element)
  )
  /** @param {Seen} seen */
  const update = ({ at, status }) => {
    const own = inAddress(server)
    if (isInPath(name))
      setAttribute(link, "href", rooted(`${instancePath(name)}/view${own && `?${own}`}`))
    const { name: profileName, phone } = status.profile
    setText(who, [profileName, phone === null ? null : `+${phone}`].filter(Boolean).join(" · "))
    const shown = [
      wantedOf(status, at),
      linkOf(status, at),
      whatsappOf(status, at),
      gapsOf(status),
      toDoOf(status)
    ]
    for (const [index, part] of shown.entries()) parts[index]?.update(part)
    buttons.update(status)
  }
  return { element, update }
}

/** In the order of the settings. @param {string} one @param {string} other */
const inOrder = (one, other) => servers().indexOf(one) - servers().indexOf(other)

open(({ notices, onFeed, signal }) => {
  const table = byId("instances", HTMLTableElement)
  keepRoles(table)
  const wantedServer = byId("wanted-server", HTMLSelectElement)
  const newServer = byId("new-server", HTMLSelectElement)
  const filter = byId("filter", HTMLInputElement)
  const form = byId("create", HTMLFormElement)
  /** @type {ReadonlyArray<Seen> | null} */
  let all = null
  /** @type {ReadonlyMap<string, import("./overview.js").Report>} */
  let reports = new Map()

  const render = () => {
    if (all === null) return
    const wanted = folded(filter.value.trim())
    const chosen = wantedServer.value
    const isWanted = (/** @type {string} */ server) => chosen === "" || chosen === server
    const matching = all.filter(
      ({ status }) => isWanted(status.server) && folded(status.name).includes(wanted)
    )
    // A server without instances is seen, unless a name is looked for.
    const shown = new Set(wanted === "" && isSeveral() ? servers().filter(isWanted) : [])
    for (const { status } of matching) shown.add(status.server)
    drawGroups(
      [...shown].sort(inOrder).map((server) => ({
        server,
        seen: matching.filter(({ status }) => status.server === server),
        report: reports.get(server)
      }))
    )
    show(byId("table", HTMLElement), shown.size > 0)
    const empty = all.length === 0 ? "noInstances" : shown.size === 0 ? "noMatch" : null
    setText(byId("empty", HTMLElement), empty === null ? "" : say(empty))
    setText(byId("count", HTMLElement), sayCount("count", matching.length))
  }

  const offerServers = () => {
    for (const field of ["wanted-server-field", "new-server-field"])
      show(byId(field, HTMLElement), isSeveral())
    if (!isSeveral() || newServer.length > 1) return
    const chosen = new URLSearchParams(location.search).get("server") ?? ""
    for (const [select, first] of /** @type {const} */ ([
      [wantedServer, "allServers"],
      [newServer, "chooseServer"]
    ])) {
      select.replaceChildren(
        h("option", { value: "" }, say(first)),
        ...servers().map((id) => h("option", { value: id }, id))
      )
      select.value = servers().includes(chosen) ? chosen : ""
    }
  }
  const drawGroups = makeGroups(table, ({ status: { name, server } }) =>
    makeRow({ name, server }, actions)
  )
  watchOverview((told) => {
    reports = told
    offerServers()
    render()
  }, signal)
  const roster = watchRoster({
    signal,
    onFeed,
    onChange: (seen) => {
      all = [...seen.values()].sort((a, b) => (a.status.name < b.status.name ? -1 : 1))
      for (const { status } of all) actions.update(status)
      const ids = new Set(all.map(({ status }) => status.server))
      if (servers().length === 0 && ids.size > 1) learn([...ids])
      // The newest status of a server tells for all its instances.
      const newest = new Map(
        all.toSorted((one, other) => one.at - other.at).map(({ status }) => [status.server, status])
      )
      const trouble = [...newest.values()].find(({ degraded }) => degraded !== null)
      showDegraded(trouble?.degraded ?? null)
      render()
    },
    onTrouble: (message) =>
      setText(byId("trouble", HTMLElement), message === null ? "" : say("failed_load", { message }))
  })
  const actions = makeActions({ notices, signal, onStatus: roster.put })

  filter.addEventListener("input", render, { signal })
  wantedServer.addEventListener(
    "change",
    () => {
      const own = inAddress(wantedServer.value || null)
      window.history.replaceState(null, "", own === "" ? location.pathname : `?${own}`)
      newServer.value = wantedServer.value
      render()
    },
    { signal }
  )
  form.addEventListener(
    "submit",
    (event) => {
      event.preventDefault()
      void create()
    },
    { signal }
  )

  const create = async () => {
    const nameField = byId("name", HTMLInputElement)
    const numberField = byId("number", HTMLInputElement)
    // Nobody sees a space at the end, and Evolution keeps it; the API takes names as they are.
    const name = nameField.value.trim()
    const number = numberField.value.replaceAll(/[\s()+-]/g, "")
    const isNameRight = /^[^\0\p{Surrogate}]{1,255}$/u.test(name)
    const isNumberRight = number === "" || /^\d{5,20}$/.test(number)
    const server = isSeveral() ? newServer.value : null
    setAttribute(newServer, "aria-invalid", server === "" ? "true" : null)
    setAttribute(nameField, "aria-invalid", isNameRight ? null : "true")
    setAttribute(numberField, "aria-invalid", isNumberRight ? null : "true")
    if (!isNameRight || !isNumberRight) {
      notices.fail(say(isNameRight ? "numberRule" : "nameRule"))
      return (isNameRight ? numberField : nameField).focus()
    }
    if (server === "") {
      notices.fail(say("serverRule"))
      return newServer.focus()
    }
    if (form.getAttribute("aria-busy") === "true") return
    const label = labelOf({ name, server })
    form.setAttribute("aria-busy", "true")
    notices.tell(say("creating", { name: label }))
    try {
      const body = number === "" ? { name } : { name, number }
      const status = await requestNew(server, body)
      roster.put(status)
      notices.tell(say("created", { name: label }))
      form.reset()
      newServer.value = wantedServer.value
      actions.showQr({ name, server: status.server })
    } catch (error) {
      if (!signal.aborted)
        notices.fail(say("failed_create", { name: label, message: messageOf(error) }))
    } finally {
      form.removeAttribute("aria-busy")
    }
  }
})
