/** All metrics in Prometheus' text format: counters, and gauges of this moment. */
import { Clock, Context, DateTime, Effect, Layer } from "effect"
import * as AppConfig from "../AppConfig.ts"
import { Traffic } from "../Delivery/Traffic.ts"
import { type Owned, Servers } from "../Instances/Servers.ts"
import * as Deliveries from "./Metrics/Deliveries.ts"
import * as Now from "./Metrics/Now.ts"
import * as Process from "./Metrics/Process.ts"
import * as Registry from "./Metrics/Registry.ts"
import * as Replicas from "./Metrics/Replicas.ts"
import { render } from "./Metrics/Text.ts"

export class Metrics extends Context.Tag("evolution-listener/Metrics")<
  Metrics,
  {
    /** Contains names of instances only if `METRICS_PER_INSTANCE` is on. */
    readonly text: Effect.Effect<string>
  }
>() {
  static readonly layer = Layer.scoped(
    Metrics,
    Effect.suspend(() => make)
  )
}

const momentOf = ({ clocks, ingest, instances, proof }: Owned): Effect.Effect<Now.Moment> =>
  Effect.all({
    now: DateTime.now,
    statuses: instances.all,
    depth: ingest.depth,
    degraded: ingest.degraded,
    offsets: clocks.offsets,
    events: proof.events
  })

const make = Effect.gen(function* () {
  const namesInstances = yield* AppConfig.metricsPerInstance
  const { all } = yield* Servers
  const ids = all.map(({ id }) => id)
  const lag = yield* Process.lag
  const gauges = (moment: Now.Moment) => [
    ...Now.families(moment),
    ...(namesInstances ? Now.perInstance(moment) : [])
  ]
  const moments = Effect.suspend(() =>
    Effect.forEach(
      // Nothing is known of a server that another process listens to.
      all.flatMap((one) => one.owned() ?? []),
      (one) => Effect.map(momentOf(one), (moment) => [one.id, gauges(moment)] as const)
    )
  )
  const replicas = yield* Replicas.make
  const traffic = yield* Traffic
  const deliveries = Effect.map(Clock.currentTimeMillis, (now) =>
    Deliveries.families(traffic.all(), now, ids.length > 1)
  )
  const owned = Effect.sync(() =>
    Now.ofServers(
      all.map((one) => [one.id, [Replicas.owned(one.owned() !== undefined)]] as const),
      ids.length > 1
    )
  )
  return Metrics.of({
    text: Effect.map(
      Effect.all([moments, owned, replicas, deliveries, Process.families(lag)]),
      ([servers, ofOwners, ofReplicas, ofDeliveries, ofProcess]) =>
        render([
          ...Now.ofServers(servers, ids.length > 1),
          ...ofOwners,
          ofReplicas,
          ...ofDeliveries,
          ...Registry.families(ids),
          ...ofProcess
        ])
    )
  })
})
