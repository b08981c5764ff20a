/** How far an endpoint has come, and what failed. */
import { Schema } from "effect"

const Time = Schema.NullOr(Schema.DateTimeUtc)

/** `open`: nothing is sent but one event after a while, to see whether the receiver is back. */
const Breaker = Schema.Literal("closed", "open", "half-open")

export const EndpointStatus = Schema.Struct({
  /**
   * Events that wait, and how long the oldest of them has waited. `isAtLeast`: they may be more, and older, as the
   * endpoint has not read the log to its end.
   */
  lag: Schema.Struct({ events: Schema.Int, seconds: Schema.Int, isAtLeast: Schema.Boolean }),
  /** Events that were delivered since the endpoint was made; replays do not count. */
  delivered: Schema.Int,
  /** `behind`: lanes that wait for an event of their own. `failing`: those among them whose event failed. */
  lanes: Schema.Struct({ behind: Schema.Int, failing: Schema.Int }),
  /** The worst one of all Evolution servers. */
  breaker: Breaker,
  /** The first failure after the last success. */
  failingSince: Time,
  nextAttemptAt: Time,
  lastSuccessAt: Time,
  lastFailureAt: Time,
  /** The last failure. */
  reason: Schema.NullOr(Schema.String),
  /** Events that were put aside. */
  undelivered: Schema.Int
}).annotations({ identifier: "EndpointStatus" })
export type EndpointStatus = typeof EndpointStatus.Type

export const Lane = Schema.Struct({
  server: Schema.String,
  /** The instance; `null`: it is one lane of several instances. */
  instance: Schema.NullOr(Schema.String),
  /** Everything up to it is delivered. */
  cursor: Schema.Int,
  isBehind: Schema.Boolean,
  /** Of the event that fails. */
  attempts: Schema.Int,
  /** The event that fails. */
  head: Schema.NullOr(Schema.Int),
  nextAttemptAt: Time,
  failingSince: Time,
  reason: Schema.NullOr(Schema.String)
}).annotations({ identifier: "Lane" })
export type Lane = typeof Lane.Type

/** A failure, or the success that ended failures. */
export const Attempt = Schema.Struct({
  id: Schema.Int,
  at: Schema.DateTimeUtc,
  /** `null`: it was part of no replay. */
  replay: Schema.NullOr(Schema.UUID),
  server: Schema.String,
  instance: Schema.String,
  eventId: Schema.NullOr(Schema.Int),
  event: Schema.String,
  /** From 1. */
  attempt: Schema.Int,
  tookMs: Schema.Int,
  /** `delivered`, or the kind of the failure. */
  outcome: Schema.String,
  status: Schema.NullOr(Schema.Int),
  message: Schema.NullOr(Schema.String),
  /** The beginning of the answer; `null` for all but admins. */
  excerpt: Schema.NullOr(Schema.String),
  /** The address that was connected to; `null` for all but admins. */
  address: Schema.NullOr(Schema.String)
}).annotations({ identifier: "Attempt" })
export type Attempt = typeof Attempt.Type

/** An event that was put aside. */
export const Undelivered = Schema.Struct({
  eventId: Schema.Int,
  replay: Schema.NullOr(Schema.UUID),
  server: Schema.String,
  instance: Schema.String,
  event: Schema.String,
  attempts: Schema.Int,
  reason: Schema.String,
  at: Schema.DateTimeUtc,
  /** `null`: it is tried again by hand alone. */
  retryAt: Time
}).annotations({ identifier: "Undelivered" })
export type Undelivered = typeof Undelivered.Type
