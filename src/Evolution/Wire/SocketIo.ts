/**
 * Socket.IO v5 on top of Engine.IO: joins a namespace and gives the events that the server emits there.
 * We never emit: Evolution's root namespace obeys any authorised socket (`sendNode`).
 *
 * Protocol: https://github.com/socketio/socket.io-protocol (revision 5).
 */
import { Duration, Effect, Option, Predicate, type Scope } from "effect"
import { Decoder, Encoder, type Packet, PacketType } from "socket.io-parser"
import type * as InFlight from "../../Concurrency/InFlight.ts"
import type { RawEvent } from "../../Domain/Event.ts"
import {
  ConnectionLost,
  HandshakeTimeout,
  type LinkError,
  NamespaceRefused,
  ProtocolViolation
} from "../../Domain/LinkError.ts"
import * as Dialling from "./Dialling.ts"
import * as EngineIo from "./EngineIo.ts"
import type { Heard } from "./Hearing.ts"

export const namespaceTimeout = Duration.seconds(10)

/**
 * The parser refuses more than 10 attachments by default; one `messages.set` has several buffers per
 * message and thousands of messages.
 */
const maxAttachments = 1_000_000

export type Pull = Effect.Effect<ReadonlyArray<RawEvent>, Option.Option<LinkError>>

export interface SocketIo {
  /**
   * Asks to join a namespace (`/`, `/loja-1`); succeeds when the server agrees. After `NamespaceRefused`
   * the same connection may ask again.
   */
  readonly join: (namespace: string) => Effect.Effect<void, LinkError>
  /**
   * Waits for the next batch of events, in order, once a namespace is joined; a batch may be empty.
   * Fails with `None` after `end`, with `Some` when the link ends.
   */
  readonly pull: Pull
  readonly heard: Effect.Effect<Heard>
  /** Work on events of this link that is not done: `heard` stays before its oldest. */
  readonly inFlight: InFlight.InFlight
  /** Reads the socket no further; events that were received can still be pulled. */
  readonly end: Effect.Effect<void>
}

/** Dials a connection that lives as long as the scope. */
export const connect = (
  options: Dialling.Options
): Effect.Effect<SocketIo, LinkError, Scope.Scope> =>
  Effect.map(EngineIo.connect(options), (engine) => {
    const words = Dialling.wordsOf(options)
    const read = reader(words)
    const refusal = ({ data, nsp }: Packet) => NamespaceRefused.of(nsp, words(refusalText(data)))

    const endOf = (packet: Packet): LinkError | undefined =>
      packet.type === PacketType.DISCONNECT
        ? ConnectionLost.of(1000, "server disconnected the namespace")
        : packet.type === PacketType.CONNECT_ERROR
          ? refusal(packet)
          : undefined
    /** The link's end, told once the events before it are pulled. */
    let end: LinkError | undefined
    /** Events in one batch with the server's answer to `join`, for the first pull. */
    let ahead:
      | { readonly events: ReadonlyArray<RawEvent>; readonly ticket: InFlight.Ticket | undefined }
      | undefined

    const next = Effect.suspend(() => {
      if (end !== undefined) return Effect.fail(Option.some(end))
      return Effect.map(engine.pull, (messages) => {
        const { broken, received } = read(messages)
        end = broken
        return received
      })
    })

    const answerFor = (namespace: string): Effect.Effect<void, LinkError> =>
      Effect.flatMap(Effect.mapError(next, Option.getOrElse(endedEarly)), (received) => {
        const index = received.findIndex((one) => isAnswer(one, namespace))
        const answer = received[index]
        if (answer === undefined || !isControl(answer)) return answerFor(namespace)
        if (answer.packet.type !== PacketType.CONNECT) return refusal(answer.packet)
        const events = eventsOf(received.slice(index + 1))
        ahead = { events, ticket: ticketFor(engine.inFlight, events) }
        return Effect.void
      })

    const eventsOf = (received: ReadonlyArray<Received>): ReadonlyArray<RawEvent> => {
      const events: Array<RawEvent> = []
      for (const one of received) {
        const announced = isControl(one) ? endOf(one.packet) : undefined
        if (announced !== undefined) {
          end = announced
          break
        }
        if (!isControl(one)) events.push(one)
      }
      return events
    }

    const pull = Effect.suspend(() => {
      if (ahead === undefined) return Effect.map(next, eventsOf)
      const { events, ticket } = ahead
      ahead = undefined
      engine.inFlight.done(ticket)
      return Effect.succeed(events)
    })

    return {
      join: (namespace) =>
        Effect.zipRight(
          engine.send(encoder.encode({ type: PacketType.CONNECT, nsp: namespace })[0]),
          Effect.timeoutFail(answerFor(namespace), {
            duration: namespaceTimeout,
            onTimeout: () => HandshakeTimeout.of("namespace", Duration.toMillis(namespaceTimeout))
          })
        ),
      pull,
      heard: engine.heard,
      inFlight: engine.inFlight,
      end: engine.end
    }
  })

