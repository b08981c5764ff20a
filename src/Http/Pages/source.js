/** The choice of the server and of the instance whose events the monitor shows. */
import { byId, h, show } from "./dom.js"
import { isSeveral, labelOf, servers } from "./servers.js"
import { say } from "./words.js"

/** @typedef {import("./types.js").Instance} Instance */

/** The server of the instance that an option stands for. @param {HTMLOptionElement | undefined} option */
const serverOf = (option) => option?.dataset.server || null

/** @param {() => void} onChange @param {AbortSignal} signal */
export const makeSource = (onChange, signal) => {
  const server = byId("server", HTMLSelectElement)
  const instance = byId("instance", HTMLSelectElement)
  /** Labels of the instances that are offered. @type {Set<string>} */
  const offered = new Set()

  /** Leaves the instances of the chosen server. */
  const narrow = () => {
    for (const option of instance.options) {
      const own = serverOf(option)
      option.hidden = own !== null && server.value !== "" && own !== server.value
    }
  }

  /** Offers an instance, whether the service listed it or an event named it. @param {Instance} one */
  const offer = (one) => {
    const label = labelOf(one)
    if (one.name === "" || offered.has(label)) return
    offered.add(label)
    const others = [...instance.options].slice(1)
    const next = others.find(({ text }) => text > label) ?? null
    const attributes = { value: one.name, "data-server": one.server ?? "" }
    instance.insertBefore(h("option", attributes, label), next)
    narrow()
  }

  server.addEventListener(
    "change",
    () => {
      const own = serverOf(instance.selectedOptions[0])
      // An instance of another server would show nothing.
      if (own !== null && server.value !== "" && own !== server.value) instance.value = ""
      narrow()
      onChange()
    },
    { signal }
  )
  instance.addEventListener("change", onChange, { signal })

  return {
    offer,
    /** The choice as parameters of a filter. @returns {Record<string, string>} */
    chosen: () => {
      const own = isSeveral() ? (serverOf(instance.selectedOptions[0]) ?? server.value) : ""
      return {
        ...(own !== "" && { server: own }),
        ...(instance.value !== "" && { instance: instance.value })
      }
    },
    /** Chooses what the address of the page says. @param {URLSearchParams} given */
    start: (given) => {
      const wanted = given.get("server") ?? ""
      const name = given.get("instance") ?? ""
      server.append(
        h("option", { value: "" }, say("allServers")),
        ...servers().map((id) => h("option", { value: id }, id))
      )
      server.value = servers().includes(wanted) ? wanted : ""
      show(byId("server-field", HTMLElement), isSeveral())
      instance.append(h("option", { value: "" }, say("allInstances")))
      offer({ name, server: server.value || null })
      instance.value = name
    }
  }
}
