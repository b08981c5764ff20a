/** A scenario: a world as it wants it, and what happens there. */
import type { Settings } from "../support/EvolutionSimulator/State.ts"
import type { World } from "./World.ts"

export interface Scenario {
  readonly name: string
  /** About how long it takes, so that the long ones begin first. */
  readonly seconds: number
  /** Part of `--fast`. */
  readonly isFast?: boolean
  readonly setup?: Setup
  /** Everything missed is fetched again afterwards. */
  readonly isBackfilled?: boolean
  /** Every message is heard as it is sent: there is nothing to fetch. */
  readonly isLossless?: boolean
  /** How long catching up may take afterwards, in seconds. */
  readonly patience?: number
  readonly run: (world: World) => Promise<void>
}

export interface Setup {
  /** How many; 5 unless it says so. */
  readonly instances?: number
  readonly mode?: "global" | "namespace"
  readonly evolution?: Partial<Settings>
  readonly variables?: Readonly<Record<string, string>>
  /** A cluster of its own, because it gets hurt. */
  readonly ownPostgres?: boolean
  /** Nothing is emitted before the listeners start, and nobody waits for them to listen. */
  readonly isUnprepared?: boolean
  /** The clocks of the service and of Evolution can be set. */
  readonly ownClock?: boolean
}

/** One thing that was looked at. */
export interface Check {
  readonly title: string
  readonly isOk: boolean
  readonly figure: string
  /** What to look into when it is not as it should be. */
  readonly details: ReadonlyArray<string>
}
