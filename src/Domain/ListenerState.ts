/**
 * The states of our own link, as one closed union. WhatsApp's state is another thing with another
 * name (`Domain/Instance`). The HTTP answer and the inner truth are the same value.
 *
 *     Stopped ──▶ Connecting ──▶ Listening
 *                  ▲      │          │
 *                  │      ▼          │
 *                Waiting ◀───────────┘
 *                Parked   (as Waiting, but it takes a person)
 */
import { type DateTime, Schema } from "effect"
import { KeyRefused, LicenseRequired } from "./EvolutionError.ts"
import { LinkError } from "./LinkError.ts"

/** A bug of ours ended the listener more often than the supervisor allows. */
export class ListenerCrashed extends Schema.TaggedError<ListenerCrashed>()("ListenerCrashed", {
  message: Schema.String
}) {}

export const SessionError = Schema.Union(LinkError, KeyRefused, LicenseRequired)
export type SessionError = typeof SessionError.Type

export const ParkReason = Schema.Literal(
  "check_api_key",
  "activate_license",
  "enable_websocket",
  "report_bug"
)
export type ParkReason = typeof ParkReason.Type

export const Stopped = Schema.TaggedStruct("Stopped", { since: Schema.DateTimeUtc })

export const Connecting = Schema.TaggedStruct("Connecting", {
  since: Schema.DateTimeUtc,
  /** 1 for the first attempt since the link last held; grows with each failure. */
  attempt: Schema.Int,
  error: Schema.NullOr(SessionError)
})

export const Listening = Schema.TaggedStruct("Listening", {
  since: Schema.DateTimeUtc,
  attempt: Schema.Int
})

export const Waiting = Schema.TaggedStruct("Waiting", {
  since: Schema.DateTimeUtc,
  attempt: Schema.Int,
  nextAttempt: Schema.DateTimeUtc,
  error: SessionError
})

export const Parked = Schema.TaggedStruct("Parked", {
  since: Schema.DateTimeUtc,
  attempt: Schema.Int,
  /** When we probe again by ourselves; `null`: only `start` or `restart` helps. */
  nextAttempt: Schema.NullOr(Schema.DateTimeUtc),
  userAction: ParkReason,
  error: Schema.Union(SessionError, ListenerCrashed)
})

export const ListenerState = Schema.Union(
  Stopped,
  Connecting,
  Listening,
  Waiting,
  Parked
).annotations({
  identifier: "ListenerState"
})
export type ListenerState = typeof ListenerState.Type

export const stopped = (since: DateTime.Utc): ListenerState => Stopped.make({ since })

/** The next attempt begins. A parked listener stays parked while it probes. */
export const connecting = (from: ListenerState, since: DateTime.Utc): ListenerState => {
  const attempt = attemptOf(from) + 1
  return from._tag === "Parked"
    ? Parked.make({ ...from, attempt })
    : Connecting.make({ since, attempt, error: from._tag === "Waiting" ? from.error : null })
}

/** The attempt goes on although the server said no for now. */
export const refused = (from: ListenerState, error: SessionError): ListenerState =>
  from._tag === "Connecting" ? Connecting.make({ ...from, error }) : from

export const listening = (from: ListenerState, since: DateTime.Utc): ListenerState =>
  Listening.make({ since, attempt: attemptOf(from) })

/** The link has held long enough: what failed before it no longer counts. */
export const settled = (from: ListenerState): ListenerState =>
  from._tag === "Listening" ? Listening.make({ ...from, attempt: 0 }) : from

export const isSettled = (state: ListenerState): boolean =>
  state._tag === "Listening" && state.attempt === 0

export const waiting = (
  from: ListenerState,
  facts: {
    readonly since: DateTime.Utc
    readonly nextAttempt: DateTime.Utc
    readonly error: SessionError
  }
): ListenerState => Waiting.make({ ...facts, attempt: attemptOf(from) })

export const parked = (
  from: ListenerState,
  facts: Omit<typeof Parked.Type, "_tag" | "attempt" | "since"> & { readonly since: DateTime.Utc }
): ListenerState =>
  Parked.make({
    ...facts,
    since: from._tag === "Parked" ? from.since : facts.since,
    attempt: attemptOf(from)
  })

const attemptOf = (state: ListenerState): number => ("attempt" in state ? state.attempt : 0)
