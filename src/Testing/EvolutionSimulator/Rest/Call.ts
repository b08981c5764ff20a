/** A call of Evolution's REST about one instance, after the guards. */
import type { Emit } from "../Emission.ts"
import type { LifeCycle } from "../LifeCycle.ts"
import type { Sent } from "../Sent.ts"
import type { SimulatedInstance, State } from "../State.ts"
import type { Timers } from "../Time.ts"
import type { Reply } from "./Reply.ts"

/** The simulated Evolution as its REST sees it. */
export interface Backend {
  readonly state: State
  readonly life: LifeCycle
  readonly emit: Emit
  readonly sent: Sent
  readonly timers: Timers
}

export interface Call extends Backend {
  readonly instance: SimulatedInstance
  readonly query: URLSearchParams
  /** The JSON of the body; an empty object if it is none. */
  readonly body: Readonly<Record<string, unknown>>
}

/** Answers by `GET /area/action`. */
export type Routes = Readonly<Record<string, (call: Call) => Reply | Promise<Reply>>>
