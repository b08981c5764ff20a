/** Where a source's events go: straight through, batch by batch, and no faster than they are taken in. */
import { Effect, Option } from "effect"
import type { RawEvent } from "../../Domain/Event.ts"
import type { LinkError } from "../../Domain/LinkError.ts"
import type { Pull } from "../Wire/SocketIo.ts"

/** Takes events in, in their order. While it waits, so does the socket. */
export type Sink = (events: ReadonlyArray<RawEvent>) => Effect.Effect<void>

/** Hands on batch after batch. Succeeds when it was we who ended the link. */
export const drain = (pull: Pull, sink: Sink): Effect.Effect<void, LinkError> => {
  const next: Effect.Effect<void, Option.Option<LinkError>> = Effect.flatMap(pull, (batch) =>
    batch.length === 0 ? next : Effect.flatMap(sink(batch), () => next)
  )
  return Effect.catchAll(
    next,
    Option.match({ onNone: () => Effect.void, onSome: (error) => Effect.fail(error) })
  )
}
