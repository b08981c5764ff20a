/** Events of instances that no listener is there for. They are counted, and dropped. */
import { Effect } from "effect"
import * as Metrics from "../../Telemetry/Metrics.ts"

export const make = Effect.fnUntraced(function* (isInUse: () => boolean) {
  const labels = yield* Effect.metricLabels
  const watchers = new Set<(name: string) => void>()
  return {
    note: (name: string): void => {
      if (!isInUse()) return
      Metrics.eventsIgnored.unsafeUpdate(1, labels)
      for (const watcher of watchers) watcher(name)
    },
    watch: (watcher: (name: string) => void) =>
      Effect.asVoid(
        Effect.acquireRelease(
          Effect.sync(() => watchers.add(watcher)),
          () => Effect.sync(() => watchers.delete(watcher))
        )
      )
  }
})
