/** An endpoint in words: pure, so that all pages agree. */
import { localTime } from "./api.js"
import { ageText, clockText } from "./time.js"
import { language, say, sayCount, sayOf } from "./words.js"

/** @typedef {import("./types.js").Endpoint} Endpoint */
/** @typedef {import("./types.js").Lane} Lane */
/** @typedef {import("./status.js").Part} Part */
/** @typedef {import("./status.js").Tone} Tone */
/** @typedef {"disabled" | "stuck" | "blocked" | "probing" | "failing" | "behind" | "paused" | "delivers"} Standing */

const numbers = new Intl.NumberFormat(language)

/** @param {number} n */
export const numberText = (n) => numbers.format(n)

/** An event waits so long, in s, before the endpoint counts as behind. */
const behindSeconds = 30

/** @type {Readonly<Record<Standing, Tone>>} */
const tones = {
  disabled: "bad",
  stuck: "bad",
  blocked: "bad",
  probing: "bad",
  failing: "busy",
  behind: "busy",
  paused: "off",
  delivers: "good"
}

/** Those that need a person come first. */
const ranks = /** @type {ReadonlyArray<string>} */ (Object.keys(tones))

/** @param {Endpoint} endpoint @returns {Standing} */
export const standingOf = ({ state, status, trouble }) => {
  if (state === "disabled" || state === "paused") return state
  if (trouble !== null) return "stuck"
  if (status.breaker !== "closed") return status.breaker === "open" ? "blocked" : "probing"
  if (status.failingSince !== null || status.lanes.failing > 0) return "failing"
  return status.lag.events > 0 && status.lag.seconds > behindSeconds ? "behind" : "delivers"
}

/** @param {Endpoint} one @param {Endpoint} other */
export const inOrder = (one, other) =>
  ranks.indexOf(standingOf(one)) - ranks.indexOf(standingOf(other)) ||
  one.name.localeCompare(other.name, language)

const kinds = { webhook: "Webhook", rabbitmq: "RabbitMQ", nats: "NATS" }

/** @param {Endpoint} endpoint */
export const kindOf = ({ target: { type } }) => kinds[type]

/** The path of an address may be a secret; a broker's address is in a variable. @param {Endpoint} endpoint */
export const placeOf = ({ target }) =>
  target.type === "webhook" ? new URL(target.url).host : target.url.env

/** @param {number} status */
const answerOf = (status) => {
  if (status >= 300 && status < 400) return say("answer_redirect", { status })
  if (status === 429 || status === 503) return say("answer_busy", { status })
  if (status === 502 || status === 504) return say("answer_proxy", { status })
  return sayOf("answer", String(status), { status }, say("answer_failed", { status }))
}

/**
 * A failure in words: the page's own for a status, and else those of the service.
 * @param {number | null} status @param {string | null} message
 */
export const failureOf = (status, message) =>
  status === null ? (message ?? say("reasonUnknown")) : answerOf(status)

/** The service's words for an answer name its status. @param {string | null} reason */
export const reasonOf = (reason) => {
  const status = /^(?:The receiver|A proxy) .*?\b(\d{3})\b/.exec(reason ?? "")?.[1]
  return failureOf(status === undefined ? null : Number(status), reason)
}

/** @param {string | null} time */
export const clock = (time) => (time === null ? "–" : clockText(localTime(time)))

/** The events that wait, and for how long, as far as the service knows. @param {Endpoint} endpoint */
export const lagOf = ({ status: { lag } }) => {
  if (lag.events === 0) return { events: lag.isAtLeast ? "–" : "0", age: "" }
  const events = numberText(lag.events)
  return { events: lag.isAtLeast ? `≥ ${events}` : events, age: ageText(lag.seconds) }
}

/**
 * Why it fails. An endpoint whose other lanes go on has no reason of its own: then it is that of the lane that has
 * failed for longest, as far as the lanes are known.
 * @param {Endpoint} endpoint @param {ReadonlyArray<Lane>} lanes
 */
const troubleOf = ({ status }, lanes) => {
  if (status.failingSince !== null) return { since: status.failingSince, reason: status.reason }
  const [oldest] = lanes
    .flatMap(({ failingSince: since, reason }) => (since === null ? [] : [{ since, reason }]))
    .sort((one, other) => Date.parse(one.since) - Date.parse(other.since))
  return oldest ?? null
}

/** @param {Endpoint} endpoint @param {ReadonlyArray<Lane>} lanes */
const failingText = (endpoint, lanes) => {
  const { failing } = endpoint.status.lanes
  const trouble = troubleOf(endpoint, lanes)
  const head = failing === 0 ? say("someFail") : sayCount("lanesFail", failing)
  if (trouble === null) return `${head}.`
  const facts = { since: clock(trouble.since), reason: reasonOf(trouble.reason) }
  return `${head} ${say("failsSince", facts)}`
}

/** The state of an endpoint in a sentence. @param {Endpoint} endpoint @param {ReadonlyArray<Lane>} [lanes] */
export const sentenceOf = (endpoint, lanes = []) => {
  const { reason: end, status, trouble } = endpoint
  const facts = { since: clock(status.failingSince), reason: reasonOf(status.reason) }
  switch (standingOf(endpoint)) {
    case "disabled":
      return say("is_disabled", { reason: reasonOf(end) })
    case "paused":
      return say("is_paused")
    case "stuck":
      return say("is_stuck", { trouble: trouble ?? "" })
    case "probing":
      return say("is_probing", facts)
    case "blocked":
      return status.nextAttemptAt === null
        ? say("is_blocked", facts)
        : say("is_blocked_until", { ...facts, at: clock(status.nextAttemptAt) })
    case "failing":
      return `${failingText(endpoint, lanes)} ${say("othersGoOn")}`
    case "behind":
      return say("is_behind", { ...lagOf(endpoint) })
    case "delivers":
      return status.lastSuccessAt === null
        ? say("is_new")
        : say("is_delivered", { at: clock(status.lastSuccessAt) })
  }
}

/** @param {Endpoint} endpoint @returns {Part} */
export const partOf = (endpoint) => {
  const { reason: end, status, trouble } = endpoint
  const standing = standingOf(endpoint)
  const isFailing = standing === "blocked" || standing === "failing" || standing === "probing"
  const next = isFailing && standing !== "probing" ? status.nextAttemptAt : null
  return {
    text: sayOf("standing", standing),
    tone: tones[standing],
    since: isFailing && status.failingSince !== null ? localTime(status.failingSince) : null,
    detail:
      standing === "disabled"
        ? reasonOf(end)
        : standing === "stuck"
          ? (trouble ?? "")
          : !isFailing
            ? ""
            : status.failingSince === null
              ? sayCount("lanesFail", status.lanes.failing)
              : reasonOf(status.reason),
    ...(next !== null && { until: localTime(next) })
  }
}
