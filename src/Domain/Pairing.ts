/** Linking a phone to an instance: codes, and the reasons why there is none. */
import { type DateTime, Schema } from "effect"
import { InstanceName, type InstanceRecord, Qr } from "./Instance.ts"
import type { ListenerState } from "./ListenerState.ts"
import { codeOf, UserAction } from "./Status.ts"

/**
 * The reason why there is no code. Only `not_yet` passes by itself. `not_possible`: Evolution gives no
 * pairing code during the current round of QR codes.
 */
export const NoCode = Schema.Literal(
  "already_open",
  "limit_reached",
  "closed",
  "removed",
  "listener_stopped",
  "listener_parked",
  "not_possible",
  "not_yet"
)
export type NoCode = typeof NoCode.Type

/** There is no code; `reason` and `userAction` say how to get one. */
export class QrNotAvailable extends Schema.TaggedError<QrNotAvailable>()("QrNotAvailable", {
  message: Schema.String,
  instance: InstanceName,
  reason: NoCode,
  userAction: UserAction
}) {}

const { expiresAt, receivedAt, sequence } = Qr.fields

/** The code to type into the phone instead of scanning. A login credential, as the QR code is. */
export const PairingCode = Schema.Struct({
  pairingCode: Schema.String,
  sequence,
  receivedAt,
  expiresAt
}).annotations({ identifier: "PairingCode" })
export type PairingCode = typeof PairingCode.Type

/** The reason why no code will come; `not_yet`: one may come. */
export const noCode = (
  { whatsapp }: InstanceRecord,
  { _tag: listener }: ListenerState
): Exclude<NoCode, "not_possible"> => {
  if (listener === "Stopped") return "listener_stopped"
  if (listener === "Parked") return "listener_parked"
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

/** Each reason in words, with the way to get a code. */
export const words: Readonly<Record<NoCode, string>> = {
  already_open: "it is connected already",
  limit_reached:
    "Evolution's limit of codes is reached; ask for new ones by POST /instances/:name/qrcode",
  closed: "WhatsApp is closed; ask for codes by POST /instances/:name/qrcode",
  removed: "it was deleted at Evolution; create it again",
  listener_stopped: "its listener is stopped; start it",
  listener_parked: "its listener is parked; its status says what to do",
  not_possible:
    "a round of QR codes is under way, and Evolution takes a number only before one; wait until it ends, or create the instance with its number",
  not_yet: "none has come yet"
}

/** The progress of linking a phone, as a person sees it. */
export type Progress =
  | { readonly state: "scan"; readonly qr: Qr }
  | { readonly state: "connected"; readonly phone: string | null }
  /** A code may come by itself. */
  | { readonly state: "waiting" }
  /** No code will come by itself. */
  | { readonly state: "ended" }

export const progressOf = (
  record: InstanceRecord,
  listener: ListenerState,
  now: DateTime.Utc
): Progress => {
  const qr = codeOf(record, listener, now)
  if (record.whatsapp?.state === "open") return { state: "connected", phone: record.profile.phone }
  if (qr !== null) return { state: "scan", qr }
  return { state: noCode(record, listener) === "not_yet" ? "waiting" : "ended" }
}
