/**
 * One connection to `/<name>` per instance. Evolution makes a namespace with the instance's first
 * event since its own start, and loses that event; until then it answers `Invalid namespace`.
 */
import { Duration, Effect, Schedule, Stream } from "effect"
import type { LinkError } from "../Domain/LinkError.ts"
import * as SocketIo from "../Wire/SocketIo.ts"
import { endpoint } from "./Endpoint.ts"

/** Dials at once; more wait their turn, so that an upstream restart is no stampede. */
const maxDials = 16

/**
 * The server drops a connection that is in no namespace after 45 s (`connectTimeout`). Until then,
 * asking again costs one small frame, and Evolution no look-up of the key.
 */
const joinPolicy = Schedule.spaced("1 second").pipe(
  Schedule.jittered,
  Schedule.upTo(Duration.seconds(40))
)

export const make = Effect.gen(function* () {
  const options = yield* endpoint
  const dials = yield* Effect.makeSemaphore(maxDials)
  const sockets = new Set<SocketIo.SocketIo>()

  const dial = Effect.tap(SocketIo.connect(options), (socket) => {
    sockets.add(socket)
    return Effect.addFinalizer(() => Effect.sync(() => sockets.delete(socket)))
  })

  return {
    open: (name: string, onRefused: (error: LinkError) => Effect.Effect<void>) =>
      Effect.gen(function* () {
        const socket = yield* dials.withPermits(1)(dial)
        yield* socket
          .join(`/${name}`)
          .pipe(
            Effect.tapErrorTag("NamespaceRefused", onRefused),
            Effect.retry({ schedule: joinPolicy, while: ({ _tag }) => _tag === "NamespaceRefused" })
          )
        return socket.events
      }),
    /** A namespace cannot be joined before it exists, so nothing tells of new ones. */
    created: Effect.succeed(Stream.never),
    quiesce: Effect.suspend(() =>
      Effect.forEach([...sockets], (socket) => socket.end, { discard: true })
    )
  }
})
