/** The way of one instance's events from a shared link to its listener. */
import { Chunk, Effect, type Exit, Mailbox, Stream } from "effect"
import type { RawEvent } from "../Domain/Event.ts"
import type { LinkError } from "../Domain/LinkError.ts"

/** Events that may wait for one instance's listener; then the router waits, and with it the socket. */
const capacity = 64

export interface Route {
  readonly events: Stream.Stream<RawEvent, LinkError>
  /** Takes an event in unless it is full. */
  readonly takes: (event: RawEvent) => boolean
  /** Waits until there is room for it. */
  readonly offer: (event: RawEvent) => Effect.Effect<unknown>
  /** When the first was received that its listener has not read; `undefined`: all is read. */
  readonly unread: () => number | undefined
  readonly end: (exit: Exit.Exit<void, LinkError>) => void
  readonly shutdown: Effect.Effect<unknown>
}

export const make: Effect.Effect<Route> = Effect.map(
  Mailbox.make<RawEvent, LinkError>(capacity),
  (mailbox) => {
    /** When each was received that is not read, one that waits for room too. */
    const times: Array<number> = []
    return {
      events: Stream.mapChunks(Mailbox.toStream(mailbox), (chunk) => {
        times.splice(0, Chunk.size(chunk))
        return chunk
      }),
      takes: (event) => {
        const isIn = mailbox.unsafeOffer(event)
        if (isIn) times.push(event.receivedAt)
        return isIn
      },
      offer: (event) =>
        Effect.suspend(() => {
          times.push(event.receivedAt)
          return mailbox.offer(event)
        }),
      unread: () => times[0],
      end: (exit) => mailbox.unsafeDone(exit),
      shutdown: mailbox.shutdown
    }
  }
)
