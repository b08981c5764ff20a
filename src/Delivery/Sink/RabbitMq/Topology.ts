/** Declares what an endpoint publishes to: the exchange, and the queue with its binding. */
import type { Channel, ChannelModel } from "amqplib"
import { Effect } from "effect"
import type { RabbitMq } from "../../../Domain/Endpoint.ts"
import type { DeliveryFailed } from "../../Sink.ts"
import { type ClientError, clientError } from "../ClientError.ts"
import type { Address } from "./Address.ts"
import * as Failures from "./Failures.ts"

/** Runs on a channel of its own: the server closes the channel of a declaration that it refuses. */
const onChannel = (model: ChannelModel, act: (channel: Channel) => Promise<unknown>) =>
  Effect.tryPromise({
    try: async () => {
      const channel = await model.createChannel()
      // The refused call reports the same.
      channel.on("error", () => undefined)
      await act(channel)
      await channel.close()
    },
    catch: clientError
  })

/**
 * Others may have declared it with arguments of their own, such as a queue's type or its length, or this user may have no
 * right to declare anything. Then it is taken as it is.
 */
const isTakenAsItIs = ({ cause }: ClientError): boolean => {
  const argument = Failures.differing(cause)
  return (
    Failures.replyCodeOf(cause) === 403 ||
    (argument !== undefined && /^(?:x-|alternate-exchange$)/.test(argument))
  )
}

const orAsItIs = (
  declared: Effect.Effect<void, ClientError>,
  checked: Effect.Effect<void, ClientError>
): Effect.Effect<void, ClientError> =>
  Effect.catchIf(declared, isTakenAsItIs, (error) => Effect.mapError(checked, () => error))

/** The key by which the queue is bound where the endpoint names none; `undefined`: no key would take every message. */
const bindingOf = ({
  exchangeType = "topic",
  queue,
  routingKey
}: typeof RabbitMq.Type): string | undefined => {
  if (queue?.bindingKey !== undefined) return queue.bindingKey
  if (exchangeType === "topic") return "#"
  if (exchangeType !== "direct") return ""
  return routingKey === undefined || routingKey.includes("{") ? undefined : routingKey
}

export const declare = (
  model: ChannelModel,
  target: typeof RabbitMq.Type,
  address: Address
): Effect.Effect<void, DeliveryFailed> =>
  Effect.gen(function* () {
    const { exchange, exchangeType = "topic", queue } = target
    const refused =
      (thing: string) =>
      ({ cause }: ClientError) =>
        Failures.undeclared(thing, cause, address)

    yield* orAsItIs(
      onChannel(model, (channel) =>
        channel.assertExchange(exchange, exchangeType, { durable: true })
      ),
      onChannel(model, (channel) => channel.checkExchange(exchange))
    ).pipe(Effect.mapError(refused(`exchange "${exchange}"`)))
    if (queue === undefined) return

    const { name } = queue
    const binding = bindingOf(target)
    if (binding === undefined)
      return yield* Failures.unsendable(
        `the queue "${name}" needs a bindingKey: a direct exchange knows no key that takes every message`
      )
    yield* orAsItIs(
      onChannel(model, (channel) => channel.assertQueue(name, { durable: true })),
      onChannel(model, (channel) => channel.checkQueue(name))
    ).pipe(Effect.mapError(refused(`queue "${name}"`)))
    yield* onChannel(model, (channel) => channel.bindQueue(name, exchange, binding)).pipe(
      // Somebody else may have bound it: a message that reaches no queue is returned.
      Effect.catchIf(
        ({ cause }) => Failures.replyCodeOf(cause) === 403,
        () => Effect.void
      ),
      Effect.mapError(refused(`binding of the queue "${name}"`))
    )
  })
