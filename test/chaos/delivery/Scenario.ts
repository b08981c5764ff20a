/** A scenario of deliveries: endpoints, and what happens to the service, the receivers and what lies between. */
import type { ScenarioIn } from "../Scenario.ts"
import type { Wanted } from "./Endpoints.ts"
import type { World } from "./World.ts"

export interface Scenario extends ScenarioIn<World> {
  readonly setup?: Setup
}

export interface Setup {
  /** Number of processes of the service; 1 by default. */
  readonly replicas?: number
  /** Number of instances; 20 by default. */
  readonly instances?: number
  /** Five that are well by default. */
  readonly endpoints?: ReadonlyArray<Wanted>
  /** The scenario hurts Postgres, so it needs a cluster of its own. */
  readonly ownPostgres?: boolean
  /** RabbitMQ and NATS of its own. */
  readonly hasBrokers?: boolean
  /** Cursors are moved behind the service's back: the suite has to notice. */
  readonly isSabotaged?: boolean
  /** The time from the log to the receiver is noted for each event. */
  readonly isTimed?: boolean
  readonly variables?: Readonly<Record<string, string>>
}
