/** The surroundings of the work for one server on one replica. */
import type { Effect } from "effect"
import type { Tenure } from "../../Domain/Tenure.ts"
import type { Standing } from "./Standing.ts"
import type { Tenures } from "./Tenures.ts"
import type { Timing } from "./Timing.ts"

export interface Post {
  readonly server: string
  /** This replica. */
  readonly me: string
  readonly tenures: Tenures
  readonly standing: Standing
  readonly timing: Timing
  /** The tenures of this replica, by server. */
  readonly held: Map<string, Tenure>
  /** There is one replica by definition. It takes the server at once, and its link comes up in the tenure. */
  readonly isAlone: boolean
  readonly isAlive: (replica: string) => boolean
  readonly isLeaving: () => boolean
  /** There is another replica that may want the server when this one stops. */
  readonly hasHeir: () => boolean
  /** Notes that this replica does, or does not, reach the server. */
  readonly setAble: (isAble: boolean) => Effect.Effect<void>
  /**
   * Gives the server to another replica that may reach it, or back to an owner that lives. False: there is none,
   * and this replica keeps it.
   */
  readonly giveAway: Effect.Effect<boolean, unknown>
}
