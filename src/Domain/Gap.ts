/**
 * A stretch of time in which an instance's events may have been emitted and not heard. Evolution replays
 * nothing, so what cannot be fetched again has at least to be known.
 */
import { DateTime, Duration, Schema } from "effect"
import { InstanceName } from "./Instance.ts"
import type { SessionError } from "./ListenerState.ts"

/**
 * Why we did not hear. `queue_full`: so much waited for the database that we had stopped reading.
 * `not_subscribed`: Evolution's settings of the instance did not have all events.
 */
export const GapCause = Schema.Literal(
  "not_reached",
  "connection_lost",
  "heartbeat_missed",
  "namespace_refused",
  "protocol_violation",
  "key_refused",
  "license_required",
  "queue_full",
  "not_subscribed",
  "listener_crashed",
  "service_stopped",
  "service_crashed"
)
export type GapCause = typeof GapCause.Type

/** An entry of the ledger. Times are our own clock. */
export const Gap = Schema.Struct({
  id: Schema.UUID,
  instance: InstanceName,
  /** Everything emitted before was heard. */
  from: Schema.DateTimeUtc,
  /** Since when we hear again; `null` while we do not. */
  to: Schema.NullOr(Schema.DateTimeUtc),
  cause: GapCause,
  /**
   * `true`: all that Evolution has of this time is in the log. `false`: it is not, and `note` says
   * why. `null`: not known yet.
   */
  recovered: Schema.NullOr(Schema.Boolean),
  /** Messages that back-fill brought into the log. */
  fetched: Schema.Int.pipe(Schema.nonNegative()),
  /** Messages of before this time have been fetched; where back-fill goes on. */
  fetchedUntil: Schema.NullOr(Schema.DateTimeUtc),
  /** When back-fill tries again; `null`: it does not. */
  retryAt: Schema.NullOr(Schema.DateTimeUtc),
  note: Schema.NullOr(Schema.String)
}).annotations({ identifier: "Gap" })
export type Gap = typeof Gap.Type

export const opened = (facts: Pick<Gap, "id" | "instance" | "from" | "cause">): Gap => ({
  ...facts,
  to: null,
  recovered: null,
  fetched: 0,
  fetchedUntil: null,
  retryAt: null,
  note: null
})

/** WhatsApp stamps a message before Evolution emits it, and by its own clock. */
export const leeway = Duration.minutes(1)

/** It was not over. What was fetched stays so, but for its end, where there may be more by now. */
export const reopened = (gap: Gap): Gap => ({
  ...gap,
  to: null,
  recovered: null,
  fetchedUntil:
    gap.fetchedUntil === null || gap.to === null
      ? gap.fetchedUntil
      : DateTime.min(gap.fetchedUntil, DateTime.subtractDuration(gap.to, leeway)),
  retryAt: null,
  note: null
})

export const closed = (gap: Gap, to: DateTime.Utc): Gap => ({ ...gap, to })

/** So far everything before `fetchedUntil` is in the log, `fetched` messages more than before. */
export const progressed = (gap: Gap, fetched: number, fetchedUntil: DateTime.Utc): Gap => ({
  ...gap,
  fetched: gap.fetched + fetched,
  fetchedUntil,
  recovered: null,
  retryAt: null,
  note: null
})

export const recovered = (gap: Gap): Gap => ({
  ...gap,
  recovered: true,
  retryAt: null,
  note: null
})

/** What is missing stays missing, until `retryAt` at least. */
export const unrecovered = (gap: Gap, note: string, retryAt: DateTime.Utc | null = null): Gap => ({
  ...gap,
  recovered: false,
  note,
  retryAt
})

/** Whether there is something left to try. */
export const isPending = ({ recovered, retryAt, to }: Gap): boolean =>
  to !== null && (recovered === null || retryAt !== null)

/** The cause, as the end of a link tells it. */
export const causeOf = (error: SessionError): GapCause => {
  switch (error._tag) {
    case "ConnectionLost":
      return "connection_lost"
    case "HeartbeatMissed":
      return "heartbeat_missed"
    case "NamespaceRefused":
      return "namespace_refused"
    case "ProtocolViolation":
      return "protocol_violation"
    case "KeyRefused":
      return "key_refused"
    case "LicenseRequired":
      return "license_required"
    case "DialFailed":
    case "HandshakeTimeout":
    case "UpgradeRefused":
      return "not_reached"
  }
}

/** What a status tells of an instance's gaps. */
export const GapSummary = Schema.Struct({
  /** The gap we are in. */
  open: Schema.NullOr(Gap),
  /** Closed ones whose messages are not all in the log, or not yet. */
  unrecovered: Schema.Int.pipe(Schema.nonNegative())
})
export type GapSummary = typeof GapSummary.Type
