/** The targets of deliveries, each beside the rival's figure of the same run. */
import { whole } from "../numbers.ts"
import type { Measured } from "../result.ts"
import { quantile } from "../statistics.ts"
import { atLeast, atMost, type Target } from "../target.ts"

const id = "P9"

const middle = (values: ReadonlyArray<number>) => quantile(values, 0.5)

export const targetsOfDeliveries = ({ deliveries = {} }: Measured): ReadonlyArray<Target> => {
  const { latency = [], rates } = deliveries
  const perSecond = (of: "ours" | "rivals") => rates?.[of].map((rate) => rate.eventsPerSecond) ?? []
  const own = (of: "ours" | "rivals") => middle(rates?.[of].map((rate) => rate.ownMicros) ?? [])
  const age = (which: "p50" | "p99", bound: number) =>
    atMost(
      {
        id,
        title: `200 events/s, from the sending to the request at the receiver, ${which}`,
        bound,
        unit: "ms",
        note: `forwarder: ${middle(latency.map(({ rivals }) => rivals[which])).toFixed(2)} ms`
      },
      latency.map(({ ours }) => ours[which])
    )
  return [
    age("p50", 20),
    age("p99", 200),
    atLeast(
      {
        id,
        title: `deliveries to ${rates?.receivers ?? 5} endpoints, beside the taking in`,
        bound: 2000,
        unit: "/s",
        note:
          `${own("ours").toFixed(0)} µs each; forwarder: ${whole(middle(perSecond("rivals")))} /s, ` +
          `${own("rivals").toFixed(0)} µs each`
      },
      perSecond("ours")
    )
  ]
}
