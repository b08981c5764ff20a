/**
 * Socket.IO v5 on top of Engine.IO: joins a namespace and gives what the server emits there. We never
 * emit: Evolution's root namespace obeys any authorised socket (`sendNode`).
 *
 * Protocol: https://github.com/socketio/socket.io-protocol (revision 5).
 */
import { Duration, Effect, Option, Predicate, type Scope } from "effect"
import { Decoder, Encoder, type Packet, PacketType } from "socket.io-parser"
import type { RawEvent, SkimmedEvent } from "../../Domain/Event.ts"
import {
  ConnectionLost,
  HandshakeTimeout,
  type LinkError,
  NamespaceRefused,
  ProtocolViolation
} from "../../Domain/LinkError.ts"
import * as Skim from "../../Domain/Skim.ts"
import * as EngineIo from "./EngineIo.ts"
import type { Heard } from "./Hearing.ts"
import * as WebSocket from "./WebSocket.ts"

export const namespaceTimeout = Duration.seconds(10)

/**
 * The parser refuses more than 10 attachments by default; one `messages.set` has several buffers per
 * message and thousands of messages.
 */
const maxAttachments = 1_000_000

export type Pull = Effect.Effect<ReadonlyArray<RawEvent>, Option.Option<LinkError>>

export interface SocketIo {
  /**
   * Asks to be connected to a namespace (`/`, `/loja-1`); succeeds when the server agrees. May be
   * asked again after `NamespaceRefused`, on the same connection.
   */
  readonly join: (namespace: string) => Effect.Effect<void, LinkError>
  /**
   * Waits for what the server emits next, in order, once a namespace is joined; may come back empty.
   * `None` after `end`, `Some` of what ended the link.
   */
  readonly pull: Pull
  readonly heard: Effect.Effect<Heard>
  /** Reads no further; what was received can still be pulled. */
  readonly end: Effect.Effect<void>
}

/** Speaks Socket.IO over a fresh connection, which lives as long as the scope. */
export const connect = (
  options: WebSocket.Options
): Effect.Effect<SocketIo, LinkError, Scope.Scope> =>
  Effect.map(EngineIo.connect(options), (engine) => {
    const words = WebSocket.wordsOf(options)
    const read = reader(words)
    const refusal = ({ data, nsp }: Packet) => NamespaceRefused.of(nsp, words(refusalText(data)))

    /** The namespace's end, when the server announces it, comes after the events before it. */
    const endOf = (packet: Packet): LinkError | undefined =>
      packet.type === PacketType.DISCONNECT
        ? ConnectionLost.of(1000, "server disconnected the namespace")
        : packet.type === PacketType.CONNECT_ERROR
          ? refusal(packet)
          : undefined
    /** What ended the link, until the packets before it are through. */
    let end: LinkError | undefined
    /** What came behind the answer that admitted us. */
    let ahead: ReadonlyArray<Received> | undefined

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
        ahead = received.slice(index + 1)
        return answer.packet.type === PacketType.CONNECT ? Effect.void : refusal(answer.packet)
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
      const events = eventsOf(ahead)
      ahead = undefined
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
      end: engine.end
    }
  })

/** An event, or a packet that is about the namespace. */
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

/** Reads one connection, batch by batch; what can be skimmed is not parsed. */
const reader = (words: (text: string) => string) => {
  const decoder = new Decoder({ maxAttachments })
  let received: Array<Received> = []
  let message = nothing
  /** Not amid an event whose attachments are still to come. */
  let isBetween = true
  decoder.on("decoded", (packet: Packet) => {
    isBetween = true
    received.push(packet.type === PacketType.EVENT ? toEvent(packet, message) : { packet })
  })
  return (messages: ReadonlyArray<EngineIo.Message>) => {
    received = []
    try {
      for (message of messages) {
        const event = isBetween && !message.isBinary ? skimmed(message) : undefined
        if (event !== undefined) {
          received.push(event)
          continue
        }
        isBetween = false
        decoder.add(message.isBinary ? message.data : message.data.toString("utf8"))
      }
      return { received, broken: undefined }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return { received, broken: ProtocolViolation.of(words(reason)) }
    } finally {
      // A link may say nothing for hours: what it said last is not to be kept for so long.
      received = []
      message = nothing
    }
  }
}

/** An event's packet up to its first argument: the type, a namespace, an acknowledgement's number, the name. */
const beforeArguments = /^2(?:\/[\w-]*,)?\d*\["([\w.-]+)",/

const skimmed = ({ data, receivedAt }: EngineIo.Message): SkimmedEvent | undefined => {
  const text = data.toString("latin1")
  const [before, name] = beforeArguments.exec(text) ?? []
  if (before === undefined || !text.endsWith("]")) return undefined
  const envelope = Skim.envelopeIn(text.slice(before.length, -1))
  return envelope === undefined || envelope.event !== name
    ? undefined
    : { name: envelope.event, envelope, receivedAt }
}

const toEvent = (packet: Packet, { isBinary, receivedAt }: EngineIo.Message): RawEvent => {
  // An event that ends with a binary frame holds Buffers; downstream everything is JSON.
  const [name, ...args]: ReadonlyArray<unknown> = isBinary ? withBase64(packet.data) : packet.data
  // Evolution emits one object; anything else goes on as it is, to be put in quarantine.
  return { name: String(name), payload: args.length === 1 ? args[0] : args, receivedAt }
}

/** The same value with every Buffer as base64 text. */
const withBase64 = (value: unknown): unknown => {
  if (Buffer.isBuffer(value)) return value.toString("base64")
  if (Array.isArray(value)) return value.map(withBase64)
  if (!Predicate.isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withBase64(inner)]))
}
