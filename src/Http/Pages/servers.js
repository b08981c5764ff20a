/**
 * The Evolution servers of the service. An instance is its server and its name: two servers may have the same name.
 * With one server, the pages tell the name alone.
 */
import { ask } from "./api.js"

/** @typedef {import("./types.js").Instance} Instance */

/** @type {ReadonlyArray<string>} */
let known = []

/** Ids in the order of the settings; empty until the service has told them. */
export const servers = () => known

export const isSeveral = () => known.length > 1

/** @param {ReadonlyArray<string>} ids all of them */
export const learn = (ids) => {
  known = ids
  // CSS shows the names of servers then.
  document.documentElement.toggleAttribute("data-several", isSeveral())
}

/** Asks for the servers. A failure is left to the next question. @param {AbortSignal} signal */
export const askServers = async (signal) => {
  try {
    const summary = await /** @type {Promise<import("./types.js").Summary>} */ (
      ask("GET", "/summary", { signal })
    )
    learn(summary.servers.map(({ server }) => server))
  } catch {
    // What the page is about meets the same trouble, and tells it.
  }
}

/** Tells instances apart: the id of a server has no slash. @param {Instance} instance */
export const keyOf = ({ name, server }) => `${server ?? ""}/${name}`

/** An instance in words. @param {Instance} instance */
export const labelOf = ({ name, server }) =>
  isSeveral() && server !== null ? `${name} (${server})` : name

/**
 * Names the settings of one server in a text: `EVOLUTION_API_URL__EU`. Those of `default` have the general names.
 * @param {string} text @param {string} server
 */
export const ownSettings = (text, server) =>
  server === "default"
    ? text
    : text.replaceAll(
        /\bEVOLUTION_(?:API_KEY|API_URL|MODE)\b/g,
        (name) => `${name}__${server.toUpperCase().replaceAll("-", "_")}`
      )

/** The server as a part of a page's address. @param {string | null} server */
export const inAddress = (server) =>
  isSeveral() && server !== null ? `server=${encodeURIComponent(server)}` : ""
