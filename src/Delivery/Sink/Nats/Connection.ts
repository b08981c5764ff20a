/** A connection to NATS, and JetStream's acknowledgements over it. */
import type { MsgHdrs, NatsConnection } from "@nats-io/transport-node"
import { Effect, type Scope } from "effect"
import type { Nats } from "../../../Domain/Endpoint.ts"
import type { DeliveryFailed } from "../../Sink.ts"
import type { Address } from "./Address.ts"
import * as Failures from "./Failures.ts"
import * as Stream from "./Stream.ts"

export interface Message {
  readonly id: string
  readonly subject: string
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string>>
}

export interface Connection {
  /** Ends with the stream's acknowledgement. A message that is interrupted may have been published. */
  readonly publish: (message: Message) => Effect.Effect<void, DeliveryFailed>
}

/** Seconds. */
const openWithin = 10
/** Seconds: a server that leaves two pings unanswered is taken for gone. */
const pingEvery = 10

export interface Opening {
  readonly target: typeof Nats.Type
  readonly template: string
  readonly address: Address
  /** For the server's list of connections. */
  readonly name: string
  /** Seconds for a message. */
  readonly timeout: number
  /** The connection has ended. */
  readonly retire: () => void
}

const load = Effect.tryPromise({
  try: async () => {
    const [transport, jetStream] = await Promise.all([
      import("@nats-io/transport-node"),
      import("@nats-io/jetstream")
    ])
    return { ...transport, ...jetStream }
  },
  catch: () => Failures.notInstalled()
})

export const open = (opening: Opening): Effect.Effect<Connection, DeliveryFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const { address, name, retire, target, template, timeout } = opening
    const nats = yield* load
    const { credentials, isSecure, servers } = address
    const connection = yield* Effect.acquireRelease(
      Effect.tryPromise({
        try: () =>
          nats.connect({
            servers: [...servers],
            ...credentials,
            ...(isSecure ? { tls: {} } : {}),
            name,
            timeout: openWithin * 1000,
            pingInterval: pingEvery * 1000,
            maxPingOut: 2,
            // The next message opens a connection. The client would keep messages meanwhile, and drop them then.
            reconnect: false,
            ignoreClusterUpdates: true,
            noAsyncTraces: true
          }),
        catch: (error) => Failures.unopened(error, target.url.env, address)
      }),
      (opened) => Effect.ignore(Effect.tryPromise(() => opened.close()))
    )
    void connection.closed().then(retire, retire)

    const { stream } = target
    if (stream !== undefined) {
      const manager = yield* Effect.promise(() =>
        nats.jetstreamManager(connection, { checkAPI: false, timeout: openWithin * 1000 })
      )
      yield* Stream.ensure(manager, stream, template, address)
    }
    const jetStream = nats.jetstream(connection)

    return {
      publish: ({ body, headers, id, subject }) =>
        Effect.tryPromise({
          try: () =>
            jetStream.publish(subject, body, {
              msgID: id,
              // The sender has given up before: this ends what the client keeps of the message.
              timeout: timeout * 1000 + 1000,
              headers: filled(nats.headers(), headers),
              ...(stream === undefined ? {} : { expect: { streamName: stream } })
            }),
          catch: (error) => {
            if (Failures.isTooLarge(error))
              return Failures.exceeds(body.length, maxPayloadOf(connection), address)
            if (Failures.isNoResponders(error)) {
              // The stream may have been deleted: the next connection creates it again.
              if (stream !== undefined) retire()
              return Failures.noStream(subject, address)
            }
            return Failures.refused(error, { stream: stream ?? "", subject }, address)
          }
        }).pipe(
          // A subscriber may have answered; the client takes every JSON for an acknowledgement.
          Effect.filterOrFail(
            (ack) => typeof ack.stream === "string" && typeof ack.seq === "number",
            () => Failures.notAcknowledged(subject, address)
          ),
          Effect.asVoid
        )
    }
  })

const maxPayloadOf = ({ info }: NatsConnection): number => info?.max_payload ?? Number.NaN

const filled = (into: MsgHdrs, values: Readonly<Record<string, string>>): MsgHdrs => {
  for (const [name, value] of Object.entries(values)) into.set(name, value)
  return into
}
