/** One event of the log in a dialog, with a link to its instance. */
import { ask, instancePath, isInPath, messageOf } from "./api.js"
import { openDialog } from "./dialog.js"
import { h } from "./dom.js"
import { rooted } from "./place.js"
import { inAddress } from "./servers.js"
import { say } from "./words.js"

/** @typedef {import("./types.js").EventRecord} EventRecord */

/** Longer events are cut, in characters: a page has to stay quick. */
const most = 100_000

/** @param {EventRecord} event */
const linkOf = ({ instance, server }) => {
  if (!isInPath(instance)) return h("span", {}, instance)
  const own = inAddress(server ?? null)
  const href = rooted(`${instancePath(instance)}/view${own && `?${own}`}`)
  return h("a", { href }, say("toInstance", { name: instance }))
}

/** @param {number} id @param {AbortSignal} signal */
export const showEvent = (id, signal) => {
  openDialog(
    say("eventOf", { id }),
    ({ notices, signal: inside }) => {
      const body = h("div", { class: "body" }, h("p", { class: "hint" }, "…"))
      const load = async () => {
        try {
          const page = await /** @type {Promise<{ events: EventRecord[] }>} */ (
            ask("GET", `/events?after=${id - 1}&limit=1`, { signal: inside })
          )
          const event = page.events.find((one) => one.id === id)
          if (event === undefined) return body.replaceChildren(h("p", {}, say("eventGone")))
          const json = JSON.stringify(event, null, 2)
          const note = { shown: most, all: json.length }
          body.replaceChildren(
            h("p", {}, event.event, " · ", linkOf(event)),
            json.length > most ? h("p", { class: "hint" }, say("cut", note)) : "",
            h(
              "pre",
              { class: "excerpt", tabindex: "0", "aria-label": say("eventOf", { id }) },
              json.slice(0, most)
            )
          )
        } catch (error) {
          if (!inside.aborted) notices.fail(messageOf(error))
        }
      }
      void load()
      return body
    },
    signal
  ).classList.add("large")
}
