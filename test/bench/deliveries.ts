/** Deliveries to endpoints, beside a program that forwards each event by itself. */
import type { Checkout } from "./Checkout.ts"
import { type HoleResult, measureHole, receivers } from "./deliveries/hole.ts"
import { type IdleResult, measureIdle } from "./deliveries/idle.ts"
import { type LatencyPair, measureLatency } from "./deliveries/latency.ts"
import { measureRates, type Rates } from "./deliveries/rates.ts"
import { type Scene, withForwarder, withUs } from "./deliveries/scene.ts"
import { measureWaiting, type WaitingResult } from "./deliveries/waiting.ts"
import type { Duration } from "./throughput.ts"
import type { Attempt } from "./turns.ts"

export interface DeliveriesResult {
  readonly latency?: ReadonlyArray<LatencyPair>
  readonly rates?: Rates
  readonly hole?: HoleResult
  readonly idle?: IdleResult
  readonly waiting?: WaitingResult
}

interface Options {
  readonly runs: number
  readonly duration: Duration
  readonly attempt: Attempt
}

/** Seconds at 200 events/s: 1 000 of them show the slowest hundredth. */
const latencySeconds = 5
/** Pairs for each run of the other parts: differences of a few percent need many. */
const pairsPerRun = { hole: 2, idle: 4 }

export const measureDeliveries = async (
  us: Checkout,
  { attempt, duration, runs }: Options
): Promise<DeliveriesResult> => {
  const beside = <A>(use: (us: Scene, rival: Scene) => Promise<A>): Promise<A> =>
    withUs(us, { receivers }, (ours) => withForwarder((rival) => use(ours, rival)))
  const measured = await beside(async (ours, rival) => {
    const latency = await attempt("latency of deliveries", () =>
      measureLatency(ours, rival, { runs, seconds: latencySeconds })
    )
    const rates = await attempt("deliveries", () => measureRates(ours, rival, { duration, runs }))
    const hole = await attempt("an endpoint that never answers", () =>
      measureHole(ours, rival, { pairs: runs * pairsPerRun.hole })
    )
    return { ...(latency && { latency }), ...(rates && { rates }), ...(hole && { hole }) }
  })
  const waiting = await attempt("events that wait", () => beside(measureWaiting))
  const idle = await attempt("no endpoints", () =>
    measureIdle(us, { attempt, duration, pairs: runs * pairsPerRun.idle })
  )
  return { ...measured, ...(waiting && { waiting }), ...(idle && { idle }) }
}
