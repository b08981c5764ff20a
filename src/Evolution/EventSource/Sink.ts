/** A source's events on their way to a sink: batch after batch, no faster than the sink takes them. */
import { Effect, Option } from "effect"
import type { RawEvent } from "../../Domain/Event.ts"
import type { LinkError } from "../../Domain/LinkError.ts"
import type { Pull } from "../Wire/SocketIo.ts"

/** Takes a batch of events, in order. While it waits, the socket is read no further than its queue holds. */
export type Sink = (events: ReadonlyArray<RawEvent>) => Effect.Effect<void>

/** Hands batch after batch to the sink. Succeeds when we ended the link, fails when it ended otherwise. */
export const drain = (pull: Pull, sink: Sink): Effect.Effect<void, LinkError> => {
  const next: Effect.Effect<void, Option.Option<LinkError>> = Effect.flatMap(pull, (batch) =>
    batch.length === 0 ? next : Effect.flatMap(sink(batch), () => next)
  )
  return Effect.catchAll(
    next,
    Option.match({ onNone: () => Effect.void, onSome: (error) => Effect.fail(error) })
  )
}
