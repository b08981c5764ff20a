/** All metrics in Prometheus' text format: counters, and gauges of this moment. */
import { Context, DateTime, Effect, Layer } from "effect"
import * as AppConfig from "../AppConfig.ts"
import { Instances } from "../Instances/Instances.ts"
import { Clocks } from "../Listening/Clocks.ts"
import { Proof } from "../Listening/Proof.ts"
import { Ingest } from "../Log/Ingest.ts"
import * as Now from "./Metrics/Now.ts"
import * as Process from "./Metrics/Process.ts"
import * as Registry from "./Metrics/Registry.ts"
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

const make = Effect.gen(function* () {
  const namesInstances = yield* AppConfig.metricsPerInstance
  const clocks = yield* Clocks
  const ingest = yield* Ingest
  const proof = yield* Proof
  const instances = yield* Instances
  const lag = yield* Process.lag
  const moment = Effect.all({
    now: DateTime.now,
    statuses: instances.all,
    depth: ingest.depth,
    degraded: ingest.degraded,
    offsets: clocks.offsets,
    events: proof.events
  })
  return Metrics.of({
    text: Effect.zipWith(moment, Process.families(lag), (now, ofProcess) =>
      render([
        ...Now.families(now),
        ...(namesInstances ? Now.perInstance(now) : []),
        ...Registry.families(),
        ...ofProcess
      ])
    )
  })
})
