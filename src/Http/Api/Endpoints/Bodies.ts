/** Bodies and answers of the calls about endpoints. */
import { Schema } from "effect"
import {
  commonFields,
  Endpoint,
  EndpointName,
  EndpointStatus,
  EnvReference,
  Settings,
  SigningSecret,
  Start,
  StoredValue,
  Target
} from "../../../Domain/Endpoint.ts"
import { NamePattern } from "../../../Domain/Key.ts"

/** No field is passed over in silence: it may be a mistake in writing. */
const strict = { onExcessProperty: "error", errors: "all" } as const

/** The body of `POST /endpoints`. */
export const EndpointWanted = Schema.Struct({
  ...commonFields,
  target: Target,
  /** The signing secret of a webhook; one is made if absent. */
  secret: Schema.optional(Schema.Redacted(SigningSecret)),
  /** `now` if absent. */
  start: Schema.optional(Start)
}).annotations({ identifier: "EndpointWanted", parseOptions: strict })

/** A field that a patch may change, or take out with `null`. */
const patchable = <S extends Schema.Schema.All>({ from }: { readonly from: S }) =>
  Schema.optional(Schema.NullOr(from))

const Text = Schema.optional(Schema.NullOr(Schema.String))

/** Fields of every type: those of another type than the endpoint's are refused. */
const TargetPatch = Schema.Struct({
  type: Schema.optional(Schema.Literal("webhook", "rabbitmq", "nats")),
  url: Schema.optional(Schema.Union(Schema.String, EnvReference)),
  headers: Schema.optional(
    Schema.NullOr(
      Schema.Record({
        key: Schema.String,
        value: Schema.NullOr(Schema.Union(Schema.String, EnvReference, StoredValue))
      })
    )
  ),
  timeout: Schema.optional(Schema.NullOr(Schema.Int)),
  exchange: Schema.optional(Schema.String),
  exchangeType: Text,
  routingKey: Text,
  queue: Schema.optional(
    Schema.NullOr(
      Schema.Struct({ name: Schema.String, bindingKey: Schema.optional(Schema.String) })
    )
  ),
  subject: Text,
  stream: Text
})

/** The body of `PATCH /endpoints/:id`: what it leaves out stays, and `null` takes out (RFC 7396). */
export const EndpointPatch = Schema.Struct({
  name: Schema.optional(EndpointName),
  instances: patchable(commonFields.instances),
  servers: patchable(commonFields.servers),
  events: patchable(commonFields.events),
  fromMe: patchable(commonFields.fromMe),
  chats: patchable(commonFields.chats),
  hasMedia: patchable(commonFields.hasMedia),
  shape: patchable(commonFields.shape),
  byEvents: patchable(commonFields.byEvents),
  order: patchable(commonFields.order),
  retryDelays: patchable(commonFields.retryDelays),
  skipAfter: patchable(commonFields.skipAfter),
  concurrency: patchable(commonFields.concurrency),
  rateLimit: patchable(commonFields.rateLimit),
  target: Schema.optional(TargetPatch)
}).annotations({ identifier: "EndpointPatch", parseOptions: strict })

/** An endpoint as callers see it. */
export const EndpointView = Schema.Struct({
  ...Settings.fields,
  id: Endpoint.fields.id,
  state: Endpoint.fields.state,
  reason: Endpoint.fields.reason,
  source: Endpoint.fields.source,
  bounds: Endpoint.fields.bounds,
  createdAt: Endpoint.fields.createdAt,
  updatedAt: Endpoint.fields.updatedAt,
  status: EndpointStatus,
  /** Nothing can be sent, for this reason, which is ours; `null`: nothing is known of one. */
  trouble: Schema.NullOr(Schema.String)
}).annotations({ identifier: "Endpoint" })
export type EndpointView = typeof EndpointView.Type

export const EndpointWithSecret = Schema.Struct({
  ...EndpointView.fields,
  /** The signing secret, which no later answer repeats; `null`: messages to a broker are not signed. */
  secret: Schema.NullOr(Schema.String)
}).annotations({ identifier: "EndpointWithSecret" })

/** The body of `POST /endpoints/:id/resume`. */
export const ResumeWanted = Schema.Struct({
  /** `cursor` if absent: where it was. A time is that of reception, by our clock. */
  from: Schema.optional(Schema.Union(Schema.Literal("cursor", "now"), Schema.DateTimeUtc))
}).annotations({ identifier: "ResumeWanted", parseOptions: strict })

/** The body of `POST /endpoints/:id/rotate`. */
export const RotateWanted = Schema.Struct({
  /** One is made if absent. */
  secret: Schema.optional(Schema.Redacted(SigningSecret)),
  /** Seconds for which the old secret stays good; 24 hours if absent. */
  overlap: Schema.optional(Schema.Int.pipe(Schema.between(0, 86_400)))
}).annotations({ identifier: "RotateWanted", parseOptions: strict })

const Point = Schema.Union(
  Schema.Struct({ cursor: Schema.NonNegativeInt }),
  Schema.Struct({ time: Schema.DateTimeUtc })
)

/** The body of `POST /endpoints/:id/replay`. */
export const ReplayWanted = Schema.Struct({
  /** Events after this cursor, or received at this time or later. */
  from: Point,
  /** Events up to this cursor, or received at this time or before; up to now if absent. */
  to: Schema.optional(Point),
  /** Narrows the endpoint's own filter. */
  instances: Schema.optional(
    Schema.Array(NamePattern).pipe(Schema.minItems(1), Schema.maxItems(100))
  ),
  events: commonFields.events
}).annotations({ identifier: "ReplayWanted", parseOptions: strict })

/** The body of `POST /endpoints/:id/deliver`. */
export const DeliverWanted = Schema.Struct({
  /** The cursor of the event. */
  eventId: Schema.Int.pipe(Schema.positive())
}).annotations({ identifier: "DeliverWanted", parseOptions: strict })

/** The body of `POST /endpoints/:id/undelivered/retry`. */
export const RetryWanted = Schema.Struct({
  /** The cursor of an event; all that were put aside if absent. */
  eventId: Schema.optional(Schema.Int.pipe(Schema.positive()))
}).annotations({ identifier: "RetryWanted", parseOptions: strict })

/** The outcome of one message that was sent by hand. */
export const SentByHand = Schema.Struct({
  /** The message's id. */
  messageId: Schema.String,
  /** `delivered`, or the kind of the failure. */
  outcome: Schema.Literal(
    "delivered",
    "answered",
    "busy",
    "unreachable",
    "gone",
    "forbidden",
    "ours"
  ),
  status: Schema.NullOr(Schema.Int),
  tookMs: Schema.Int,
  message: Schema.NullOr(Schema.String),
  /** The beginning of the answer; `null` for all but admins. */
  excerpt: Schema.NullOr(Schema.String),
  /** The address that was connected to; `null` for all but admins. */
  address: Schema.NullOr(Schema.String)
}).annotations({ identifier: "SentByHand" })
export type SentByHand = typeof SentByHand.Type

/** The number of events that a call was about. */
export const Counted = Schema.Struct({ count: Schema.Int }).annotations({ identifier: "Counted" })
