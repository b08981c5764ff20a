/** Gauges of the process: event loop, memory, processor time, files. */
import { readdir } from "node:fs/promises"
import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks"
import { Effect } from "effect"
import { version } from "../../Domain/Version.ts"
import { prefix } from "../../Telemetry/Metrics.ts"
import { gauge, single } from "./Now.ts"
import type { Family } from "./Text.ts"

const startedAt = Date.now() / 1000 - process.uptime()

/** Sampling interval of the delay, in ms; the delay without load is about this much and is subtracted. */
const resolution = 20

/** Measures the lag of the event loop until the scope closes. */
export const lag = Effect.acquireRelease(
  Effect.sync(() => {
    const delay = monitorEventLoopDelay({ resolution })
    delay.enable()
    return delay
  }),
  (delay) => Effect.sync(() => delay.disable())
)

/** Counts open files on Linux; other systems have no such folder, and no sample. */
const openFiles = Effect.tryPromise(() => readdir("/proc/self/fd")).pipe(
  Effect.map((names) => single(names.length - 1)), // one was for looking
  Effect.orElseSucceed(() => [])
)

export const families = (delay: IntervalHistogram) =>
  Effect.map(openFiles, (files): ReadonlyArray<Family> => {
    const { system, user } = process.cpuUsage()
    const millis = (nanos: number) => Math.max(0, nanos / 1e6 - resolution)
    const lags = { mean: delay.mean, p99: delay.percentile(99), max: delay.max }
    // The mean is NaN before the first measurement.
    const samples = Object.entries(lags).map(([stat, nanos]) => ({
      labels: { stat },
      value: delay.count === 0 ? 0 : millis(nanos) / 1000
    }))
    delay.reset()
    return [
      gauge(
        "event_loop_lag_seconds",
        "How late the event loop was since this was asked last",
        samples
      ),
      gauge(
        "process_resident_memory_bytes",
        "Memory that the process holds",
        single(process.memoryUsage.rss())
      ),
      {
        name: `${prefix}process_cpu_seconds`,
        help: "Processor time that the process took",
        type: "counter",
        samples: single((system + user) / 1e6)
      },
      gauge("process_open_fds", "Files and sockets that the process has open", files),
      gauge(
        "process_start_time_seconds",
        "When the process began, since 1970 UTC",
        single(startedAt)
      ),
      gauge("build_info", "1, with what runs", [
        { labels: { version, node: process.version }, value: 1 }
      ])
    ]
  })
