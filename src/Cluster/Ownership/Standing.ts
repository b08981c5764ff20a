/** The part of one replica for one server: is it the one that should own it now? */
import type { SqlError } from "@effect/sql"
import { type Cause, type Clock, Duration, Effect } from "effect"
import { type MonotonicMillis, monotonicOf } from "../../Domain/Clock.ts"
import * as Silence from "../Replicas/Silence.ts"
import type { Row, Tenures } from "./Tenures.ts"
import type { Timing } from "./Timing.ts"

export interface Standing {
  readonly isDesignated: () => boolean
  readonly whenDesignated: Effect.Effect<void>
  readonly whenNot: Effect.Effect<void>
  readonly whenLeaving: Effect.Effect<void>
  /** The engine's choice; a placement outranks it. */
  readonly choose: (chosen: boolean) => void
  /** From now on this replica is designated for nothing. */
  readonly leave: () => void
  /** Reads the server's row, and judges by it. */
  readonly look: Effect.Effect<Row, SqlError.SqlError | Cause.TimeoutException>
  /** The owner, another replica, lives, by the looks so far. */
  readonly isOwnerAlive: () => boolean
}

interface Around {
  readonly server: string
  readonly me: string
  readonly tenures: Tenures
  readonly stays: (replica: string) => boolean
  readonly isOldest: () => boolean
  readonly timing: Timing
}

export const make = (around: Around): Effect.Effect<Standing> =>
  Effect.map(Effect.clock, (clock: Clock.Clock) => {
    const { isOldest, me, server, stays, tenures, timing } = around
    const now = monotonicOf(clock)
    const silence = Silence.make(now, timing.silentAfter)
    const designated = Effect.unsafeMakeLatch(false)
    const undesignated = Effect.unsafeMakeLatch(true)
    const left = Effect.unsafeMakeLatch(false)
    let isDesignated = false
    let isChosen = false
    let isLeaving = false
    let placed: string | null = null
    let owner: string | null = null
    /** The time of the last look that found an owner alive, or of the first look. */
    let ownedAt: MonotonicMillis | undefined

    /** The engine is late or stuck. */
    const isOrphaned = () =>
      ownedAt !== undefined && now() - ownedAt > Duration.toMillis(timing.orphanedAfter)

    const judge = () => {
      // A replica that was given a server and died has it no more.
      const isPlaced = placed !== null && (placed === me || stays(placed))
      const isMeant = isPlaced ? placed === me : isChosen || (isOrphaned() && isOldest())
      isDesignated = !isLeaving && isMeant
      const [open, closed] = isDesignated ? [designated, undesignated] : [undesignated, designated]
      closed.unsafeClose()
      open.unsafeOpen()
    }

    return {
      isDesignated: () => isDesignated,
      whenDesignated: designated.await,
      whenNot: undesignated.await,
      whenLeaving: left.await,
      choose: (chosen) => {
        isChosen = chosen
        judge()
      },
      leave: () => {
        isLeaving = true
        judge()
        left.unsafeOpen()
      },
      look: tenures.look(server).pipe(
        // A statement that hangs is not worth waiting for: the next look asks again.
        Effect.disconnect,
        Effect.timeout(timing.statementWithin),
        Effect.tap((row) =>
          Effect.sync(() => {
            placed = row.placed
            owner = row.owner
            silence.look(owner === null ? [] : [[owner, row.sign]])
            const isOwned = owner === me || (owner !== null && silence.isAlive(owner))
            if (isOwned || ownedAt === undefined) ownedAt = now()
            judge()
          })
        )
      ),
      isOwnerAlive: () => owner !== null && owner !== me && silence.isAlive(owner)
    }
  })
