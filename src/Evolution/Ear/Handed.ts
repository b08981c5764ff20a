/** A link that a standby has read, for its new reader: it gets first what the ring still holds. */
import { Deferred, Effect, Option } from "effect"
import type { LinkError } from "../../Domain/LinkError.ts"
import type { Renewable } from "../EventSource/Renewal.ts"
import type { Pull } from "../Wire/SocketIo.ts"
import type { Ring } from "./Ring.ts"

/** Events that are given at once. */
const pageSize = 1000

/** `ended`: the standby reads no more, and had this error; by then the ring has all that it read. */
export const make = (
  link: Renewable,
  ring: Ring,
  ended: Deferred.Deferred<Option.Option<LinkError>>
): Renewable => {
  /** `receivedAt` of the oldest event out of the ring that the reader has. */
  let inHand: number | undefined
  const pull: Pull = Effect.suspend(() => {
    const events = ring.take(pageSize)
    inHand = events[0]?.receivedAt
    if (events.length > 0) return Effect.succeed(events)
    return Effect.flatMap(Deferred.await(ended), (error) => {
      if (ring.size() > 0) return pull
      return Option.isSome(error) ? Effect.fail(error) : Effect.map(link.pull, ring.fresh)
    })
  })
  return {
    ...link,
    pull,
    heard: Effect.map(link.heard, (heard) => ({
      ...heard,
      until: Math.min(heard.until, inHand ?? ring.since() ?? heard.until)
    }))
  }
}
