/** The choice of a replica for each server. It may be late or wrong for a while: the epochs keep that harmless. */
import { Effect } from "effect"

export interface Designator {
  /** Tells the present choice at once, and each change: is this replica the one for the server? */
  readonly subscribe: (server: string, choose: (isChosen: boolean) => void) => Effect.Effect<void>
  /** Withdraws this replica, so that others are chosen. Bounded. */
  readonly leave: Effect.Effect<void>
}

/** One process, which is the one for every server. */
export const alone: Designator = {
  subscribe: (_server, choose) => Effect.sync(() => choose(true)),
  leave: Effect.void
}
