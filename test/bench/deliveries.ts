/** Deliveries to endpoints, beside a program that forwards each event by itself. */
import type { Checkout } from "./Checkout.ts"
import { type LatencyPair, measureLatency } from "./deliveries/latency.ts"
import { measureRates, type Rates } from "./deliveries/rates.ts"
import { withForwarder, withUs } from "./deliveries/scene.ts"
import type { Duration } from "./throughput.ts"
import type { Attempt } from "./turns.ts"

export interface DeliveriesResult {
  readonly latency?: ReadonlyArray<LatencyPair>
  readonly rates?: Rates
}

interface Options {
  readonly runs: number
  readonly duration: Duration
  readonly attempt: Attempt
}

/** Seconds at 200 events/s: 1 000 of them show the slowest hundredth. */
const latencySeconds = 5

export const measureDeliveries = (
  us: Checkout,
  { attempt, duration, runs }: Options
): Promise<DeliveriesResult> =>
  withUs(us, { receivers: 5 }, (ours) =>
    withForwarder(async (rival) => {
      const latency = await attempt("latency of deliveries", () =>
        measureLatency(ours, rival, { runs, seconds: latencySeconds })
      )
      const rates = await attempt("deliveries", () => measureRates(ours, rival, { duration, runs }))
      return { ...(latency && { latency }), ...(rates && { rates }) }
    })
  )
