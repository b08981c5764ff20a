/** Sums each event up in a line: pure; the data is untrusted. */
import { reasonText } from "./status.js"
import { say, sayOf } from "./words.js"

const maxChars = 160

/**
 * A value as a record; empty if it is none.
 * @param {unknown} value
 * @returns {Readonly<Record<string, unknown>>}
 */
const record = (value) =>
  typeof value === "object" && value !== null ? /** @type {Record<string, unknown>} */ (value) : {}

/** @param {unknown} value */
const text = (value) => (typeof value === "string" || typeof value === "number" ? `${value}` : "")

/** @param {unknown[]} parts */
const join = (parts) => parts.map(text).filter(Boolean).join(" · ")

/** @param {string} line */
const cut = (line) => {
  const flat = line.replaceAll(/\s+/g, " ").trim()
  return flat.length > maxChars ? `${flat.slice(0, maxChars)}…` : flat
}

/** @param {Readonly<Record<string, unknown>>} data */
const messageLine = (data) => {
  const message = record(data.message)
  const words =
    text(message.conversation) ||
    text(record(message.extendedTextMessage).text) ||
    text(record(message.imageMessage).caption) ||
    text(data.messageType)
  const { fromMe, remoteJid } = record(data.key)
  const from = text(data.pushName) || text(remoteJid)
  return [fromMe === true ? "→" : "", from === "" ? "" : `${from}:`, words]
    .filter(Boolean)
    .join(" ")
}

/** A listener's state in the form of a status or of the log. @param {unknown} state */
export const linkLine = (state) => {
  const { _tag, error } = record(state)
  return join([sayOf("link", text(_tag)), record(error).message])
}

/** @param {Readonly<Record<string, unknown>>} gap */
const gapLine = ({ cause, fetched, recovered, to }) =>
  join([
    to === null ? say("verdict_open") : sayOf("verdict", String(recovered)),
    sayOf("cause", text(cause)),
    typeof fetched === "number" && fetched > 0 ? `+${fetched}` : ""
  ])

/** @param {string} event @param {unknown} data */
export const summaryOf = (event, data) => {
  const fields = record(data)
  switch (event) {
    case "messages.upsert":
    case "send.message":
      return cut(messageLine(fields))
    case "connection.update":
      return cut(
        join([
          sayOf("whatsapp", text(fields.state)),
          fields.profileName,
          reasonText(fields.statusReason)
        ])
      )
    case "connection.repeated":
      return cut(join([sayOf("whatsapp", text(fields.state)), `×${text(fields.count)}`]))
    case "qrcode.updated":
      return cut(text(fields.message))
    case "instance.updated":
      return cut(join([record(fields.profile).phone, record(fields.profile).name]))
    case "instance.create":
    case "instance.delete":
      return ""
    case "gap.updated":
      return cut(gapLine(fields))
    case "listener.updated":
      return cut(linkLine(data))
    default:
      return data === null || data === undefined ? "" : cut(JSON.stringify(data).slice(0, 400))
  }
}