/** A comma ends the namespace in a packet: the server would get another one, and data that it takes for an attack. */
export const isNamespace = (namespace: string): boolean => !namespace.includes(",")

/** A ticket for a batch of events, from its first; `undefined`: the batch is empty. */
export const ticketFor = (
  { begin }: InFlight.InFlight,
  [first]: ReadonlyArray<RawEvent>
): InFlight.Ticket | undefined => first && begin(first.receivedAt)

/** An event, or a packet about the namespace. */
type Received = RawEvent | Control
interface Control {
  readonly packet: Packet
}
const isControl = (received: Received): received is Control => "packet" in received

const encoder = new Encoder()

const endedEarly = (): LinkError => ConnectionLost.of(1000, "ended by us during the handshake")

const isAnswer = (received: Received, namespace: string): boolean =>
  isControl(received) &&
  received.packet.nsp === namespace &&
  (received.packet.type === PacketType.CONNECT || received.packet.type === PacketType.CONNECT_ERROR)

const refusalText = (data: unknown): string =>
  Predicate.hasProperty(data, "message") ? String(data.message) : "no reason given"

const nothing: EngineIo.Message = { data: Buffer.alloc(0), isBinary: false, receivedAt: 0 }

/** Reads the packets of one connection, batch by batch. */
const reader = (words: (text: string) => string) => {
  const decoder = new Decoder({ maxAttachments })
  let received: Array<Received> = []
  let message = nothing
  decoder.on("decoded", (packet: Packet) => {
    received.push(packet.type === PacketType.EVENT ? toEvent(packet, message) : { packet })
  })
  return (messages: ReadonlyArray<EngineIo.Message>) => {
    received = []
    try {
      for (message of messages)
        decoder.add(message.isBinary ? message.data : message.data.toString("utf8"))
      return { received, broken: undefined }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return { received, broken: ProtocolViolation.of(words(reason)) }
    } finally {
      // Drops the last batch: a link may be silent for hours.
      received = []
      message = nothing
    }
  }
}

const toEvent = (packet: Packet, { isBinary, receivedAt }: EngineIo.Message): RawEvent => {
  // An event that ends with a binary frame holds Buffers; from here on everything is JSON.
  const [name, ...args]: ReadonlyArray<unknown> = isBinary ? withBase64(packet.data) : packet.data
  // Evolution emits one object; any other event goes on as it is and ends up in quarantine.
  return { name: String(name), payload: args.length === 1 ? args[0] : args, receivedAt }
}

/** Makes base64 text of every Buffer, in place: the packet is ours alone. */
const withBase64 = (value: unknown): unknown => {
  if (Buffer.isBuffer(value)) return value.toString("base64")
  if (Array.isArray(value)) for (const [nth, one] of value.entries()) value[nth] = withBase64(one)
  if (!Predicate.isRecord(value)) return value
  for (const key of Object.keys(value)) {
    const inner = value[key]
    // A key named `__proto__` is an own property here, so assigning to it is safe.
    if (typeof inner === "object") value[key] = withBase64(inner)
  }
  return value
}
