/** The dialogs of an endpoint's page. */
import { ask, messageOf, order, serviceTime } from "./api.js"
import { openDialog } from "./dialog.js"
import { button, h, pressed, setAttribute } from "./dom.js"
import { listOf, makeField, refusalOf } from "./fields.js"
import { rooted } from "./place.js"
import { secretPanel } from "./secret.js"
import { failureOf, numberText } from "./standing.js"
import { say, sayOf } from "./words.js"

/** @typedef {import("./types.js").Endpoint} Endpoint */
/** @typedef {import("./words.js").Word} Word */

/** @param {Endpoint} endpoint @param {string} [rest] */
export const pathOf = ({ id }, rest = "") => `/endpoints/${id}${rest}`

/**
 * Asks whether a command is meant. A failure is shown in the dialog.
 * @param {object} options
 * @param {string} options.title
 * @param {string} options.hint
 * @param {ReadonlyArray<{ word: Word, run: () => Promise<unknown> }>} options.choices the first one has the focus
 * @param {AbortSignal} options.signal
 */
export const confirm = ({ choices, hint, signal, title }) => {
  const dialog = openDialog(
    title,
    ({ notices, signal: inside }) =>
      h(
        "div",
        { class: "body" },
        h("p", {}, hint),
        ...choices.map(({ run, word }, index) =>
          button(
            word,
            async () => {
              try {
                await run()
                dialog.close()
              } catch (error) {
                if (!inside.aborted) notices.fail(messageOf(error))
              }
            },
            { class: index === 0 ? "primary" : null, autofocus: index === 0 }
          )
        )
      ),
    signal
  )
}

/** Deletes an endpoint whose name was typed. @param {Endpoint} endpoint @param {AbortSignal} signal */
export const remove = (endpoint, signal) =>
  openDialog(
    say("removeOf", { name: endpoint.name }),
    ({ notices, signal: inside }) => {
      const name = makeField("typeName", h("input", { autocomplete: "off", autofocus: true }))
      const send = button(
        "remove",
        async () => {
          if (name.control.value.trim() !== endpoint.name) {
            name.refuse(say("otherName", { name: endpoint.name }))
            return name.control.focus()
          }
          try {
            await order("DELETE", pathOf(endpoint), { signal: inside })
            location.assign(rooted("/deliveries"))
          } catch (error) {
            if (!inside.aborted) notices.fail(messageOf(error))
          }
        },
        { class: "danger" }
      )
      return h(
        "div",
        { class: "body" },
        h("p", {}, say("removeHint", { name: endpoint.name })),
        name.element,
        send
      )
    },
    signal
  )

/**
 * @param {Endpoint} endpoint
 * @param {AbortSignal} signal
 */
export const rotate = (endpoint, signal) => {
  const dialog = openDialog(
    say("rotateOf", { name: endpoint.name }),
    ({ notices, signal: inside }) => {
      const leaked = h("input", { type: "checkbox", id: "leaked" })
      const send = button(
        "rotate",
        async () => {
          try {
            const body = leaked.checked ? { overlap: 0 } : {}
            const { secret } = await /** @type {Promise<{ secret: string | null }>} */ (
              ask("POST", pathOf(endpoint, "/rotate"), { body, signal: inside })
            )
            const hint = say(leaked.checked ? "rotatedAtOnce" : "rotated")
            const panel = secretPanel(hint, secret ?? "", notices)
            dialog.dataset.keep = ""
            element.replaceWith(panel.element)
            panel.field.focus()
          } catch (error) {
            if (!inside.aborted) notices.fail(messageOf(error))
          }
        },
        { class: "primary", autofocus: true }
      )
      const element = h(
        "div",
        { class: "body" },
        h("p", {}, say("rotateHint")),
        h("label", { class: "check", for: "leaked" }, leaked, say("leaked")),
        send
      )
      return element
    },
    signal
  )
}

