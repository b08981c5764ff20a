/** The messages of webhooks in `/openapi.json`, in the shapes `full` and `thin`. That of `evolution` is Evolution's. */
import { Schema } from "effect"

const described = <A, I, R>(schema: Schema.Schema<A, I, R>, description: string) =>
  schema.annotations({ description })

const cursor = Schema.Int
const server = described(Schema.String, "The id of the Evolution server")
const instance = described(Schema.String, "The name of the instance")

const previous = described(
  Schema.NullOr(cursor),
  "The `id` of the event before it in its lane, so that a receiver sees a hole; null: not known"
)

const message = <Type, Data>(
  identifier: string,
  description: string,
  type: Schema.Schema<Type>,
  timestamp: string,
  data: Schema.Schema<Data>
) =>
  Schema.Struct({
    type,
    timestamp: described(Schema.DateTimeUtc, timestamp),
    data
  }).annotations({ identifier, description })

const received = "The time of receipt of the event"
const sent = "The time at which the message was made"
const name = described(Schema.String, "The name of the event, `messages.upsert`")

/** The event as `GET /events` has it, with one field more. */
const event = Schema.Struct({ previous }).annotations({
  jsonSchema: {
    type: "object",
    allOf: [
      { $ref: "#/components/schemas/EventRecord" },
      {
        required: ["previous"],
        properties: { previous: { anyOf: [{ type: "integer" }, { type: "null" }] } }
      }
    ]
  }
})

const full = message(
  "FullMessage",
  "An event in the shape `full`: as `GET /events` has it, and `previous`, the `id` of the event before it in its lane (null: not known)",
  name,
  received,
  event
)

const thin = message(
  "ThinMessage",
  "An event in the shape `thin`: its place in the log alone. The rest is at `GET /events`",
  name,
  received,
  Schema.Struct({ id: cursor, server, instance, event: Schema.String, previous })
)

const missed = message(
  "MissedMessage",
  "Events that were deleted before they were delivered, in the place of these events",
  Schema.Literal("endpoint.missed"),
  sent,
  Schema.Struct({
    server,
    instance,
    from: described(cursor, "The cursors are after this one"),
    to: described(cursor, "up to this one"),
    recovered: Schema.Literal(false)
  })
)

const test = message(
  "TestMessage",
  "Sent by hand, to see whether the receiver takes messages",
  Schema.Literal("webhook.test"),
  sent,
  Schema.Struct({})
)

const messages = {
  event: { schema: full, summary: "An event, in the shape full" },
  thinEvent: { schema: thin, summary: "An event, in the shape thin" },
  missed: { schema: missed, summary: "Events that were deleted before they were delivered" },
  test: { schema: test, summary: "A test message" }
}

export const schemas = Object.values(messages).map(({ schema }) => schema)

const header = (key: string, description: string, schema: object, required = true) => ({
  name: key,
  in: "header",
  required,
  description,
  schema
})

/** Headers of Standard Webhooks 1.0, and one of this service. */
export const parameters = {
  WebhookId: header(
    "webhook-id",
    "The same over all attempts, replays and endpoints. A receiver keeps the ids that it has handled.",
    { type: "string", pattern: "^(evt|missed|test)_[\\w-]+$" }
  ),
  WebhookTimestamp: header(
    "webhook-timestamp",
    "The time of this attempt, in seconds since 1970 UTC. Refuse one that is more than five minutes away.",
    { type: "string", pattern: "^\\d+$" }
  ),
  WebhookSignature: header(
    "webhook-signature",
    "`v1,` and the base64 of HMAC-SHA256 over `webhook-id`, `webhook-timestamp` and the body, with full stops between; several with spaces between, while one secret replaces another.",
    {
      type: "string",
      pattern: "^v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)*$"
    }
  ),
  WebhookReplay: header(
    "webhook-replay",
    "The event is part of a replay: it may have been delivered before.",
    { type: "string", enum: ["true"] },
    false
  )
}

const responses = {
  "2XX": { description: "The message is delivered. The body does not matter." },
  "410": { description: "The receiver wants no more messages: the endpoint is disabled." },
  "429": { description: "The receiver asks for time; so does 503. `Retry-After` counts." },
  default: { description: "A failure. The message is sent again, with the same `webhook-id`." }
}

/** `componentOf`: the reference to the schema of a message. */
export const webhooks = (
  componentOf: (schema: (typeof schemas)[number]) => object
): Record<string, object> =>
  Object.fromEntries(
    Object.entries(messages).map(([key, { schema, summary }]) => [
      key,
      {
        post: {
          tags: ["webhooks"],
          operationId: `webhooks.${key}`,
          summary,
          security: [],
          parameters: Object.keys(parameters).map((one) => ({
            $ref: `#/components/parameters/${one}`
          })),
          requestBody: {
            required: true,
            content: { "application/json": { schema: componentOf(schema) } }
          },
          responses
        }
      }
    ])
  )
