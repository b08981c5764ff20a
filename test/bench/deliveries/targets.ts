/** The targets of deliveries, each beside the rival's figure of the same run. */
import type { DeliveriesResult } from "../deliveries.ts"
import { short, whole } from "../numbers.ts"
import type { Measured } from "../result.ts"
import { medianRange, quantile, ratios } from "../statistics.ts"
import { atLeast, atMost, type Target } from "../target.ts"
import type { Rate } from "../throughput.ts"
import type { HolePair } from "./hole.ts"
import type { Growth } from "./waiting.ts"

const id = "P9"

const middle = (values: ReadonlyArray<number>) => quantile(values, 0.5)

const rangeText = (values: ReadonlyArray<number>): string => {
  const range = medianRange(values)
  return range === undefined ? "too few pairs" : `95 %: ${range.map(short).join(" to ")}`
}

const ofRates = ({ latency = [], rates }: DeliveriesResult): ReadonlyArray<Target> => {
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

/** What an endpoint that never answers adds to the slowest hundredth of the others, in %. */
export const holeCost = (pairs: ReadonlyArray<HolePair> = []): ReadonlyArray<number> =>
  pairs.map(({ healthy, holed }) => (holed.p99 / healthy.p99 - 1) * 100)

const ofHole = ({ hole }: DeliveriesResult): Target => {
  const cost = holeCost(hole?.ours)
  const ms = middle(hole?.ours.map(({ healthy }) => healthy.p99) ?? [])
  return atMost(
    {
      id,
      title: `one of ${hole?.endpoints ?? 100} endpoints never answers: p99 of the others`,
      bound: 10,
      unit: "%",
      note: `${rangeText(cost)}, of ${ms.toFixed(1)} ms; forwarder: ${short(middle(holeCost(hole?.rivals)))} %`
    },
    cost
  )
}

/** Processor time for each event, with the deliveries in the program by without. */
export const idleCost = ({ idle }: DeliveriesResult): ReadonlyArray<number> =>
  ratios(idle?.with.map(ownOf) ?? [], idle?.without.map(ownOf) ?? [])

const ownOf = ({ ownMicros }: Rate): number => ownMicros

const ofIdle = (deliveries: DeliveriesResult): Target => {
  const cost = idleCost(deliveries)
  const { idle } = deliveries
  const perSecond = (rates: ReadonlyArray<Rate> = []) =>
    rates.map(({ eventsPerSecond }) => eventsPerSecond)
  const rate = middle(ratios(perSecond(idle?.with), perSecond(idle?.without)))
  return atMost(
    {
      id,
      title: "no endpoints: own µs of the taking in, against a build without deliveries",
      bound: 1.03,
      unit: "×",
      note: `${rangeText(cost)}; events/s: ${rate.toFixed(2)} ×`
    },
    cost
  )
}

/** Bytes for each event that waits. */
export const perWaiting = ({ events, resident }: Growth): number => resident / events

const ofWaiting = ({ waiting }: DeliveriesResult): Target =>
  atMost(
    {
      id,
      title: `${whole(waiting?.ours.events ?? 100_000)} events wait for a receiver that is away`,
      bound: 0.1,
      unit: "KiB each",
      note: waiting ? `forwarder: ${short(perWaiting(waiting.rivals) / 1024)} KiB each` : ""
    },
    waiting && [perWaiting(waiting.ours) / 1024]
  )

export const targetsOfDeliveries = ({ deliveries = {} }: Measured): ReadonlyArray<Target> => [
  ...ofRates(deliveries),
  ofHole(deliveries),
  ofIdle(deliveries),
  ofWaiting(deliveries)
]
