/**
 * Tells of events whose data is not as the catalogue says: a version of Evolution that is new here. Such an event
 * is in the log like any other; programs that decide by its fields may go wrong.
 */
import { Context, Effect, Either, Layer, Metric } from "effect"
import { loop } from "../Concurrency/Supervise.ts"
import type { LoggedEvent } from "../Domain/Event.ts"
import * as EventCatalog from "../Domain/EventCatalog.ts"
import { isEventName } from "../Domain/EventName.ts"
import { EventBus } from "../Log/EventBus.ts"
import * as Metrics from "../Telemetry/Metrics.ts"

export interface Drift {
  /** Counts the event, once however many look at it; logs the first one of its name in this process. */
  readonly found: (event: LoggedEvent, drift: EventCatalog.SchemaDrift) => Effect.Effect<void>
}

export const make = (): Drift => {
  const counted = new WeakSet<LoggedEvent>()
  const told = new Set<string>()
  return {
    found: (event, drift) =>
      Effect.suspend(() => {
        if (counted.has(event)) return Effect.void
        counted.add(event)
        const count = Metric.increment(Metrics.schemaDrift({ event: drift.event }))
        if (told.has(drift.event)) return count
        told.add(drift.event)
        return Effect.zipRight(
          count,
          Effect.logWarning(
            `Event ${event.id}: ${drift.message}. The log has it whole; ` +
              `${Metrics.prefix}schema_drift_total counts others of this name`
          ).pipe(Effect.annotateLogs("instance", event.instance))
        )
      })
  }
}

/** One for the process, as its log lines and metrics are. */
export class Drifts extends Context.Reference<Drifts>()("evolution-listener/Drifts", {
  defaultValue: make
}) {}

/**
 * What is looked at in a second: so many events of each name, and so much text of all of them. To parse and check
 * that much takes a few ms. A larger event is looked at by handlers alone.
 */
const perSecond = { ofEachName: 3, text: 1024 * 1024 }

for (const event of EventCatalog.names) Metrics.schemaDrift({ event }).register()

/** Ingest has decoded the life-cycle events by the same schemas, and this service wrote its own. */
const isForeign = ({ event, lifeCycle, origin }: LoggedEvent): boolean =>
  lifeCycle === null && origin !== "listener" && isEventName(event)

const sampleOf = (events: ReadonlyArray<LoggedEvent>): ReadonlyArray<LoggedEvent> => {
  const counts = new Map<string, number>()
  let text = 0
  return events.filter((one) => {
    const count = counts.get(one.event) ?? 0
    if (count === perSecond.ofEachName || !isForeign(one)) return false
    if (text + one.json.length > perSecond.text) return false
    counts.set(one.event, count + 1)
    text += one.json.length
    return true
  })
}

/** Looks at samples of the events in memory, once a second, apart from the way of the events. */
export const layer: Layer.Layer<never, never, EventBus> = Layer.scopedDiscard(
  Effect.gen(function* () {
    const bus = yield* EventBus
    const { found } = yield* Drifts
    let cursor = yield* bus.newest
    const look = (event: LoggedEvent) =>
      Effect.suspend(() => {
        const decoded = EventCatalog.decode(event.event, JSON.parse(event.json))
        return Either.isLeft(decoded) ? found(event, decoded.left) : Effect.void
      })
    const round = Effect.flatMap(bus.newest, (newest) => {
      // Other processes look at their own.
      const events = bus.recent(cursor).filter(bus.isOurs)
      cursor = newest
      return Effect.forEach(sampleOf(events), look, { discard: true })
    })
    yield* loop("watch for schema drift", Effect.forever(Effect.delay(round, "1 second")))
  })
)
