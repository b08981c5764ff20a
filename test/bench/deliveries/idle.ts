/** The taking in of events by the service without endpoints, and by a build of it that has no deliveries. */

import { withoutDeliveries } from "../build.ts"
import type { Checkout } from "../Checkout.ts"
import { service } from "../contenders.ts"
import type { Duration, Rate } from "../throughput.ts"
import { type Attempt, takeTurns } from "../turns.ts"

export interface IdleResult {
  readonly with: ReadonlyArray<Rate>
  readonly without: ReadonlyArray<Rate>
}

export const measureIdle = async (
  us: Checkout,
  {
    attempt,
    duration,
    pairs
  }: { readonly attempt: Attempt; readonly duration: Duration; readonly pairs: number }
): Promise<IdleResult> => {
  const contenders = {
    with: service(us, { name: "us, without endpoints", what: "as us" }),
    without: service(
      us,
      { name: "us, without deliveries", what: "as us, and the deliveries left out of the program" },
      { program: withoutDeliveries }
    )
  }
  const rates = await takeTurns(contenders, pairs, duration, attempt)
  return { with: rates.get("with") ?? [], without: rates.get("without") ?? [] }
}
