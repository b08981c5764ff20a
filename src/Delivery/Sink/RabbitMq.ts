/**
 * Publishes to RabbitMQ. A message is delivered when the server has confirmed it and has a queue for it. One that was
 * published and not confirmed is published again with the same `message-id`: a consumer may see it twice.
 */
import { Clock, Effect, Option, Redacted, type Scope } from "effect"
import type { RabbitMq } from "../../Domain/Endpoint.ts"
import type { DeliveryFailed, Outgoing, Sink } from "../Sink.ts"
import * as Connections from "./Connections.ts"
import { bodyOf, contentType, type Format, factsOf } from "./Facts.ts"
import * as Address from "./RabbitMq/Address.ts"
import * as Connection from "./RabbitMq/Connection.ts"
import * as Failures from "./RabbitMq/Failures.ts"
import { keyOf } from "./Route.ts"

export interface Options extends Format {
  readonly target: typeof RabbitMq.Type
  /** The value of the variable that `target.url` names. */
  readonly url: Redacted.Redacted
  /** The endpoint's name, for the server's list of connections. */
  readonly name?: string
  /** Seconds for one message; 15 if absent. */
  readonly timeout?: number
}

export const defaultKey = "{server}.{instance}.{event}"

/** A longer word would leave no room for the others in the 255 bytes of a key. */
const longestWord = 128
/** AMQP's bound for a key, in bytes. */
const longestKey = 255

/** The server's bound for a message may be raised: a message is tried again after this time. */
const limitHolds = 600_000

export const make = ({
  name,
  target,
  timeout = 15,
  url,
  ...format
}: Options): Effect.Effect<Sink, never, Scope.Scope> =>
  Effect.gen(function* () {
    const parsed = Address.parse(Redacted.value(url))
    if (Option.isNone(parsed)) return unusable(Failures.noAddress(target.url.env))
    const address = parsed.value
    const template = target.routingKey ?? defaultKey
    let limit: { readonly bytes: number; readonly until: number } | undefined

    const clock = yield* Effect.clock
    const connections = yield* Connections.make((retire) =>
      Connection.open({
        target,
        address,
        retire,
        name: name === undefined ? "evolution-listener" : `evolution-listener: ${name}`,
        onLimit: (bytes) => {
          limit = { bytes, until: clock.unsafeCurrentTimeMillis() + limitHolds }
        }
      })
    )

    const messageOf = (outgoing: Outgoing) =>
      Effect.gen(function* () {
        const facts = factsOf(outgoing)
        const key = keyOf(template, facts, longestWord)
        const bytes = Buffer.byteLength(key)
        if (bytes > longestKey)
          return yield* Failures.unsendable(
            `the routing key has ${bytes} bytes, and RabbitMQ takes ${longestKey}: shorten the endpoint's routingKey`
          )
        const now = yield* Clock.currentTimeMillis
        const body = bodyOf(outgoing, format, target.exchange, now)
        if (limit !== undefined && now < limit.until && body.length > limit.bytes)
          return yield* Failures.exceeds(body.length, limit.bytes, address)
        const { at, cursor, event, instance, server } = facts
        return {
          key,
          body,
          isTest: outgoing.item._tag === "Test",
          properties: {
            persistent: true,
            messageId: outgoing.id,
            type: event,
            // AMQP counts seconds.
            timestamp: Math.floor((at ?? now) / 1000),
            contentType,
            appId: "evolution-listener",
            headers: {
              event,
              ...(server === null ? {} : { server }),
              ...(instance === null ? {} : { instance }),
              ...(cursor === null ? {} : { cursor }),
              ...(outgoing.previous === null ? {} : { previous: outgoing.previous }),
              attempt: outgoing.attempt,
              replay: outgoing.isReplay
            }
          }
        }
      })

    const send: Sink["send"] = (outgoing) =>
      Effect.flatMap(messageOf(outgoing), (message) => {
        // Set when a connection is at hand: before that, the time runs out over its opening.
        let late = (): DeliveryFailed => Failures.unanswered(timeout, address)
        return connections
          .use((connection, retire) => {
            if (connection.isBlocked()) return Failures.blocked(address)
            late = () => {
              if (connection.isBlocked()) return Failures.blocked(address)
              // The server is gone, or a queue of it has no majority; others may use what is left of the connection.
              retire()
              return Failures.unconfirmed(timeout, address)
            }
            return connection.publish(message)
          })
          .pipe(
            Effect.timeoutFail({ duration: `${timeout} seconds`, onTimeout: () => late() }),
            Effect.as({})
          )
      })
    return { send }
  })

const unusable = (failure: DeliveryFailed): Sink => ({ send: () => failure })