/** @param {string} words */
const sentence = (words) => words.slice(0, 1).toLocaleUpperCase() + words.slice(1)

/** A test message, and its outcome. @param {Endpoint} endpoint @param {AbortSignal} signal */
export const test = async (endpoint, signal) => {
  const sent = await /** @type {Promise<import("./types.js").SentByHand>} */ (
    ask("POST", pathOf(endpoint, "/test"), { signal })
  )
  const { address, excerpt, message, outcome, status, tookMs } = sent
  const isDelivered = outcome === "delivered"
  const chip = h(
    "span",
    { class: "chip", "data-tone": isDelivered ? "good" : "bad" },
    sayOf("outcome", outcome)
  )
  openDialog(
    say("testOf", { name: endpoint.name }),
    () =>
      h(
        "div",
        { class: "body" },
        h(
          "p",
          { role: "status" },
          chip,
          status === null ? "" : ` ${status} ·`,
          ` ${numberText(tookMs)} ms`
        ),
        h("p", {}, isDelivered ? say("testTaken") : sentence(failureOf(status, message))),
        address !== null && h("p", { class: "hint" }, address),
        excerpt !== null && h("pre", { class: "excerpt", tabindex: "0" }, excerpt)
      ),
    signal
  )
}

/** @param {Date} date for a field of this kind: the viewer's zone */
const fieldTime = (date) =>
  new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)

const hourMillis = 3_600_000

/**
 * @param {Endpoint} endpoint
 * @param {() => void} onDone
 * @param {AbortSignal} signal
 */
export const replay = (endpoint, onDone, signal) => {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  const time = (/** @type {string} */ value) => h("input", { type: "datetime-local", value })
  const fields = {
    from: makeField("from", time(fieldTime(new Date(Date.now() - hourMillis)))),
    to: makeField("to", time(""), "toHint"),
    events: makeField(
      "events",
      h("input", { autocomplete: "off", spellcheck: "false" }),
      "narrows"
    ),
    instances: makeField(
      "instances",
      h("input", { autocomplete: "off", spellcheck: "false" }),
      "narrows"
    )
  }
  const title = say("replayOf", { name: endpoint.name })
  const some = (/** @type {string} */ value) =>
    listOf(value).length > 0 ? listOf(value) : undefined
  const dialog = openDialog(
    title,
    ({ notices, signal: inside }) => {
      const send = h("button", { type: "submit", class: "primary" }, say("replay"))
      const form = h(
        "form",
        { class: "body", novalidate: true, "aria-label": title },
        h("p", { class: "hint" }, say("replayHint", { zone: timeZone })),
        ...Object.values(fields).map(({ element }) => element),
        send
      )
      form.addEventListener("submit", (event) => event.preventDefault(), { signal: inside })
      pressed(send, async () => {
        for (const field of Object.values(fields)) field.refuse("")
        const [from, to] = [fields.from.control.value, fields.to.control.value]
        if (from === "") {
          fields.from.refuse(say("timeRule"))
          return fields.from.control.focus()
        }
        const point = (/** @type {string} */ value) => ({
          time: serviceTime(new Date(value).getTime())
        })
        const body = {
          from: point(from),
          to: to === "" ? undefined : point(to),
          events: some(fields.events.control.value),
          instances: some(fields.instances.control.value)
        }
        try {
          await ask("POST", pathOf(endpoint, "/replay"), { body, signal: inside })
          dialog.close()
          onDone()
        } catch (error) {
          if (inside.aborted) return
          const refusal = refusalOf(error)
          const found = Object.entries(fields).find(
            ([key]) => key === refusal?.path.split(".")[0]
          )?.[1]
          if (refusal === null || found === undefined) return notices.fail(messageOf(error))
          found.refuse(refusal.reason)
          found.control.focus()
        }
      })
      return form
    },
    signal
  )
  dialog.dataset.keep = ""
  setAttribute(fields.from.control, "required", "")
  fields.from.control.focus()
}
