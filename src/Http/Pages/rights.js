/** The commands that the signed-in key may give: the others are not offered. */
import { ask } from "./api.js"

/** @typedef {import("./types.js").Endpoint} Endpoint */
/** @typedef {import("./types.js").Self} Self */

/** @param {AbortSignal} signal @returns {Promise<Self>} */
export const askSelf = (signal) => ask("GET", "/keys/self", { signal })

/** @param {Self} self */
export const mayOperate = ({ scope }) => scope !== "read"

/**
 * The rule of the service: only the keeper of all keys says where variables of the service are sent.
 * @param {Self} self @param {Endpoint} endpoint
 */
export const mayShape = (self, { target }) => {
  const refers =
    target.type !== "webhook" ||
    Object.values(target.headers ?? {}).some((value) => typeof value === "object" && "env" in value)
  if (!refers) return mayOperate(self)
  return self.scope === "admin" && self.instances === null && self.servers === null
}
