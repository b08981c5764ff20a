/** The settings of an endpoint in words: pure. What is left out takes all. */
import { clock, kindOf, numberText } from "./standing.js"
import { say, sayCount, sayOf } from "./words.js"

/** @typedef {import("./types.js").Endpoint} Endpoint */
/** @typedef {readonly [word: import("./words.js").Word, text: string]} Fact */

/** The service's defaults. */
const defaults = { concurrency: 16, retryDelays: [5, 30, 120, 300], timeout: 15 }

/** A query may have a token in it. @param {string} url */
const withoutQuery = (url) => {
  const { origin, pathname, search } = new URL(url)
  return origin + pathname + (search === "" ? "" : "?…")
}

/** @param {Endpoint} endpoint @returns {string} */
const addressOf = (endpoint) => {
  const { target } = endpoint
  if (target.type === "webhook") return withoutQuery(target.url)
  const place = target.type === "rabbitmq" ? target.exchange : target.subject
  return [kindOf(endpoint), target.url.env, place].filter(Boolean).join(" · ")
}

/** Values of headers are secrets; the name of a variable is none. @param {Endpoint} endpoint */
const headersOf = ({ target }) =>
  target.type !== "webhook"
    ? ""
    : Object.entries(target.headers ?? {})
        .map(([name, value]) =>
          typeof value === "object" && "env" in value ? `${name}: ${value.env}` : `${name}: …`
        )
        .join(", ")

/** @param {ReadonlyArray<string> | null | undefined} values */
const listed = (values) => values?.join(", ") ?? ""

/** @param {Endpoint} endpoint */
const messagesOf = ({ chats, fromMe, hasMedia }) =>
  [
    fromMe !== undefined && sayOf("fromMe", String(fromMe)),
    listed(chats),
    hasMedia !== undefined && sayOf("hasMedia", String(hasMedia))
  ]
    .filter(Boolean)
    .join(" · ")

/** @param {Endpoint} endpoint @returns {ReadonlyArray<Fact>} */
export const factsOf = (endpoint) => {
  const { bounds, concurrency = defaults.concurrency, order = "instance" } = endpoint
  const { rateLimit, retryDelays = defaults.retryDelays, shape = "full", skipAfter } = endpoint
  const { target } = endpoint
  /** @type {Fact[]} */
  const facts = [
    ["address", addressOf(endpoint)],
    ["headers", headersOf(endpoint)],
    ["events", listed(endpoint.events) || say("all")],
    ["instances", listed(endpoint.instances) || say("all")],
    ["server", listed(endpoint.servers)],
    ["chats", messagesOf(endpoint)],
    ["shape", sayOf("shape", shape) + (endpoint.byEvents === true ? ` · ${say("byEvents")}` : "")],
    ["order", sayOf("order", order)],
    ["retries", say("retryAfter", { seconds: retryDelays.join(", ") })],
    ["putAside", skipAfter === undefined ? say("never") : sayCount("refusals", skipAfter)],
    ["atOnce", numberText(concurrency)],
    ["rate", rateLimit === undefined ? "" : say("aSecond", { n: numberText(rateLimit) })],
    [
      "timeout",
      target.type === "webhook" ? `${numberText(target.timeout ?? defaults.timeout)} s` : ""
    ],
    ["bounds", [listed(bounds.instances), listed(bounds.servers)].filter(Boolean).join(" · ")],
    ["createdAt", clock(endpoint.createdAt)]
  ]
  return facts.filter(([, text]) => text !== "")
}
