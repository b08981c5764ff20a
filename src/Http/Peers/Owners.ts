/** The replica that owns each server, as the database has it, and as this process saw it not long ago. */
import { Duration, Effect } from "effect"
import type { Ownership } from "../../Cluster/Ownership.ts"
import { monotonicOf } from "../../Domain/Clock.ts"
import { detailOf } from "../../Domain/ErrorDetail.ts"

export interface Owner {
  /** The id of the replica. */
  readonly id: string
  readonly address: URL
}

export interface Owners {
  /** The owner of a server. What was seen `maxAge` ago or later is not read again. */
  readonly of: (server: string, maxAge?: Duration.Duration) => Effect.Effect<Owner | undefined>
  /** Waits until the server has another owner, or none. */
  readonly moved: (server: string, from: Owner) => Effect.Effect<void>
}

const usualAge = Duration.millis(500)

/** Without an answer of the database, what was seen last counts: the owner may be well. */
const patience = Duration.seconds(1)

const watchEvery = Duration.seconds(1)

export const make = ({ holders, replicas }: Ownership["Type"]): Effect.Effect<Owners> =>
  Effect.map(Effect.clock, (clock) => {
    const now = monotonicOf(clock)
    const turn = Effect.unsafeMakeSemaphore(1)
    let seen: ReadonlyMap<string, Owner> = new Map()
    let seenAt = Number.NEGATIVE_INFINITY

    const read = Effect.map(Effect.all([holders, replicas]), ([held, living]) => {
      const addresses = new Map(living.map(({ address, id }) => [id, address]))
      const found = new Map<string, Owner>()
      for (const { owner, server } of held) {
        const address = owner === null ? undefined : addresses.get(owner)
        if (owner !== null && address !== undefined && URL.canParse(address))
          found.set(server, { id: owner, address: new URL(address) })
      }
      seen = found
    }).pipe(
      Effect.disconnect,
      Effect.timeout(patience),
      Effect.catchAll((error) => Effect.logDebug(`Cannot read the owners: ${detailOf(error)}`)),
      Effect.zipRight(
        Effect.sync(() => {
          seenAt = now()
        })
      )
    )

    const of: Owners["of"] = (server, maxAge = usualAge) => {
      const isFresh = () => now() - seenAt <= Duration.toMillis(maxAge)
      // Each request in the line looks whether the one before it read for it, too.
      const look = turn.withPermits(1)(Effect.suspend(() => (isFresh() ? Effect.void : read)))
      return Effect.map(
        Effect.suspend(() => (isFresh() ? Effect.void : look)),
        () => seen.get(server)
      )
    }
    return {
      of,
      moved: (server, from) =>
        Effect.zipRight(Effect.sleep(watchEvery), of(server)).pipe(
          Effect.repeat({ until: (owner) => owner?.id !== from.id }),
          Effect.asVoid
        )
    }
  })
