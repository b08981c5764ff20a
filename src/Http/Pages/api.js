/** The service's API. The key of the signed-in operator is in this tab's memory and in a header, nowhere else. */
import { rooted } from "./place.js"
import { say, sayOf } from "./words.js"

/** @typedef {import("./types.js").Credential} Credential */

const place = "evolution-listener.credential"

/** @returns {Credential | null} */
export const credential = () => {
  const kept = sessionStorage.getItem(place)
  return kept === null ? null : JSON.parse(kept)
}

/** @param {Credential} given */
export const keep = (given) => sessionStorage.setItem(place, JSON.stringify(given))

export const forget = () => sessionStorage.removeItem(place)

/** A session has a token of its own. @returns {Record<string, string>} */
export const authorization = () => {
  const { kind, value } = credential() ?? { kind: "key", value: "" }
  return kind === "session" ? { authorization: `Bearer ${value}` } : { apikey: value }
}

/** Tells if `fetch` could send the key as a header value. @param {string} key */
export const canBeKey = (key) => /^[\x21-\x7e]+$/.test(key)

/** The service refused a request, or did not answer it. */
export class ApiError extends Error {
  /**
   * @param {number} status 0: no answer
   * @param {string} message
   * @param {Readonly<Record<string, unknown>>} body
   */
  constructor(status, message, body = {}) {
    super(message)
    this.status = status
    this.body = body
  }
}

let onUnauthorized = () => {}

/**
 * Sets the action for answers that refuse the key, of requests and of feeds.
 * @param {() => void} run
 */
export const whenUnauthorized = (run) => {
  onUnauthorized = run
}

export const unauthorized = () => onUnauthorized()

/** Our clock minus the service's, in ms; a computer's clock may be minutes off. */
let skew = 0

/** `Date` has whole seconds, so a difference below two seconds is ignored. @param {Response} response */
export const readClock = (response) => {
  const served = Date.parse(response.headers.get("date") ?? "")
  if (Number.isNaN(served)) return
  const difference = Date.now() - served
  skew = Math.abs(difference) < 2000 ? 0 : difference
}

let onReplica = () => {}

/**
 * Sets the action for the first answer that came from one of several replicas.
 * @param {() => void} run
 */
export const whenReplica = (run) => {
  onReplica = run
}

/** Converts a time of the service to our clock, in ms. @param {string} time ISO */
export const localTime = (time) => Date.parse(time) + skew

/** Converts a time of our clock, in ms, to one of the service. @param {number} at */
export const serviceTime = (at) => new Date(at - skew).toISOString()

/** @param {Response} response @returns {Promise<Readonly<Record<string, unknown>>>} */
const bodyOf = async (response) => {
  const body = await response.json().catch(() => null)
  return typeof body === "object" && body !== null ? body : {}
}

/** The error message of an answer, in the service's own words. @param {Response} response */
export const errorOf = async (response) => {
  const body = await bodyOf(response)
  const { message } = body
  const words =
    typeof message === "string" && message !== ""
      ? message
      : say("oddAnswer", { status: response.status })
  return new ApiError(response.status, words, body)
}

/**
 * @typedef {object} Options
 * @property {object} [body]
 * @property {Record<string, string>} [as] credentials in place of the signed-in ones
 * @property {AbortSignal} [signal]
 */

/**
 * @param {string} method
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<Response>} has a status below 400
 */
const send = async (method, path, { as, body, signal } = {}) => {
  const headers = as ?? authorization()
  const response = await fetch(rooted(path), {
    method,
    headers: body === undefined ? headers : { ...headers, "content-type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
    cache: "no-store",
    credentials: "omit",
    signal: signal ?? null
  }).catch((error) => {
    if (signal?.aborted) throw error
    throw new ApiError(0, say("noAnswer"))
  })
  readClock(response)
  if (response.headers.has("x-listener-replica")) onReplica()
  if (response.ok) return response
  const error = await errorOf(response)
  if (response.status === 401 && as === undefined) unauthorized()
  throw error
}

/**
 * Trusts the caller about the type of the answer: page and service are of one version.
 * @template Answer
 * @param {string} method
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<Answer>}
 */
export const ask = async (method, path, options) => (await send(method, path, options)).json()

/** Asks for what is answered without a body. @param {string} method @param {string} path @param {Options} [options] */
export const order = async (method, path, options) => {
  await send(method, path, options)
}

/** @param {string} path @param {AbortSignal} signal */
export const image = async (path, signal) => (await send("GET", path, { signal })).blob()

/** False for the names that browsers take for directions, also percent-encoded. @param {string} name */
export const isInPath = (name) => name !== "." && name !== ".."

/** @param {string} name */
export const instancePath = (name) => {
  if (!isInPath(name)) throw new ApiError(0, say("nameInPath"))
  return `/instances/${encodeURIComponent(name)}`
}

/**
 * The address of a call about an instance, with its server if that is known.
 * @param {import("./types.js").Instance} instance
 * @param {string} [rest] below the instance
 * @param {Record<string, string>} [query]
 */
export const address = ({ name, server }, rest = "", query = {}) => {
  const all = new URLSearchParams(server === null ? query : { ...query, server })
  return `${instancePath(name)}${rest}${all.size === 0 ? "" : `?${all}`}`
}

/** The message of an error, in the language of the page if it has words for the reason. @param {unknown} error */
export const messageOf = (error) => {
  if (!(error instanceof ApiError)) return String(error)
  const { _tag, reason } = error.body
  return _tag === "QrNotAvailable" && typeof reason === "string"
    ? sayOf("qr", reason, {}, error.message)
    : error.message
}
