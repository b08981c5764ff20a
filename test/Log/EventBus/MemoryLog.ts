/** A log in memory under a real bus, for tests that say what happens when. */
import type { SqlError } from "@effect/sql"
import { DateTime, Effect, Stream } from "effect"
import type { EventRecord, LoggedEvent } from "../../../src/Domain/Event.ts"
import * as EventBus from "../../../src/Log/EventBus.ts"
import { EventStore } from "../../../src/Log/EventStore.ts"
import { storeOf } from "../../support/doubles.ts"
import { jsonText } from "../../support/jsonText.ts"

export const record = (id: number, more: Partial<EventRecord> = {}): EventRecord => ({
  id,
  server: "default",
  instance: "shop",
  event: "call",
  data: { id },
  extra: null,
  upstreamTime: null,
  upstreamAt: null,
  receivedAt: DateTime.unsafeMake(id),
  origin: "live",
  ...more
})

export const logged = (id: number): LoggedEvent => ({
  id,
  server: "default",
  instance: "shop",
  event: "call",
  json: jsonText(JSON.stringify({ id })),
  extra: null,
  lifeCycle: null,
  upstreamTime: null,
  receivedAt: id,
  origin: "live"
})

export const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** A log in memory. `around` gets to act before and after each read takes what is there. */
export const makeLog = (
  ids: ReadonlyArray<number>,
  around: Effect.Effect<void, SqlError.SqlError> = Effect.void
) => {
  const log = {
    records: ids.map((id) => record(id)),
    reads: 0,
    ids: () => log.records.map(({ id }) => id)
  }
  const store = storeOf({
    read: ({ after = 0, limit }) =>
      Effect.gen(function* () {
        log.reads++
        yield* around
        const found = log.records.filter(({ id }) => id > after).slice(0, limit)
        yield* around
        return found
      }),
    lastId: Effect.sync(() => log.records.at(-1)?.id ?? 0)
  })
  const make = (capacity: number) =>
    Effect.provideService(EventBus.make(capacity), EventStore, store)
  /** Commits and publishes, as `Ingest` does. */
  const publish = (bus: EventBus.EventBus["Type"], published: ReadonlyArray<number>) =>
    Effect.suspend(() => {
      log.records.push(...published.map((id) => record(id)))
      return bus.publish(published.map(logged))
    })
  return { log, make, publish, store }
}

const idsOf = (events: Iterable<LoggedEvent>) => Array.from(events, ({ id }) => id)

/** The first `count` ids a reader gets. */
export const take = (events: Stream.Stream<LoggedEvent>, count: number) =>
  Effect.map(Stream.runCollect(Stream.take(events, count)), idsOf)

/** Lets every other fiber go as far as it can without a clock. */
export const settle = Effect.replicateEffect(Effect.yieldNow(), 500)
