/** Gauges of the endpoints to which this process delivers. */
import type { Run } from "../../Delivery/Traffic.ts"
import { gauge } from "./Now.ts"
import type { Gauge, Sample } from "./Text.ts"

const breakers = ["closed", "open", "half-open"] as const

/** `now`: ms since 1970 UTC. Endpoints are few, and people name them. */
export const families = (
  runs: ReadonlyArray<Run>,
  now: number,
  isLabelled: boolean
): ReadonlyArray<Gauge> => {
  const each = (value: (run: Run) => number): ReadonlyArray<Sample> =>
    runs.map((run) => ({ labels: labelsOf(run), value: value(run) }))
  const labelsOf = ({ endpoint, server }: Run) => ({
    endpoint: endpoint.settings.name,
    ...(isLabelled ? { server } : {})
  })
  return [
    gauge(
      "delivery_lag_events",
      "Events that wait for an endpoint; while it is blocked, those that waited when it was",
      each(({ depth }) => depth().behind)
    ),
    gauge(
      "delivery_lag_seconds",
      "Age of the oldest event that waits for an endpoint; 0: none waits",
      each(({ depth }) => {
        const { oldestAt } = depth()
        return oldestAt === null ? 0 : Math.max(0, now - oldestAt) / 1000
      })
    ),
    gauge(
      "delivery_in_flight",
      "Lanes of an endpoint that work now",
      each(({ depth }) => depth().running)
    ),
    gauge(
      "delivery_breaker",
      "1 for the state of an endpoint's breaker; open: it is left in peace",
      runs.flatMap((run) =>
        breakers.map((state) => ({
          labels: { ...labelsOf(run), state },
          value: run.health().breaker === state ? 1 : 0
        }))
      )
    )
  ]
}
