/** A client that has joined a namespace of a scripted server. */
import { Deferred, Effect } from "effect"
import type { RawEvent } from "../../../src/Domain/Event.ts"
import * as SocketIo from "../../../src/Evolution/Wire/SocketIo.ts"
import { openPacket, scriptedServer } from "../../support/ScriptedServer.ts"

export const dial = (url: URL) => SocketIo.connect({ url, headers: {} })

/** An event without what the decoder may add to it. */
export const seen = (event: RawEvent | undefined) =>
  event && { name: event.name, payload: event.payload, receivedAt: event.receivedAt }

/** The first `count` events. */
export const firstOf = Effect.fn(function* (socket: SocketIo.SocketIo, count: number) {
  const events: Array<RawEvent> = []
  while (events.length < count) events.push(...(yield* socket.pull))
  return events.slice(0, count)
})

/** A server that answers the first frame it gets with these frames. */
export const answering = Effect.fn(function* (...frames: ReadonlyArray<string | Buffer>) {
  const received = yield* Deferred.make<void>()
  const { url } = yield* scriptedServer((socket) => {
    socket.send(openPacket)
    socket.once("message", () => {
      for (const frame of frames) socket.send(frame)
      // Our pong proves that the frames before the ping were received.
      socket.send("2")
      socket.once("message", () => Deferred.unsafeDone(received, Effect.void))
    })
  })
  return { url, received: Deferred.await(received) }
})

/** Joins `/` at such a server; the frames follow its CONNECT packet. */
export const joined = Effect.fn(function* (...frames: ReadonlyArray<string | Buffer>) {
  const { received, url } = yield* answering('40{"sid":"s"}', ...frames)
  const socket = yield* dial(url)
  yield* socket.join("/")
  return { ...socket, received }
})
