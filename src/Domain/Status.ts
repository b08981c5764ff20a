/** The status of an instance: the operator's wish, our link, WhatsApp's state, and the next step for a person. */
import { DateTime, Duration, Schema } from "effect"
import { Degraded } from "./Degraded.ts"
import { GapSummary } from "./Gap.ts"
import {
  currentQr,
  Desired,
  InstanceName,
  type InstanceRecord,
  type LastEvent,
  Observed,
  Origin,
  Profile,
  type Qr,
  WhatsAppState
} from "./Instance.ts"
import { ListenerState, ParkReason } from "./ListenerState.ts"
import { ServerId } from "./Server.ts"

export const UserAction = Schema.Literal(
  "none",
  "wait",
  "scan_qr",
  "request_qr",
  "contact_whatsapp",
  "recreate_instance",
  "check_evolution_network",
  "enable_global_events",
  "restart_evolution",
  ...ParkReason.literals
)
export type UserAction = typeof UserAction.Type

/** Whole seconds since the fact became true or was last confirmed. */
const AgeSeconds = Schema.Int.pipe(Schema.nonNegative())

export const InstanceStatus = Schema.Struct({
  name: InstanceName,
  /** The Evolution server of the instance. */
  server: ServerId,
  userAction: UserAction,
  desired: Schema.Struct({ state: Desired, since: Schema.DateTimeUtc, ageSeconds: AgeSeconds }),
  listener: Schema.Struct({ state: ListenerState, ageSeconds: AgeSeconds }),
  /** Stretches without events that back-fill has not closed. */
  gaps: GapSummary,
  /** Events arrive and cannot be committed, so this status may be older than they are. */
  degraded: Schema.NullOr(Degraded),
  /** Evolution's latest statement, and the way it reached us; `null` before the first. */
  whatsapp: Schema.NullOr(
    Schema.Struct({
      state: WhatsAppState,
      reason: Schema.NullOr(Schema.Int),
      origin: Origin,
      at: Schema.DateTimeUtc,
      ageSeconds: AgeSeconds
    })
  ),
  profile: Profile,
  /** The instance as Evolution lists it; `null`: Evolution does not have it, or has not told of it. */
  evolution: Observed.fields.evolution,
  /** Events heard since the service began while no listener was there to log them. */
  ignoredEvents: Schema.Int.pipe(Schema.nonNegative()),
  /** The end of the current QR code's life; `null` if `GET /instances/:name/qrcode` has none. */
  qrExpiresAt: Schema.NullOr(Schema.DateTimeUtc),
  lastEvent: Schema.NullOr(
    Schema.Struct({ event: Schema.String, at: Schema.DateTimeUtc, ageSeconds: AgeSeconds })
  )
}).annotations({ identifier: "InstanceStatus" })
export type InstanceStatus = typeof InstanceStatus.Type

/** Facts about the listener of an instance. */
export interface Listening {
  readonly listener: ListenerState
  readonly gaps: GapSummary
  readonly degraded: Degraded | null
  readonly lastEvent: LastEvent | null
  readonly ignoredEvents: number
}

/** The current QR code. Without a listener no newer code would be known, so there is none. */
export const codeOf = (
  record: InstanceRecord,
  { _tag: listener }: ListenerState,
  now: DateTime.Utc
): Qr | null => (listener === "Stopped" || listener === "Parked" ? null : currentQr(record, now))

export const statusOf = (
  record: InstanceRecord,
  { degraded, gaps, ignoredEvents, lastEvent, listener }: Listening,
  now: DateTime.Utc
): Omit<InstanceStatus, "server"> => {
  const ageSeconds = (since: DateTime.Utc) =>
    Math.max(0, Math.floor((DateTime.toEpochMillis(now) - DateTime.toEpochMillis(since)) / 1000))
  const { desired, desiredAt, evolution, name, profile, whatsapp } = record
  const qr = codeOf(record, listener, now)
  return {
    name,
    userAction: userActionOf(record, { gaps, hasQr: qr !== null, listener }, now),
    desired: { state: desired, since: desiredAt, ageSeconds: ageSeconds(desiredAt) },
    listener: { state: listener, ageSeconds: ageSeconds(listener.since) },
    gaps,
    degraded,
    whatsapp: whatsapp && { ...whatsapp, ageSeconds: ageSeconds(whatsapp.at) },
    profile,
    evolution,
    ignoredEvents,
    qrExpiresAt: qr?.expiresAt ?? null,
    lastEvent: lastEvent && { ...lastEvent, ageSeconds: ageSeconds(lastEvent.at) }
  }
}

/** The next step for a person. While our link is down, the facts are too old for any advice but to wait. */
const userActionOf = (
  record: InstanceRecord,
  {
    gaps,
    hasQr,
    listener
  }: Pick<Listening, "gaps" | "listener"> & {
    readonly hasQr: boolean
  },
  now: DateTime.Utc
): UserAction => {
  switch (listener._tag) {
    case "Stopped":
      return "none"
    case "Parked":
      return listener.userAction
    case "Connecting":
    case "Waiting":
      return "wait"
    case "Listening":
      return deafAction(gaps) ?? whatsappAction(record, hasQr, now)
  }
}

/** The link is up, and events do not come. */
const deafAction = ({ open }: GapSummary): UserAction | undefined => {
  if (open?.cause === "not_broadcast") return "enable_global_events"
  return open?.cause === "not_emitted" ? "restart_evolution" : undefined
}

/**
 * A code comes seconds after the beginning, and the next one each 45 s. Evolution that cannot reach
 * WhatsApp, or is too old for it, begins anew for ever.
 */
const patience = Duration.minutes(3)

const whatsappAction = (
  { connectingSince, whatsapp }: InstanceRecord,
  hasQr: boolean,
  now: DateTime.Utc
): UserAction => {
  switch (whatsapp?.state) {
    case "open":
      return "none"
    case "connecting":
      if (hasQr) return "scan_qr"
      return connectingSince !== null &&
        DateTime.greaterThanOrEqualTo(now, DateTime.addDuration(connectingSince, patience))
        ? "check_evolution_network"
        : "wait"
    case "refused":
    case "close":
      return isBan(whatsapp.reason) ? "contact_whatsapp" : "request_qr"
    case "removed":
      return "recreate_instance"
    default:
      return "wait"
  }
}

/** 402, 403 and 406 as whatsmeow names them: temporary ban, device locked, account banned. */
const isBan = (reason: number | null): boolean => reason === 402 || reason === 403 || reason === 406
