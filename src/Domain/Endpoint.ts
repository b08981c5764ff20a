/** Endpoints: receivers outside this service, which get the events of the log. */
import { Schema } from "effect"
import { filterFields } from "./Endpoint/Filter.ts"
import { Target } from "./Endpoint/Target.ts"

export { isWithin, mayShape } from "./Endpoint/Bounds.ts"
export {
  EndpointInFile,
  EndpointNameTaken,
  EndpointNotFound,
  EndpointRefused,
  ReplayNotFound,
  TooManyEndpoints
} from "./Endpoint/Errors.ts"
export { ChatKind, EventPattern, Filter } from "./Endpoint/Filter.ts"
export { SigningSecret } from "./Endpoint/SigningSecret.ts"
export {
  Attempt,
  EndpointStatus,
  Lane,
  Undelivered
} from "./Endpoint/Standing.ts"
export {
  EnvReference,
  Headers,
  Nats,
  RabbitMq,
  StoredValue,
  Target,
  Webhook,
  WebhookUrl
} from "./Endpoint/Target.ts"

/**
 * `full`: the event as the log has it. `thin`: its cursor, name and instance alone. `evolution`: the body that
 * Evolution's own webhook sends.
 */
export const Shape = Schema.Literal("full", "thin", "evolution")
export type Shape = typeof Shape.Type

/**
 * The lanes of an endpoint. Within a lane, events are delivered in order, one at a time. `instance`: a lane for each
 * instance. `endpoint`: one lane for each server. `none`: in no order; an event that fails holds up no other.
 */
export const Order = Schema.Literal("instance", "endpoint", "none")
export type Order = typeof Order.Type

/** Seconds between the attempts of one event. */
export const RetryDelays = Schema.Array(Schema.Int.pipe(Schema.between(1, 86_400))).pipe(
  Schema.minItems(1),
  Schema.maxItems(20)
)

export const defaults = {
  shape: "full",
  order: "instance",
  /** The last one is repeated. */
  retryDelays: [5, 30, 120, 300],
  concurrency: 16,
  /** Seconds. */
  timeout: 15
} as const

export const EndpointName = Schema.String.pipe(
  Schema.pattern(/^[^\p{C}]{1,100}$/u, { message: () => "A name has 1 to 100 characters" })
)

/** Everything about an endpoint that does not depend on its type. */
export const commonFields = {
  /** For people; no two endpoints within the same bounds have the same. */
  name: EndpointName,
  ...filterFields,
  /** `full` if absent. */
  shape: Schema.optional(Shape),
  /** With the shape `evolution`: the name of the event follows the path of the URL, as with Evolution's `byEvents`. */
  byEvents: Schema.optional(Schema.Boolean),
  /** `instance` if absent. */
  order: Schema.optional(Order),
  /** 5, 30, 120, 300 if absent; the last one is repeated. Each is varied by 20 %. */
  retryDelays: Schema.optional(RetryDelays),
  /**
   * After so many attempts that the receiver answered with a failure, an event is put aside, and its lane goes on.
   * Absent: the lane waits until the receiver takes the event.
   */
  skipAfter: Schema.optional(Schema.Int.pipe(Schema.between(1, 100))),
  /** Attempts at the same time, of different lanes; 16 if absent. */
  concurrency: Schema.optional(Schema.Int.pipe(Schema.between(1, 64))),
  /** Attempts a second, at most; no limit if absent. */
  rateLimit: Schema.optional(Schema.Int.pipe(Schema.between(1, 10_000)))
}
const Common = Schema.Struct(commonFields)

/** The settings of an endpoint, as they are stored: without secrets, whose values stand in `secrets`. */
export const Settings = Schema.Struct({ ...commonFields, target: Target }).annotations({
  identifier: "EndpointSettings"
})
export type Settings = typeof Settings.Type
export type Common = typeof Common.Type

/** `disabled`: the service ended it (410, or days of nothing but failure). Only `active` endpoints are delivered to. */
export const EndpointState = Schema.Literal("active", "paused", "disabled")
export type EndpointState = typeof EndpointState.Type

/** An endpoint, as the service knows it. Its secrets are not in it. */
export const Endpoint = Schema.Struct({
  id: Schema.UUID,
  settings: Settings,
  state: EndpointState,
  /** The reason for which it was disabled. */
  reason: Schema.NullOr(Schema.String),
  /** `file`: it stands in `ENDPOINTS_FILE`, and the API cannot change its settings. */
  source: Schema.Literal("api", "file"),
  /**
   * The bounds of the key that made it, which hold beside its filter; `null`: none. A key sees an endpoint if it may
   * see every instance within these bounds and the filter.
   */
  bounds: Schema.Struct({
    instances: Schema.NullOr(Schema.Array(Schema.String)),
    servers: Schema.NullOr(Schema.Array(Schema.String))
  }),
  /** Its cursors were set anew: what is under way for an earlier generation moves none. */
  generation: Schema.Int,
  createdAt: Schema.DateTimeUtc,
  updatedAt: Schema.DateTimeUtc
})
export type Endpoint = typeof Endpoint.Type

/** The beginning of an endpoint's way through the log. A time is that of reception, by our clock. */
export const Start = Schema.Union(
  Schema.Literal("now", "beginning"),
  Schema.Struct({ cursor: Schema.NonNegativeInt }),
  Schema.Struct({ time: Schema.DateTimeUtc })
).annotations({ identifier: "EndpointStart" })
export type Start = typeof Start.Type

/** `finished`: it came to its end. */
export const ReplayState = Schema.Literal("running", "finished", "cancelled")

/** Events that are sent once more, beside the endpoint's own way through the log. */
export const Replay = Schema.Struct({
  id: Schema.UUID,
  endpoint: Schema.UUID,
  /** Events after this cursor, up to that one. */
  after: Schema.Int,
  until: Schema.Int,
  /** Narrows the endpoint's own filter. */
  filter: Schema.Struct({ instances: filterFields.instances, events: filterFields.events }),
  state: ReplayState,
  createdAt: Schema.DateTimeUtc,
  finishedAt: Schema.NullOr(Schema.DateTimeUtc)
}).annotations({ identifier: "Replay" })
export type Replay = typeof Replay.Type
