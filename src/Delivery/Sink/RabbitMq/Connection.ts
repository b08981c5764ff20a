/** A connection to a RabbitMQ server with one channel that confirms: https://www.rabbitmq.com/docs/confirms */
import type { ChannelModel, ConfirmChannel, Options } from "amqplib"
import { Effect, type Scope } from "effect"
import type { RabbitMq } from "../../../Domain/Endpoint.ts"
import type { DeliveryFailed } from "../../Sink.ts"
import type { Address } from "./Address.ts"
import * as Failures from "./Failures.ts"
import * as Topology from "./Topology.ts"

export interface Message {
  readonly key: string
  readonly body: Buffer
  readonly isTest: boolean
  readonly properties: Options.Publish & { readonly messageId: string }
}

export interface Connection {
  /** Ends with the server's confirm. A message that is interrupted may have been published. */
  readonly publish: (message: Message) => Effect.Effect<void, DeliveryFailed>
  readonly isBlocked: () => boolean
}

/** Seconds. */
const openWithin = 10
/** Seconds: a server that is silent for twice as long is taken for gone. */
const heartbeat = 10
const closeWithin = "1 second"

interface Pending {
  readonly id: string
  isReturned: boolean
}

export interface Opening {
  readonly target: typeof RabbitMq.Type
  readonly address: Address
  /** For the server's list of connections. */
  readonly name: string
  /** The connection has ended. */
  readonly retire: () => void
  /** The server's bound for a message, which is told when it closes the channel over one. */
  readonly onLimit: (limit: number) => void
}

const load = Effect.tryPromise({
  try: () => import("amqplib"),
  catch: () => Failures.notInstalled()
})

const connect = ({ address, name, target }: Opening) =>
  Effect.gen(function* () {
    const amqp = yield* load
    const { hostname, password, port, protocol, username, vhost } = address
    // Aborted, it destroys the socket: a farewell to a server that is gone has no end.
    const abort = new AbortController()
    const socket = {
      noDelay: true,
      timeout: openWithin * 1000,
      signal: abort.signal,
      clientProperties: { connection_name: name }
    }
    const options = {
      protocol,
      hostname,
      port,
      username,
      password,
      vhost: encodeURIComponent(vhost),
      heartbeat
    }
    yield* Effect.addFinalizer(() => Effect.sync(() => abort.abort()))
    return yield* Effect.tryPromise({
      try: async () => {
        const model = await amqp.connect(options, socket)
        // The calls that fail report the same; without a listener the process would end.
        model.on("error", () => undefined)
        return model
      },
      catch: (error) => Failures.unopened(error, target.url.env, address)
    }).pipe(
      Effect.timeoutFail({
        duration: `${openWithin} seconds`,
        onTimeout: () => Failures.unanswered(openWithin, address)
      })
    )
  })

const farewell = (model: ChannelModel) =>
  Effect.tryPromise(() => model.close()).pipe(
    Effect.interruptible,
    Effect.timeout(closeWithin),
    Effect.ignore
  )

export const open = (opening: Opening): Effect.Effect<Connection, DeliveryFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const { address, onLimit, retire, target } = opening
    const model = yield* connect(opening)
    let isBlocked = false
    model.on("close", retire)
    model.on("blocked", () => {
      isBlocked = true
    })
    model.on("unblocked", () => {
      isBlocked = false
    })
    yield* Effect.addFinalizer(() => farewell(model))

    return yield* Effect.gen(function* () {
      yield* Topology.declare(model, target, address)
      const channel = yield* Effect.tryPromise({
        try: () => model.createConfirmChannel(),
        catch: (error) => Failures.closed(error, address)
      })
      return {
        isBlocked: () => isBlocked,
        publish: publisher(channel, opening, onLimit)
      }
    }).pipe(
      Effect.timeoutFail({
        duration: `${openWithin} seconds`,
        onTimeout: () => Failures.unanswered(openWithin, address)
      })
    )
  })

const publisher = (
  channel: ConfirmChannel,
  { address, retire, target: { exchange, queue } }: Opening,
  onLimit: (limit: number) => void
): Connection["publish"] => {
  const pending = new Set<Pending>()
  let reason: unknown
  channel.on("error", (error) => {
    reason = error
    const bound = Failures.tooLarge(error)
    if (bound !== undefined) onLimit(bound.limit)
  })
  channel.on("close", retire)
  // The server returns a message before it confirms it, and messages in the order in which they were published.
  channel.on("return", ({ properties }) => {
    for (const one of pending)
      if (one.id === properties.messageId && !one.isReturned) {
        one.isReturned = true
        return
      }
  })

  const ended = (size: number): DeliveryFailed => {
    const bound = Failures.tooLarge(reason)
    return bound?.size === size
      ? Failures.exceeds(bound.size, bound.limit, address)
      : Failures.closed(reason, address, address.username)
  }

  return ({ body, isTest, key, properties }) =>
    Effect.async<void, DeliveryFailed>((resume) => {
      const one: Pending = { id: properties.messageId, isReturned: false }
      const size = body.length
      const confirmed = (error: unknown) => {
        pending.delete(one)
        if (error instanceof Error)
          return resume(error.message === nacked ? Failures.refused(address) : ended(size))
        if (!one.isReturned) return resume(Effect.void)
        // The queue may have been deleted: the next connection declares it again.
        if (queue !== undefined) retire()
        return resume(Failures.unroutable(exchange, key, isTest, address))
      }
      try {
        pending.add(one)
        channel.publish(exchange, key, body, { ...properties, mandatory: true }, confirmed)
      } catch (error) {
        pending.delete(one)
        resume(
          error instanceof Error && error.name === "IllegalOperationError"
            ? ended(size)
            : Failures.unsendable("the client cannot encode the message's properties")
        )
      }
    })
}

/** The client's word for a nack; the server says nothing about its reason. */
const nacked = "message nacked"
