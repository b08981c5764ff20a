/** The dialog for a new webhook, and for other settings of one. */
import { ask, messageOf } from "./api.js"
import { openDialog } from "./dialog.js"
import { h, pressed } from "./dom.js"
import { listOf, makeField, refusalOf } from "./fields.js"
import { secretPanel } from "./secret.js"
import { say, sayOf } from "./words.js"

/** @typedef {import("./types.js").Endpoint} Endpoint */

const shapes = /** @type {const} */ (["full", "thin", "evolution"])

/** @param {import("./dom.js").Attributes} [attributes] */
const input = (attributes = {}) =>
  h("input", { autocomplete: "off", autocapitalize: "off", spellcheck: "false", ...attributes })

/** @param {Endpoint | null} endpoint */
const makeFields = (endpoint) => {
  const shape = h(
    "select",
    {},
    ...shapes.map((value) => h("option", { value }, sayOf("shape", value)))
  )
  shape.value = endpoint?.shape ?? "full"
  const url = endpoint?.target.type === "webhook" ? endpoint.target.url : ""
  const list = (/** @type {ReadonlyArray<string> | undefined} */ values) => values?.join(", ") ?? ""
  return {
    name: makeField("name", input({ value: endpoint?.name ?? "", maxlength: 100 })),
    url: makeField("address", input({ value: url, type: "url", inputmode: "url" }), "addressHint"),
    shape: makeField("shape", shape),
    events: makeField("events", input({ value: list(endpoint?.events) }), "eventsHint"),
    instances: makeField("instances", input({ value: list(endpoint?.instances) }), "instancesHint")
  }
}

/** @typedef {ReturnType<typeof makeFields>} Fields */

/** What is wrong at first sight; the service checks the rest. @param {Fields} fields */
const areRight = ({ name, url }) => {
  name.refuse(/^[^\p{C}]{1,100}$/u.test(name.control.value.trim()) ? "" : say("endpointNameRule"))
  const { value } = url.control
  const isAddress = URL.canParse(value.trim()) && /^https?:/i.test(value.trim())
  url.refuse(isAddress ? "" : say("addressRule"))
}

/** @param {Fields} fields */
const firstWrong = (fields) =>
  Object.values(fields).find(({ control }) => control.getAttribute("aria-invalid") === "true")

/** @param {Fields} fields @param {unknown} error @returns {boolean} false: it is about no field */
const refuse = (fields, error) => {
  const refusal = refusalOf(error)
  if (refusal === null) return false
  const [head = "", part] = refusal.path.split(".")
  const found = Object.entries(fields).find(([key]) => key === (head === "target" ? part : head))
  found?.[1].refuse(refusal.reason)
  return found !== undefined
}

/**
 * @param {object} options
 * @param {Endpoint | null} options.endpoint `null`: a new one
 * @param {(endpoint: Endpoint) => void} options.onDone
 * @param {AbortSignal} options.signal
 */
export const openForm = ({ endpoint, onDone, signal }) => {
  const fields = makeFields(endpoint)
  const title = say(endpoint === null ? "newWebhook" : "changeSettings")

  /** A list that is empty takes all. @param {string} text */
  const some = (text) => {
    const values = listOf(text)
    return values.length > 0 ? values : endpoint === null ? undefined : null
  }
  const body = () => ({
    name: fields.name.control.value.trim(),
    shape: fields.shape.control.value,
    events: some(fields.events.control.value),
    instances: some(fields.instances.control.value),
    target: { type: "webhook", url: fields.url.control.value.trim() }
  })

  const dialog = openDialog(
    title,
    ({ notices, signal: inside }) => {
      const send = h("button", { type: "submit", class: "primary" })
      send.append(say(endpoint === null ? "create" : "save"))
      const form = h(
        "form",
        { class: "body", novalidate: true, "aria-label": title },
        ...Object.values(fields).map(({ element }) => element),
        send
      )
      const submit = async () => {
        for (const field of Object.values(fields)) field.refuse("")
        areRight(fields)
        const wrong = firstWrong(fields)
        if (wrong !== undefined) return wrong.control.focus()
        try {
          const made = await /** @type {Promise<Endpoint & { secret?: string | null }>} */ (
            endpoint === null
              ? ask("POST", "/endpoints", { body: body(), signal: inside })
              : ask("PATCH", `/endpoints/${endpoint.id}`, { body: body(), signal: inside })
          )
          onDone(made)
          if (!made.secret) return dialog.close()
          const panel = secretPanel(say("webhookMade", { name: made.name }), made.secret, notices)
          form.replaceWith(panel.element)
          panel.field.focus()
        } catch (error) {
          if (inside.aborted) return
          if (refuse(fields, error)) firstWrong(fields)?.control.focus()
          else notices.fail(messageOf(error))
        }
      }
      // A press of the button submits, and so does the return key.
      form.addEventListener("submit", (event) => event.preventDefault(), { signal: inside })
      pressed(send, submit)
      return form
    },
    signal
  )
  dialog.dataset.keep = ""
  fields.name.control.focus()
  return dialog
}
