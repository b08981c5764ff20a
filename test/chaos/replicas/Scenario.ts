/** A scenario of several replicas on one Postgres. */
import type { Settings } from "../../../src/Testing/mod.ts"
import type { ScenarioIn } from "../Scenario.ts"
import type { World } from "./World.ts"

export interface Scenario extends ScenarioIn<World> {
  readonly setup?: Setup
  /** Servers change hands by will alone: the time without an owner is 1 s at most. */
  readonly isPlanned?: boolean
  /**
   * Bound of the time without an owner, and of the longest stretch of events that nobody received, in seconds.
   */
  readonly within?: number
  /**
   * A standby hears what the owner hears: no event of any kind is missing at the end, and a planned move leaves no gap.
   */
  readonly ears?: boolean
  /** A replica loses its way to Postgres, so it is not ready for a while. */
  readonly isUnready?: boolean
}

export interface Setup {
  /** Ids of the Evolution servers; `default` alone by default. */
  readonly servers?: ReadonlyArray<string>
  /** Number of instances of each server; 5 by default. */
  readonly instances?: number
  /** The scenario hurts Postgres, so it needs a cluster of its own. */
  readonly ownPostgres?: boolean
  /** Replicas reach Postgres through PgBouncer, in transaction mode. */
  readonly isPooled?: boolean
  /** How far the clock of each replica is ahead, in ms. */
  readonly aheadMillis?: ReadonlyArray<number>
  /** Number of replicas that do not start with the others. */
  readonly late?: number
  /** All replicas start at the same instant, on an empty database. */
  readonly isTogether?: boolean
  /** The database refuses no write of an old epoch: the suite has to notice the first one. */
  readonly isUnfenced?: boolean
  readonly evolution?: Partial<Settings>
  readonly variables?: Readonly<Record<string, string>>
}
