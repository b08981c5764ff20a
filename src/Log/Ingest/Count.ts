/** Metrics and spans of the writer, a batch at a time, since events come by the thousand. */
import { Duration, Effect, Either, type Tracer } from "effect"
import type { EvolutionEvent } from "../../Domain/Event.ts"
import { boundedName, eventNames, ownEventNames } from "../../Domain/EventName.ts"
import { type Outage, outages } from "../../Storage/Failure.ts"
import * as Metrics from "../../Telemetry/Metrics.ts"
import * as Tracing from "../../Telemetry/Tracing.ts"
import type { Decoded } from "./Item.ts"

/** Counts the events that did not decode; returns all. */
export const decoded = (events: ReadonlyArray<Decoded>): ReadonlyArray<Decoded> => {
  const failures = events.reduce((count, event) => count + (Either.isLeft(event) ? 1 : 0), 0)
  if (failures > 0) Metrics.decodeFailures.unsafeUpdate(failures, [])
  return events
}

/** Makes a commit a span, and measures its time. */
export const batch =
  (events: number) =>
  <A, E, R>(commit: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>> =>
    Effect.flatMap(Effect.clock, (clock) => {
      const began = clock.unsafeCurrentTimeNanos()
      return Effect.tap(commit, () => {
        const took = Duration.nanos(clock.unsafeCurrentTimeNanos() - began)
        Metrics.commitSeconds.unsafeUpdate(Duration.toSeconds(took), [])
      })
    }).pipe(Tracing.span("ingest.batch", { root: true, attributes: { "batch.events": events } }))

/** Counts a batch that is in the log, or in quarantine. */
export const committed = (
  logged: ReadonlyArray<EvolutionEvent>,
  quarantined: number
): Effect.Effect<void> =>
  Effect.map(Effect.metricLabels, (labels) => {
    Metrics.batchEvents.unsafeUpdate(logged.length + quarantined, [])
    if (quarantined > 0) Metrics.eventsQuarantined.unsafeUpdate(quarantined, labels)
    for (const { count, event, origin } of tally(logged))
      Metrics.eventsCommitted({ event: boundedName(event), origin }).unsafeUpdate(count, labels)
  })

interface Tally extends Pick<EvolutionEvent, "event" | "origin"> {
  count: number
}

/** Most batches have few kinds of events, and most neighbours are of one kind. */
const tally = (events: ReadonlyArray<EvolutionEvent>): Iterable<Tally> => {
  const tallies = new Map<string, Tally>()
  let last: Tally | undefined
  for (const { event, origin } of events) {
    if (last?.event !== event || last.origin !== origin) {
      const key = `${event} ${origin}`
      last = tallies.get(key) ?? { event, origin, count: 0 }
      tallies.set(key, last)
    }
    last.count++
  }
  return tallies.values()
}

// Registered at once, so that the first of each kind is seen as a rise.
for (const event of [...eventNames, "other"])
  Metrics.eventsCommitted({ event, origin: "live" }).register()
for (const event of ownEventNames) Metrics.eventsCommitted({ event, origin: "listener" }).register()
Metrics.eventsCommitted({ event: "messages.upsert", origin: "backfill" }).register()
for (const reason of outages) Metrics.commitFailures({ reason }).register()

/** Counts a batch that could not be written for now. */
export const failure = (reason: Outage): void =>
  Metrics.commitFailures({ reason }).unsafeUpdate(1, [])
