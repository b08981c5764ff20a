/** The page of all instances: their states, their commands, and the form for a new one. */
import { makeActions, makeButtons } from "./actions.js"
import { ask, instancePath, isInPath, messageOf } from "./api.js"
import { showDegraded } from "./degraded.js"
import { byId, h, keyed, setAttribute, setText, show } from "./dom.js"
import { watchOverview } from "./overview.js"
import { makePart } from "./part.js"
import { rooted } from "./place.js"
import { watchRoster } from "./roster.js"
import { open } from "./shell.js"
import { gapsOf, linkOf, toDoOf, wantedOf, whatsappOf } from "./status.js"
import { say, sayCount } from "./words.js"

/** @typedef {import("./roster.js").Seen} Seen */
/** @typedef {import("./types.js").InstanceStatus} InstanceStatus */
/** @typedef {ReturnType<typeof makeRow>} Row */

const columns = /** @type {const} */ (["wanted", "ourLink", "whatsapp", "gaps", "toDo"])

/** @param {string} name @param {import("./actions.js").Actions} actions */
const makeRow = (name, actions) => {
  // An id has no space: `aria-describedby` takes a list.
  const id = `instance-${encodeURIComponent(name)}`
  const who = h("span", { class: "who" })
  const head = h(
    "th",
    { scope: "row", role: "rowheader" },
    isInPath(name)
      ? h("a", { id, href: rooted(`${instancePath(name)}/view`) }, name)
      : h("span", { id }, name),
    who
  )
  const parts = columns.map(makePart)
  const cells = parts.map(({ element }, index) =>
    h("td", { role: "cell", "data-column": say(columns[index] ?? "toDo") }, element)
  )
  const buttons = makeButtons(name, actions, id)
  const element = h(
    "tr",
    { role: "row" },
    head,
    ...cells,
    h("td", { role: "cell" }, buttons.element)
  )
  /** @param {Seen} seen */
  const update = ({ at, status }) => {
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

/** For the search alone: names that differ in case or in the form of an accent are different names. @param {string} text */
const folded = (text) => text.normalize("NFC").toLowerCase()

/** Keeps the roles of a table for screen readers where CSS lays it out as cards. @param {HTMLTableElement} table */
const keepRoles = (table) => {
  const roles = { thead: "rowgroup", tbody: "rowgroup", tr: "row", th: "columnheader" }
  setAttribute(table, "role", "table")
  for (const [selector, role] of Object.entries(roles))
    for (const element of table.querySelectorAll(selector)) setAttribute(element, "role", role)
}

open(({ notices, onFeed, signal }) => {
  keepRoles(byId("instances", HTMLTableElement))
  const body = byId("rows", HTMLElement)
  const filter = byId("filter", HTMLInputElement)
  const form = byId("create", HTMLFormElement)
  /** @type {Map<string, Row>} */
  const rows = new Map()
  /** @type {ReadonlyArray<Seen> | null} */
  let all = null

  const render = () => {
    if (all === null) return
    const wanted = folded(filter.value.trim())
    const matching = all.filter(({ status }) => folded(status.name).includes(wanted))
    keyed(
      body,
      rows,
      matching,
      ({ status }) => status.name,
      ({ status }) => makeRow(status.name, actions)
    )
    show(byId("table", HTMLElement), matching.length > 0)
    const empty = all.length === 0 ? "noInstances" : matching.length === 0 ? "noMatch" : null
    setText(byId("empty", HTMLElement), empty === null ? "" : say(empty))
    setText(byId("count", HTMLElement), sayCount("count", matching.length))
  }

  watchOverview(signal)
  const roster = watchRoster({
    signal,
    onFeed,
    onChange: (seen) => {
      all = [...seen.values()].sort((a, b) => (a.status.name < b.status.name ? -1 : 1))
      for (const { status } of all) actions.update(status)
      // One service, one database: the newest status tells for all instances.
      const [newest] = all.toSorted((one, other) => other.at - one.at)
      showDegraded(newest?.status.degraded ?? null)
      render()
    },
    onTrouble: (message) =>
      setText(byId("trouble", HTMLElement), message === null ? "" : say("failed_load", { message }))
  })
  const actions = makeActions({ notices, signal, onStatus: roster.put })

  filter.addEventListener("input", render, { signal })
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
    setAttribute(nameField, "aria-invalid", isNameRight ? null : "true")
    setAttribute(numberField, "aria-invalid", isNumberRight ? null : "true")
    if (!isNameRight || !isNumberRight) {
      notices.fail(say(isNameRight ? "numberRule" : "nameRule"))
      return (isNameRight ? numberField : nameField).focus()
    }
    if (form.getAttribute("aria-busy") === "true") return
    form.setAttribute("aria-busy", "true")
    notices.tell(say("creating", { name }))
    try {
      const body = number === "" ? { name } : { name, number }
      roster.put(await /** @type {Promise<InstanceStatus>} */ (ask("POST", "/instances", { body })))
      notices.tell(say("created", { name }))
      form.reset()
      actions.showQr(name)
    } catch (error) {
      if (!signal.aborted) notices.fail(say("failed_create", { name, message: messageOf(error) }))
    } finally {
      form.removeAttribute("aria-busy")
    }
  }
})
