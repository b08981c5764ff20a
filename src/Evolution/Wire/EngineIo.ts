/**
 * Engine.IO v4 over one WebSocket, from the dial to a typed end. One connection per scope: a second
 * connection needs a second scope.
 *
 * Protocol: https://github.com/socketio/engine.io-protocol (revision 4).
 */
import { Chunk, Deferred, Effect, Exit, Mailbox, Option, Schema, type Scope } from "effect"
import { decodePacket } from "engine.io-parser"
import * as InFlight from "../../Concurrency/InFlight.ts"
import { loop } from "../../Concurrency/Supervise.ts"
import { monotonicOf, wallOf } from "../../Domain/Clock.ts"
import { ConnectionLost, type LinkError, ProtocolViolation } from "../../Domain/LinkError.ts"
import * as Deadline from "./Deadline.ts"
import * as Dialling from "./Dialling.ts"
import * as Hearing from "./Hearing.ts"
import * as WebSocket from "./WebSocket.ts"

/** One Engine.IO message. `receivedAt`: our clock at the socket, ms since 1970 UTC. */
export interface Message {
  /** UTF-8, unless `isBinary`. */
  readonly data: Buffer
  readonly isBinary: boolean
  readonly receivedAt: number
}

export interface EngineIo {
  /** Waits for the next batch, in order. Fails with `None` after `end`, with `Some` when the link ends. */
  readonly pull: Effect.Effect<ReadonlyArray<Message>, Option.Option<LinkError>>
  readonly send: (message: string) => Effect.Effect<void>
  readonly heard: Effect.Effect<Hearing.Heard>
  /** Work on messages of this link that is not done: `heard` stays before its oldest. */
  readonly inFlight: InFlight.InFlight
  /** Reads the socket no further; messages that were received can still be pulled. */
  readonly end: Effect.Effect<void>
}

/** The socket is paused when the queue is beyond either bound; namespace mode has a socket an instance. */
const maxQueuedBytes = 1024 * 1024
const maxQueuedMessages = 1024

/** The type of a message packet, read without decoding its content. */
const messageType = "4".charCodeAt(0)

/** The fields we read of the open packet, in ms. */
const Handshake = Schema.Struct({
  pingInterval: Schema.Positive,
  pingTimeout: Schema.Positive
})
const decodeHandshake = Schema.decodeUnknownOption(Schema.parseJson(Handshake))

export const connect = (
  options: Dialling.Options
): Effect.Effect<EngineIo, LinkError, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const [now, ticks] = [wallOf(clock), monotonicOf(clock)]
    const words = Dialling.wordsOf(options)
    const inFlight = InFlight.make()
    const hearing = Hearing.make(now, ticks, inFlight)
    const deadline = Deadline.make(ticks)
    // Bounded by pausing the socket, so that the producer waits in the kernel and not on our heap.
    const inbox = yield* Mailbox.make<Message, Option.Option<LinkError>>()
    const queue = { messages: 0, bytes: 0 }
    const opened = yield* Deferred.make<void, LinkError>()
    let isOver = false

    const socket = yield* WebSocket.open(options)
    const finish = (error: Option.Option<LinkError>) => {
      isOver = true
      inbox.unsafeDone(Exit.fail(error))
    }
    const fail = (error: LinkError) => {
      Deferred.unsafeDone(opened, Exit.fail(error))
      finish(Option.some(error))
    }
    const abort = (error: LinkError) => {
      fail(error)
      socket.terminate()
    }

    const enqueue = (data: Buffer, isBinary: boolean) => {
      inbox.unsafeOffer({ data, isBinary, receivedAt: now() })
      hearing.frameQueued()
      queue.messages++
      queue.bytes += data.length
      if (queue.bytes > maxQueuedBytes || queue.messages > maxQueuedMessages) {
        hearing.socketPaused()
        socket.pause()
      }
    }

    const onPacket = packetHandler({
      aborted: abort,
      opened: (patienceMillis) => {
        deadline.handshakeDone(patienceMillis)
        Deferred.unsafeDone(opened, Exit.void)
      },
      pinged: () => {
        // Answered here and not behind the queue, which may be long.
        deadline.pinged()
        socket.send("3")
      }
    })
    const onFrame = (frame: Buffer, isBinary: boolean) => {
      if (isOver) return
      if (queue.messages === 0) hearing.queueEmpty()
      hearing.frameArrived()
      if (isBinary) enqueue(frame, true)
      else if (frame[0] !== messageType) onPacket(frame.toString("utf8"))
      else if (frame.length === 1) abort(ProtocolViolation.of("empty message"))
      else enqueue(frame.subarray(1), false)
    }

    socket.on("message", (data, isBinary) => onFrame(WebSocket.toBuffer(data), isBinary))
    WebSocket.listen(socket, words, {
      opened: deadline.socketOpened,
      refused: abort,
      ended: fail
    })
    yield* loop(
      "heartbeat watch of a link",
      deadline.watch(() => socket.isPaused, abort)
    )
    yield* Deferred.await(opened)

    const onTaken = () => {
      queue.messages = 0
      queue.bytes = 0
      hearing.queueRead()
      if (!socket.isPaused || isOver) return
      deadline.pinged()
      hearing.socketResumed()
      socket.resume()
    }

    return {
      pull: Effect.suspend(() => {
        if (queue.messages === 0) hearing.queueEmpty()
        return Effect.map(inbox.takeAll, ([messages]) => {
          onTaken()
          return Chunk.toReadonlyArray(messages)
        })
      }),
      send: (message) => Effect.sync(() => socket.send(`4${message}`)),
      heard: Effect.sync(hearing.heard),
      inFlight,
      end: Effect.sync(() => {
        socket.pause()
        finish(Option.none())
      })
    }
  })

/** Acts on a packet that is no message. */
const packetHandler =
  (on: {
    readonly aborted: (error: LinkError) => void
    /** Called with the longest time between two pings, in ms. */
    readonly opened: (patienceMillis: number) => void
    readonly pinged: () => void
  }) =>
  (text: string) => {
    const packet = decodePacket(text)
    switch (packet.type) {
      case "ping":
        return on.pinged()
      case "open":
        return Option.match(decodeHandshake(packet.data), {
          onNone: () => on.aborted(ProtocolViolation.of("unreadable open packet")),
          onSome: ({ pingInterval, pingTimeout }) => on.opened(pingInterval + pingTimeout)
        })
      case "close":
        return on.aborted(ConnectionLost.of(1000, "server closed the session"))
      case "noop":
        return
      default:
        return on.aborted(ProtocolViolation.of(`unexpected "${packet.type}" packet`))
    }
  }
