/**
 * Socket.IO v5 on top of Engine.IO: joins a namespace and gives what the server emits there. We never
 * emit: Evolution's root namespace obeys any authorised socket (`sendNode`).
 *
 * Protocol: https://github.com/socketio/socket.io-protocol (revision 5).
 */
import { Duration, Effect, Option, Predicate, type Scope } from "effect"
import { Decoder, Encoder, type Packet, PacketType } from "socket.io-parser"
import type { RawEvent } from "../Domain/Event.ts"
import {
  ConnectionLost,
  type LinkError,
  NamespaceRefused,
  ProtocolViolation
} from "../Domain/LinkError.ts"
import type { Verbatim } from "../Domain/Verbatim.ts"
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
    const parse = packetParser(words)
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
        const parsed = parse(messages)
        end = parsed.broken
        return parsed.packets
      })
    })

    const answerFor = (namespace: string): Effect.Effect<void, LinkError> =>
      Effect.flatMap(Effect.mapError(next, Option.getOrElse(endedEarly)), (packets) => {
        const index = packets.findIndex(({ packet }) => isAnswer(packet, namespace))
        const answer = packets[index]?.packet
        if (answer === undefined) return answerFor(namespace)
        ahead = packets.slice(index + 1)
        return answer.type === PacketType.CONNECT ? Effect.void : refusal(answer)
      })

    const eventsOf = (packets: ReadonlyArray<Received>): ReadonlyArray<RawEvent> => {
      const last = packets.findIndex(({ packet }) => endOf(packet) !== undefined)
      const ending = packets[last]
      if (ending !== undefined) end = endOf(ending.packet)
      return (ending === undefined ? packets : packets.slice(0, last)).filter(isEvent).map(toEvent)
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
          EngineIo.within(answerFor(namespace), "namespace", namespaceTimeout)
        ),
      pull,
      heard: engine.heard,
      end: engine.end
    }
  })

interface Received {
  readonly packet: Packet
  /** The last message it was decoded from. */
  readonly message: EngineIo.Message
}

const encoder = new Encoder()

const endedEarly = (): LinkError => ConnectionLost.of(1000, "ended by us during the handshake")

const isAnswer = ({ nsp, type }: Packet, namespace: string): boolean =>
  nsp === namespace && (type === PacketType.CONNECT || type === PacketType.CONNECT_ERROR)

const refusalText = (data: unknown): string =>
  Predicate.hasProperty(data, "message") ? String(data.message) : "no reason given"

/** A parser for one connection: batches of messages in, batches of packets out. */
const packetParser = (words: (text: string) => string) => {
  const decoder = new Decoder({ maxAttachments })
  let packets: Array<Received> = []
  let message: EngineIo.Message = { data: "", frame: Buffer.alloc(0), receivedAt: 0 }
  decoder.on("decoded", (packet: Packet) => {
    // An event that ends with a binary frame holds Buffers; downstream everything is JSON.
    if (typeof message.data !== "string") packet.data = withBase64(packet.data)
    packets.push({ packet, message })
  })
  return (messages: ReadonlyArray<EngineIo.Message>) => {
    packets = []
    try {
      for (message of messages) decoder.add(message.data)
      return { packets, broken: undefined }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return { packets, broken: ProtocolViolation.of(words(reason)) }
    }
  }
}

const isEvent = ({ packet }: Received): boolean => packet.type === PacketType.EVENT

/** An event's packet up to its first argument: the type, a namespace, an acknowledgement's number, the name. */
const beforeArguments = /^2(?:\/[\w-]*,)?\d*\["[\w.-]*",/

/** The one argument of an event as it came. All before it is ASCII, and behind it is one bracket. */
const argumentIn = ({ data, frame }: EngineIo.Message): Verbatim | undefined => {
  if (typeof data !== "string") return undefined
  const [before] = beforeArguments.exec(data) ?? []
  return before === undefined
    ? undefined
    : { text: data.slice(before.length, -1), utf8: frame.subarray(1 + before.length, -1) }
}

const toEvent = ({ message, packet }: Received): RawEvent => {
  const [name, ...args]: ReadonlyArray<unknown> = packet.data
  const { receivedAt } = message
  // Evolution emits one object; anything else goes on as it is, to be put in quarantine.
  return args.length === 1
    ? { name: String(name), payload: args[0], verbatim: argumentIn(message), receivedAt }
    : { name: String(name), payload: args, receivedAt }
}

/** The same value with every Buffer as base64 text. */
const withBase64 = (value: unknown): unknown => {
  if (Buffer.isBuffer(value)) return value.toString("base64")
  if (Array.isArray(value)) return value.map(withBase64)
  if (!Predicate.isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withBase64(inner)]))
}
