/** Our metric families, read from Effect's registry. */
import { Metric, MetricState } from "effect"
import { declared } from "../../Telemetry/Metrics.ts"
import type { Distribution, Family, Sample } from "./Text.ts"

/** Every declared family, also if nothing was counted yet. `servers`: the ids of all. */
export const families = (servers: ReadonlyArray<string>): ReadonlyArray<Family> => {
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
  return declared.map(({ isByServer, type, ...described }) =>
    type === "histogram"
      ? { ...described, type, samples: distributions.get(described.name) ?? [] }
      : {
          ...described,
          type,
          samples:
            isByServer && servers.length > 1
              ? forEachServer(samples.get(described.name) ?? [], servers)
              : (samples.get(described.name) ?? [])
        }
  )
}

/** Counters are registered before the servers are known: each server begins with that 0. */
const forEachServer = (
  samples: ReadonlyArray<Sample>,
  servers: ReadonlyArray<string>
): ReadonlyArray<Sample> => {
  const idOf = ({ labels }: Sample) => JSON.stringify(labels)
  const counted = new Set(samples.map(idOf))
  return samples.flatMap((sample) =>
    "server" in sample.labels || sample.value > 0
      ? [sample]
      : servers
          .map((server) => ({ labels: { ...sample.labels, server }, value: 0 }))
          .filter((zero) => !counted.has(idOf(zero)))
  )
}

const add = <A>(all: Map<string, Array<A>>, name: string, one: A): void => {
  const others = all.get(name)
  if (others === undefined) all.set(name, [one])
  else others.push(one)
}
