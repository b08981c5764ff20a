/**
 * The states of a listener's link to Evolution, as one closed union. WhatsApp's state is separate
 * (`Domain/Instance`). The HTTP answer and the state in memory are the same value.
 *
 *     Stopped ──▶ Connecting ──▶ Listening
 *                  ▲      │          │
 *                  │      ▼          │
 *                Waiting ◀───────────┘
 *                Parked   (as Waiting, but only a person can help)
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
  "use_global_mode",
  "report_bug"
)
export type ParkReason = typeof ParkReason.Type

export const Stopped = Schema.TaggedStruct("Stopped", { since: Schema.DateTimeUtc })

/** Counts this listener's attempts: a late signal of an earlier one is ignored. */
const Generation = Schema.Int.pipe(Schema.nonNegative())

export const Connecting = Schema.TaggedStruct("Connecting", {
  since: Schema.DateTimeUtc,
  /** 1 for the first attempt since the link was stable; grows with each failure. */
  attempt: Schema.Int,
  generation: Generation,
  error: Schema.NullOr(SessionError)
})

export const Listening = Schema.TaggedStruct("Listening", {
  since: Schema.DateTimeUtc,
  attempt: Schema.Int,
  generation: Generation
})

export const Waiting = Schema.TaggedStruct("Waiting", {
  since: Schema.DateTimeUtc,
  attempt: Schema.Int,
  generation: Generation,
  nextAttempt: Schema.DateTimeUtc,
  /** The link was lost so often lately that attempts are a minute apart. */
  isFlapping: Schema.Boolean,
  error: SessionError
})

export const Parked = Schema.TaggedStruct("Parked", {
  since: Schema.DateTimeUtc,
  attempt: Schema.Int,
  generation: Generation,
  /** The time of the next probe; `null`: only `start` or `restart` helps. */
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

export const stopped = (since: DateTime.Utc): ListenerState => ({ _tag: "Stopped", since })

/** The next attempt begins. A parked listener stays parked while it probes. */
export const connecting = (from: ListenerState, since: DateTime.Utc): ListenerState => {
  const { attempt, generation } = countsOf(from)
  const counts = { attempt: attempt + 1, generation: generation + 1 }
  return from._tag === "Parked"
    ? { ...from, ...counts }
    : { _tag: "Connecting", since, ...counts, error: from._tag === "Waiting" ? from.error : null }
}

/** The server refused for now, and the attempt goes on. */
export const refused = (from: ListenerState, error: SessionError): ListenerState =>
  from._tag === "Connecting" ? { ...from, error } : from

export const listening = (from: ListenerState, since: DateTime.Utc): ListenerState => ({
  _tag: "Listening",
  since,
  ...countsOf(from)
})

/** The link has held long enough: earlier failures no longer count. */
export const stable = (from: ListenerState): ListenerState =>
  from._tag === "Listening" ? { ...from, attempt: 0 } : from

export const isStable = (state: ListenerState): boolean =>
  state._tag === "Listening" && state.attempt === 0

/** An attempt has an outcome: the link is up, or Evolution refused it. */
export const hasOutcome = (state: ListenerState): boolean =>
  state._tag !== "Stopped" && (state._tag !== "Connecting" || state.error !== null)

export const waiting = (
  from: ListenerState,
  facts: Omit<typeof Waiting.Type, "_tag" | "attempt" | "generation">
): ListenerState => ({ _tag: "Waiting", ...facts, ...countsOf(from) })

export const parked = (
  from: ListenerState,
  facts: Omit<typeof Parked.Type, "_tag" | "attempt" | "generation">
): ListenerState => ({
  _tag: "Parked",
  ...facts,
  ...countsOf(from),
  since: from._tag === "Parked" ? from.since : facts.since
})

export const generationOf = (state: ListenerState): number => countsOf(state).generation

const countsOf = (
  state: ListenerState
): { readonly attempt: number; readonly generation: number } =>
  state._tag === "Stopped"
    ? { attempt: 0, generation: 0 }
    : { attempt: state.attempt, generation: state.generation }
