/** The receivers of an endpoint's messages. */
import { Schema } from "effect"

const aReference =
  '{ "env": … } with the name of a variable that begins with "DELIVERY_" and is no setting of this service'

/**
 * The value of an environment variable of this service, whose name begins with `DELIVERY_`: so a caller of the API
 * cannot have other secrets of the service sent to itself. `DELIVERY_ALLOW` is a setting, and tells of internal networks.
 */
export const EnvReference = Schema.Struct({
  env: Schema.String.pipe(
    Schema.pattern(/^DELIVERY_[A-Z0-9_]{1,91}$/),
    Schema.filter((name) => name !== "DELIVERY_ALLOW")
  )
}).annotations({
  identifier: "EnvReference",
  message: () => ({ message: `Expected ${aReference}`, override: true })
})
export type EnvReference = typeof EnvReference.Type

const isAddress = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { hash, password, protocol, username } = new URL(text)
  return /^https?:$/.test(protocol) && username === "" && password === "" && hash === ""
}

/** An absolute http(s) address without user, password and fragment. */
export const WebhookUrl = Schema.String.pipe(
  Schema.maxLength(2048),
  Schema.filter((text) => isAddress(text), {
    message: () =>
      "Expected an http(s) address without user, password and fragment; credentials go into headers"
  }),
  Schema.annotations({
    identifier: "WebhookUrl",
    jsonSchema: { type: "string", format: "uri" },
    arbitrary: () => (fc) => fc.webUrl()
  })
)

/** Headers that belong to HTTP or to Standard Webhooks. */
const reserved =
  /^(?:host|content-(?:length|type|encoding)|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|proxy-.*|webhook-.*)$/i

const HeaderName = Schema.String.pipe(
  Schema.pattern(/^[!#$%&'*+.^_`|~\w-]{1,100}$/, {
    message: () => "Expected the name of an HTTP header"
  }),
  Schema.filter((name) => !reserved.test(name), {
    message: () => "This service sets this header itself"
  })
)

const HeaderValue = Schema.String.pipe(
  Schema.pattern(/^[\x20-\x7e]{1,4096}$/, {
    message: () => "Expected visible ASCII characters"
  })
)

/** A value that was given before, and is kept. It stands in answers in the place of the value. */
export const StoredValue = Schema.Struct({ stored: Schema.Literal(true) }).annotations({
  identifier: "StoredValue"
})

/** A value of a header; it is encrypted at rest, and no answer repeats it. */
export const Headers = Schema.Record({
  key: HeaderName,
  value: Schema.Union(HeaderValue, EnvReference, StoredValue).annotations({
    message: () => ({
      message: `Expected visible ASCII characters, or ${aReference}`,
      override: true
    })
  })
}).pipe(
  Schema.filter((headers) => Object.keys(headers).length <= 20, {
    message: () => "Expected at most 20 headers"
  }),
  Schema.filter(
    (headers) => {
      const names = Object.keys(headers).map((name) => name.toLowerCase())
      return new Set(names).size === names.length
    },
    { message: () => "Expected each header once" }
  )
)

/** HTTP, signed as Standard Webhooks 1.0 has it (https://github.com/standard-webhooks/standard-webhooks). */
export const Webhook = Schema.Struct({
  type: Schema.Literal("webhook"),
  url: WebhookUrl,
  headers: Schema.optional(Headers),
  /** Seconds in which the receiver has to answer. */
  timeout: Schema.optional(Schema.Int.pipe(Schema.between(1, 30)))
}).annotations({ identifier: "WebhookTarget" })

const Name = Schema.String.pipe(Schema.pattern(/^[^\p{C}]{1,255}$/u))

/**
 * RabbitMQ, with publisher confirms. In `routingKey`, `{server}`, `{instance}` and `{event}` stand for those of the
 * message.
 */
export const RabbitMq = Schema.Struct({
  type: Schema.Literal("rabbitmq"),
  /** The variable that has the address, `amqp://user:password@host:5672/vhost`. */
  url: EnvReference,
  exchange: Name,
  exchangeType: Schema.optional(Schema.Literal("topic", "direct", "fanout", "headers")),
  /** `{server}.{instance}.{event}` if absent. */
  routingKey: Schema.optional(Name),
  /** A durable queue that is declared and bound, so that no message is unroutable. */
  queue: Schema.optional(Schema.Struct({ name: Name, bindingKey: Schema.optional(Name) }))
}).annotations({ identifier: "RabbitMqTarget" })

/** NATS JetStream: a message is delivered when the stream has acknowledged it. */
export const Nats = Schema.Struct({
  type: Schema.Literal("nats"),
  /** The variable that has the address, `nats://user:password@host:4222`, or several with commas between. */
  url: EnvReference,
  /** `{server}`, `{instance}` and `{event}` stand for those of the message. `evolution.{server}.{instance}.{event}` if absent. */
  subject: Schema.optional(Name),
  /** A stream that is created if there is none of this name; absent: it has to exist. */
  stream: Schema.optional(Schema.String.pipe(Schema.pattern(/^[\w-]{1,255}$/)))
}).annotations({ identifier: "NatsTarget" })

export const Target = Schema.Union(Webhook, RabbitMq, Nats)
export type Target = typeof Target.Type
