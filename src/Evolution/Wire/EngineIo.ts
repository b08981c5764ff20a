/**
 * Engine.IO v4 over one WebSocket, from dialling to a typed end. One connection per scope; whoever
 * wants another one opens another scope.
 *
 * Protocol: https://github.com/socketio/engine.io-protocol (revision 4).
 */
import { Deferred, Duration, Effect, Exit, Option, Schema, type Scope } from "effect"
import { decodePacket } from "engine.io-parser"
import {
  ConnectionLost,
  DialFailed,
  HandshakeTimeout,
  HeartbeatMissed,
  type LinkError,
  ProtocolViolation
} from "../../Domain/LinkError.ts"
import * as Hearing from "./Hearing.ts"
import * as Inbox from "./Inbox.ts"
import * as WebSocket from "./WebSocket.ts"

/** One Engine.IO message. `receivedAt`: our clock at the socket, ms since 1970 UTC. */
export interface Message {
  /** If it is text, in UTF-8. */
  readonly data: Buffer
  readonly isBinary: boolean
  readonly receivedAt: number
}

export interface EngineIo {
  /** Waits for the next batch, in order; `None` after `end`, `Some` of what ended the link. */
  readonly pull: Effect.Effect<ReadonlyArray<Message>, Option.Option<LinkError>>
  readonly send: (message: string) => Effect.Effect<void>
  readonly heard: Effect.Effect<Hearing.Heard>
  /** Reads no further; what was received can still be pulled. */
  readonly end: Effect.Effect<void>
}

export const dialTimeout = Duration.seconds(10)
export const openTimeout = Duration.seconds(10)

/** How often to look until the open packet is there, as what it tells may be due sooner; in ms. */
const glance = 1000

/** The socket is paused when this much waits to be decoded; there may be a socket an instance. */
const maxQueuedBytes = 1024 * 1024
const maxQueuedMessages = 1024

/** The type of a packet that is a message; its content need not be decoded to know that. */
const messageType = "4".charCodeAt(0)

/** What the server owes us next: by when, in ms on a clock that does not jump, or what it means. */
interface Due {
  readonly at: number
  readonly missed: () => LinkError
}

/** The open packet, as far as we need it. Both are milliseconds. */
const Handshake = Schema.Struct({
  pingInterval: Schema.Positive,
  pingTimeout: Schema.Positive
})
const decodeHandshake = Schema.decodeUnknownOption(Schema.parseJson(Handshake))

export const connect = (
  options: WebSocket.Options
): Effect.Effect<EngineIo, LinkError, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const now = () => clock.unsafeCurrentTimeMillis()
    const words = WebSocket.wordsOf(options)
    /** For deadlines: a wall clock may jump. */
    const ticks = () => Number(clock.unsafeCurrentTimeNanos() / 1_000_000n)
    // Bounded by pausing the socket, so that the producer waits in the kernel and not on our heap.
    const inbox = Inbox.make<Message, Option.Option<LinkError>>()
    const opened = yield* Deferred.make<void, LinkError>()
    let isOpen = false
    let queuedBytes = 0
    const hearing = Hearing.make(now, ticks)

    const owed = (millis: number, missed: () => LinkError): Due => ({
      at: ticks() + millis,
      missed
    })
    const inPhase = (phase: HandshakeTimeout["phase"], timeout: Duration.Duration): Due => {
      const millis = Duration.toMillis(timeout)
      return owed(millis, () => HandshakeTimeout.of(phase, millis))
    }
    let due = inPhase("dial", dialTimeout)
    /** Counts from here on, once the open packet has told how long to wait for a ping. */
    let awaitPing: (() => void) | undefined

    const socket = yield* WebSocket.open(options)
    const finish = (error: LinkError) => {
      Deferred.unsafeDone(opened, Exit.fail(error))
      inbox.end(Effect.fail(Option.some(error)))
    }
    const abort = (error: LinkError) => {
      finish(error)
      socket.terminate()
    }

    const enqueue = (data: Buffer, isBinary: boolean) => {
      inbox.put({ data, isBinary, receivedAt: now() })
      hearing.queued()
      queuedBytes += data.length
      if (queuedBytes > maxQueuedBytes || inbox.size() > maxQueuedMessages) {
        hearing.heldBack()
        socket.pause()
      }
    }

    const onFrame = (frame: Buffer, isBinary: boolean) => {
      if (inbox.size() === 0) hearing.ranDry()
      hearing.arrived()
      if (isBinary) return enqueue(frame, true)
      if (frame[0] === messageType)
        return frame.length === 1
          ? abort(ProtocolViolation.of("empty message"))
          : enqueue(frame.subarray(1), false)
      const packet = decodePacket(frame.toString("utf8"))
      switch (packet.type) {
        case "ping":
          // Answered here and not behind the queue, which may be long.
          awaitPing?.()
          return socket.send("3")
        case "open":
          return Option.match(decodeHandshake(packet.data), {
            onNone: () => abort(ProtocolViolation.of("unreadable open packet")),
            onSome: ({ pingInterval, pingTimeout }) => {
              const patience = pingInterval + pingTimeout
              awaitPing = () => {
                due = owed(patience, () => HeartbeatMissed.of(patience))
              }
              awaitPing()
              Deferred.unsafeDone(opened, Exit.void)
            }
          })
        case "close":
          return abort(ConnectionLost.of(1000, "server closed the session"))
        case "noop":
          return
        default:
          return abort(ProtocolViolation.of(`unexpected "${packet.type}" packet`))
      }
    }

    socket.on("message", (data, isBinary) => onFrame(WebSocket.toBuffer(data), isBinary))
    socket.on("open", () => {
      isOpen = true
      due = inPhase("open", openTimeout)
    })
    WebSocket.onRefused(socket, words, abort)
    socket.on("error", (error: NodeJS.ErrnoException) => {
      const code = error.code ?? error.name
      finish(
        code.startsWith("WS_ERR_")
          ? ProtocolViolation.of(words(error.message))
          : isOpen
            ? ConnectionLost.of(1006, words(error.message))
            : DialFailed.of(code, words(error.message))
      )
    })
    socket.on("close", (code, reason) =>
      finish(ConnectionLost.of(code, words(reason.toString("utf8"))))
    )

    const watch: Effect.Effect<void> = Effect.suspend(() => {
      // While we hold the socket back ourselves, a missing ping says nothing.
      if (socket.isPaused) awaitPing?.()
      const left = due.at - ticks()
      if (left <= 0) return Effect.sync(() => abort(due.missed()))
      const pause = awaitPing === undefined ? Math.min(left, glance) : left
      return Effect.flatMap(Effect.sleep(pause), () => watch)
    })
    yield* Effect.forkScoped(watch)
    yield* Deferred.await(opened)

    const pull = Effect.suspend(() => {
      if (inbox.size() === 0) hearing.ranDry()
      return Effect.map(inbox.takeAll, (batch) => {
        queuedBytes = 0
        hearing.read()
        if (socket.isPaused && !inbox.isOver()) {
          awaitPing?.()
          hearing.readOn()
          socket.resume()
        }
        return batch
      })
    })

    return {
      pull,
      send: (message) => Effect.sync(() => socket.send(`4${message}`)),
      heard: Effect.sync(hearing.heard),
      end: Effect.sync(() => {
        socket.pause()
        inbox.end(Effect.fail(Option.none()))
      })
    }
  })
