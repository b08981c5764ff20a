/** The page of all endpoints: their states, how far behind they are, and a dialog for a new webhook. */
import { ask } from "./api.js"
import { button, byId, h, setAttribute, setText, show } from "./dom.js"
import { openForm } from "./endpoint-form.js"
import { makePart } from "./part.js"
import { rooted } from "./place.js"
import { poll } from "./poll.js"
import { askSelf, mayOperate } from "./rights.js"
import { open } from "./shell.js"
import { inOrder, kindOf, lagOf, numberText, partOf, placeOf, standingOf } from "./standing.js"
import { folded, makeTable, text } from "./table.js"
import { say, sayCount, sayOf } from "./words.js"

/** @typedef {import("./types.js").Endpoint} Endpoint */

/** Interval in ms: no event announces how far an endpoint has come. */
const pollMillis = 5000
/** Rows at first: those in trouble are among them, and a thousand rows take a browser half a second. */
const rowsAtFirst = 200

const nameCell = () => {
  const link = h("a", {})
  const place = h("span", { class: "who" })
  return {
    element: h("div", {}, link, place),
    /** @param {Endpoint} endpoint */
    update: (endpoint) => {
      setText(link, endpoint.name)
      setAttribute(link, "href", rooted(`/deliveries/${endpoint.id}`))
      const origin = endpoint.source === "file" ? say("fromFile") : ""
      setText(place, [kindOf(endpoint), placeOf(endpoint), origin].filter(Boolean).join(" · "))
    }
  }
}

const standingCell = () => {
  const part = makePart()
  return {
    element: part.element,
    /** @param {Endpoint} endpoint */
    update: (endpoint) => part.update(partOf(endpoint))
  }
}

const lagCell = () => {
  const events = h("span", {})
  const age = h("span", { class: "age" })
  return {
    element: h("div", { class: "part" }, events, age),
    /** @param {Endpoint} endpoint */
    update: (endpoint) => {
      const lag = lagOf(endpoint)
      setText(events, lag.events)
      setText(age, lag.age)
    }
  }
}

/** The texts that the filter looks at. @param {Endpoint} endpoint */
const textsOf = (endpoint) => [
  endpoint.name,
  kindOf(endpoint),
  placeOf(endpoint),
  sayOf("standing", standingOf(endpoint))
]

open(({ notices, onFeed, signal }) => {
  const filter = byId("filter", HTMLInputElement)
  const troubled = byId("troubled", HTMLElement)
  /** @type {import("./types.js").Self | null} */
  let self = null
  /** @type {ReadonlyArray<Endpoint> | null} */
  let all = null
  let most = rowsAtFirst

  /** @type {import("./table.js").Column<Endpoint>[]} */
  const columns = [
    { head: "endpoint", cell: nameCell },
    { head: "state", cell: standingCell },
    { head: "waiting", cell: lagCell },
    { head: "delivered", cell: text(({ status }) => numberText(status.delivered)) },
    { head: "putAside", cell: text(({ status }) => numberText(status.undelivered)) }
  ]
  const table = makeTable({ label: "endpoints", columns, keyOf: ({ id }) => id })
  byId("table", HTMLElement).append(table.element)

  const render = () => {
    if (all === null) return
    const wanted = folded(filter.value.trim())
    const shown = all.filter((one) => textsOf(one).some((words) => folded(words).includes(wanted)))
    table.draw(shown.slice(0, most))
    show(rest, shown.length > most)
    const empty = all.length === 0 ? "noEndpoints" : shown.length === 0 ? "noEndpointMatches" : null
    setText(byId("empty", HTMLElement), empty === null ? "" : say(empty))
    setText(byId("count", HTMLElement), sayCount("endpointCount", shown.length))
    const bad = all.filter((one) => partOf(one).tone === "bad").length
    setText(troubled, sayCount("troubled", bad))
    show(troubled, bad > 0)
  }

  const rest = button(
    "showAll",
    () => {
      most = Number.POSITIVE_INFINITY
      render()
    },
    { hidden: true }
  )
  byId("rest", HTMLElement).append(rest)
  const make = button(
    "newWebhook",
    () => {
      openForm({
        endpoint: null,
        signal,
        onDone: ({ name }) => {
          notices.tell(say("created", { name }))
          void look()
        }
      })
    },
    { class: "primary", hidden: true }
  )
  byId("commands", HTMLElement).append(make)

  const look = poll({
    look: async () => {
      self ??= await askSelf(signal)
      show(make, mayOperate(self))
      const found = await /** @type {Promise<Endpoint[]>} */ (ask("GET", "/endpoints", { signal }))
      all = found.sort(inOrder)
      render()
    },
    millis: pollMillis,
    onFeed,
    signal
  })
  filter.addEventListener("input", render, { signal })
})
