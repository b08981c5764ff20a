/** A scenario: the settings of its world, and the faults that happen there. */
import type { Settings } from "../../src/Testing/mod.ts"
import type { World } from "./World.ts"

/** A scenario in some kind of world. */
export interface ScenarioIn<W> {
  readonly name: string
  /** Estimated seconds, so that the long ones begin first. */
  readonly seconds: number
  /** Part of `--fast`. */
  readonly isFast?: boolean
  /** It takes so long that it runs when it is named, and not otherwise. */
  readonly isOnlyNamed?: boolean
  /** The reason for which it cannot run on this machine. */
  readonly leftOut?: string
  /** Every missed message is fetched again afterwards. */
  readonly isBackfilled?: boolean
  /** Every message is received live; none has to be fetched. */
  readonly isLossless?: boolean
  /** Bound of the time to catch up afterwards, in seconds. */
  readonly patience?: number
  /** Checks that are known to fail, by their titles, and the reason. */
  readonly known?: Readonly<Record<string, string>>
  readonly run: (world: W) => Promise<void>
}

export interface Scenario extends ScenarioIn<World> {
  readonly setup?: Setup
}

export interface Setup {
  /** Number of instances; 5 by default. */
  readonly instances?: number
  readonly mode?: "global" | "namespace" | "auto"
  readonly evolution?: Partial<Settings>
  readonly variables?: Readonly<Record<string, string>>
  /** The scenario hurts Postgres, so it needs a cluster of its own. */
  readonly ownPostgres?: boolean
  /** The suite emits nothing before the listeners start, and does not wait until they listen. */
  readonly isUnprepared?: boolean
  /** The service's clock is ahead of all others by so many ms. */
  readonly aheadMillis?: number
  /** The clocks of the service and of Evolution can be set. */
  readonly ownClock?: boolean
}

/** The result of one check. */
export interface Check {
  readonly title: string
  readonly isOk: boolean
  readonly figure: string
  /** The reason for which it is known to fail; it does not fail the suite. */
  readonly known?: string
  /** Details for a check that failed. */
  readonly details: ReadonlyArray<string>
}
