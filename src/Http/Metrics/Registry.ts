/** Our metric families, read from Effect's registry. */
import { Metric, MetricState } from "effect"
import { declared } from "../../Telemetry/Metrics.ts"
import type { Distribution, Family, Sample } from "./Text.ts"

/** Every declared family, also if nothing was counted yet. */
export const families = (): ReadonlyArray<Family> => {
  const samples = new Map<string, Array<Sample>>()
  const distributions = new Map<string, Array<Distribution>>()
  for (const { metricKey, metricState } of Metric.unsafeSnapshot()) {
    const labels = Object.fromEntries(metricKey.tags.map(({ key, value }) => [key, value]))
    if (MetricState.isCounterState(metricState) || MetricState.isGaugeState(metricState)) {
      const value = Number(
        MetricState.isCounterState(metricState) ? metricState.count : metricState.value
      )
      add(samples, metricKey.name, { labels, value })
    } else if (MetricState.isHistogramState(metricState)) {
      const { buckets, count, sum } = metricState
      add(distributions, metricKey.name, { labels, buckets, count, sum })
    }
  }
  return declared.map(({ type, ...described }) =>
    type === "histogram"
      ? { ...described, type, samples: distributions.get(described.name) ?? [] }
      : { ...described, type, samples: samples.get(described.name) ?? [] }
  )
}

const add = <A>(all: Map<string, Array<A>>, name: string, one: A): void => {
  const others = all.get(name)
  if (others === undefined) all.set(name, [one])
  else others.push(one)
}
