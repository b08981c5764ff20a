/** A status in words: pure, so that all pages agree. */
import { localTime } from "./api.js"
import { ownSettings } from "./servers.js"
import { say, sayCount, sayOf } from "./words.js"

/** @typedef {import("./types.js").InstanceStatus} InstanceStatus */
/** @typedef {"good" | "busy" | "bad" | "off"} Tone */
/**
 * One part of a status.
 * @typedef {object} Part
 * @property {string} text
 * @property {Tone} tone
 * @property {number | null} since ms, our clock
 * @property {string} [detail]
 * @property {number} [until] time of the next attempt
 */

/** @type {Readonly<Record<string, Tone>>} */
export const linkTones = {
  Listening: "good",
  Connecting: "busy",
  Waiting: "busy",
  Parked: "bad",
  Stopped: "off"
}

/** @type {Readonly<Record<string, Tone>>} */
export const whatsappTones = {
  open: "good",
  connecting: "busy",
  close: "bad",
  refused: "bad",
  removed: "off"
}

/**
 * The beginning of a state, by our clock: the service counts ages, so that the clocks need not agree.
 * @param {number} ageSeconds
 * @param {number} at time of the answer
 */
const sinceOf = (ageSeconds, at) => at - ageSeconds * 1000

/** @param {ReadonlyArray<string | false>} parts */
const join = (parts) => parts.filter((part) => part !== false && part !== "").join(" · ")

/** @param {InstanceStatus} status @param {number} at @returns {Part} */
export const wantedOf = ({ desired, ignoredEvents }, at) => ({
  text: sayOf("desired", desired.state),
  tone: desired.state === "listening" ? "good" : "off",
  since: sinceOf(desired.ageSeconds, at),
  ...(desired.state !== "listening" &&
    ignoredEvents > 0 && { detail: sayCount("ignored", ignoredEvents) })
})

/** @param {InstanceStatus} status @param {number} at @returns {Part} */
export const linkOf = ({ listener: { ageSeconds, state } }, at) => {
  const part = {
    text: sayOf("link", state._tag),
    tone: linkTones[state._tag] ?? "off",
    since: sinceOf(ageSeconds, at)
  }
  if (state._tag === "Stopped" || state._tag === "Listening") return part
  const isFlapping = state._tag === "Waiting" && state.isFlapping
  const detail = join([
    state.error?.message ?? "",
    state.attempt > 1 && say("attempt", { n: state.attempt }),
    isFlapping && say("flapping")
  ])
  const next = state._tag === "Connecting" ? null : state.nextAttempt
  return next === null ? { ...part, detail } : { ...part, detail, until: localTime(next) }
}

/** WhatsApp sends 200 if there is no reason. @param {unknown} reason */
export const reasonText = (reason) =>
  typeof reason === "number" && reason !== 200 ? say("reason", { code: reason }) : ""

/** @param {InstanceStatus} status @param {number} at @returns {Part} */
export const whatsappOf = ({ whatsapp }, at) =>
  whatsapp === null
    ? { text: say("whatsapp_none"), tone: "off", since: null }
    : {
        text: sayOf("whatsapp", whatsapp.state),
        tone: whatsappTones[whatsapp.state] ?? "off",
        since: sinceOf(whatsapp.ageSeconds, at),
        detail: reasonText(whatsapp.reason)
      }

/** @param {InstanceStatus} status @returns {Part} */
export const gapsOf = ({ gaps: { open, unrecovered } }) => {
  const rest = unrecovered === 0 ? "" : sayCount("unrecovered", unrecovered)
  if (open !== null)
    return {
      text: say("gaps_open"),
      tone: "bad",
      since: localTime(open.from),
      detail: join([sayOf("cause", open.cause), rest])
    }
  return { text: rest || say("gaps_none"), tone: rest === "" ? "good" : "busy", since: null }
}

/** @param {InstanceStatus} status @returns {Part} */
export const toDoOf = ({ desired, server, userAction }) => ({
  text: ownSettings(sayOf("action", userAction), server),
  tone:
    userAction === "none"
      ? desired.state === "listening"
        ? "good"
        : "off"
      : userAction === "wait" || userAction === "scan_qr"
        ? "busy"
        : "bad",
  since: null
})

/**
 * The reason why there is no code to scan; the service gives the same one.
 * @param {InstanceStatus} status
 */
export const noCodeOf = ({ listener: { state }, whatsapp }) => {
  if (state._tag === "Stopped") return "listener_stopped"
  if (state._tag === "Parked") return "listener_parked"
  switch (whatsapp?.state) {
    case "open":
      return "already_open"
    case "refused":
      return "limit_reached"
    case "close":
      return "closed"
    case "removed":
      return "removed"
    default:
      return "not_yet"
  }
}

/**
 * The commands that make sense for a status.
 * @param {InstanceStatus} status
 */
export const actionsFor = ({ desired, qrExpiresAt, userAction, whatsapp }) => {
  const isWanted = desired.state === "listening"
  const state = whatsapp?.state ?? "unknown"
  const isLinked = state === "open" || state === "removed"
  return {
    toggle: isWanted ? /** @type {const} */ ("stop") : /** @type {const} */ ("start"),
    restart: isWanted,
    showQr: qrExpiresAt !== null || (isWanted && !isLinked && userAction !== "request_qr"),
    newQr: userAction === "request_qr",
    copyLink: isWanted && !isLinked,
    createAgain: userAction === "recreate_instance"
  }
}

const graphemes = new Intl.Segmenter()

/**
 * The letters of the first two words, in place of a picture, which only WhatsApp's servers have.
 * @param {string} name
 */
export const initials = (name) =>
  name
    .split(/[\s_-]+/)
    .filter(Boolean)
    .slice(0, 2)
    .map((word) => [...graphemes.segment(word)][0]?.segment ?? "")
    .join("")
    .toUpperCase()
