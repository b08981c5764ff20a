/** The deliveries of this process: their bound, and their state for metrics. */
import { Context, Effect, Layer, type Scope } from "effect"
import * as FairSemaphore from "../Concurrency/FairSemaphore.ts"
import type { Endpoint } from "../Domain/Endpoint.ts"
import type { Depth } from "./Feed.ts"
import type { Health } from "./Runner/Health.ts"

/** An endpoint whose events of one server this process delivers. */
export interface Run {
  readonly endpoint: Endpoint
  readonly server: string
  readonly depth: () => Depth
  readonly health: () => Health
}

export class Traffic extends Context.Tag("evolution-listener/Traffic")<
  Traffic,
  {
    /** Attempts at the same time. */
    readonly gate: FairSemaphore.FairSemaphore
    /** Until the scope closes. */
    readonly enter: (run: Run) => Effect.Effect<void, never, Scope.Scope>
    readonly all: () => ReadonlyArray<Run>
  }
>() {
  static readonly layer = Layer.sync(Traffic, () => {
    const runs = new Set<Run>()
    return Traffic.of({
      gate: FairSemaphore.make(most),
      enter: (run) =>
        Effect.asVoid(
          Effect.acquireRelease(
            Effect.sync(() => runs.add(run)),
            () => Effect.sync(() => runs.delete(run))
          )
        ),
      all: () => [...runs]
    })
  })
}

/** Sockets, and messages in memory. */
const most = 256
