/** The service's own path without storage: events are decoded and published, and not stored. */
import { Clock, DateTime, Effect, Layer, Stream } from "effect"
import * as Settings from "../../../src/AppConfig/Settings.ts"
import { InstanceName, type InstanceRecord, nothingObserved } from "../../../src/Domain/Instance.ts"
import { EventSource } from "../../../src/Evolution/EventSource.ts"
import { EvolutionClient } from "../../../src/Evolution/EvolutionClient.ts"
import * as Transport from "../../../src/Evolution/Transport.ts"
import { Upstream } from "../../../src/Evolution/Upstream.ts"
import { Clocks } from "../../../src/Listening/Clocks.ts"
import { GapLedger } from "../../../src/Listening/GapLedger.ts"
import { ListenerRegistry } from "../../../src/Listening/ListenerRegistry.ts"
import { Pacing } from "../../../src/Listening/Pacing.ts"
import { Recovery } from "../../../src/Listening/Recovery.ts"
import { EventBus } from "../../../src/Log/EventBus.ts"
import { EventStore } from "../../../src/Log/EventStore.ts"
import { GapStore } from "../../../src/Log/GapStore.ts"
import { Ingest } from "../../../src/Log/Ingest.ts"
import { InstanceStore } from "../../../src/Log/InstanceStore.ts"
import { nameOf } from "./Evolution/Feed.ts"
import { serve, variable } from "./serve.ts"

let lastId = 0
const events = Layer.mock(EventStore, {
  append: ({ events: batch }) => Effect.sync(() => batch.map(() => ++lastId)),
  lastId: Effect.sync(() => lastId),
  messagesAround: () => Effect.succeed({ before: [], after: [] }),
  unheard: (messages) => Effect.succeed(messages)
})

const records = new Map<string, InstanceRecord>(
  Array.from({ length: Number(variable("INSTANCES")) }, (_, index) => {
    const name = InstanceName.make(nameOf(index))
    const desiredAt = DateTime.unsafeNow()
    return [name, { ...nothingObserved, name, desired: "listening", desiredAt }]
  })
)
const lasts = new Map([...records.keys()].map((name) => [name, { event: "", at: 0 }]))
const instances = Layer.mock(InstanceStore, {
  get: (name) => records.get(name),
  lastEvent: () => null,
  all: Effect.sync(() => [...records.values()]),
  applyCommitted: (changes, batch) => {
    for (const { event, instance, receivedAt } of batch)
      Object.assign(lasts.get(instance) ?? {}, { event, at: receivedAt })
    for (const { name, observed } of changes) {
      const record = records.get(name)
      if (record !== undefined) records.set(name, { ...record, ...observed })
    }
  }
})

const gaps = Layer.mock(GapStore, {
  limited: () => Effect.succeed([]),
  lostFor: () => Effect.succeed([]),
  unfinished: Effect.succeed([]),
  lost: Effect.succeed([]),
  imported: Effect.succeed([]),
  heartbeat: () => Effect.void,
  markStopped: Effect.void,
  lastHeartbeat: Effect.map(Clock.currentTimeMillis, (now) => ({
    at: DateTime.unsafeMake(now),
    stopped: true
  }))
})

const started = Effect.gen(function* () {
  const registry = yield* ListenerRegistry
  yield* registry.changes.pipe(
    Stream.mapEffect(() => registry.all),
    Stream.takeUntil((all) => all.every(({ state }) => state._tag === "Listening")),
    Stream.runDrain
  )
  // The snapshots that the service asks for after connecting come first.
  yield* Effect.sleep("500 millis")
  serve({ count: () => lastId })
})

Layer.effectDiscard(started).pipe(
  Layer.provide(ListenerRegistry.layer),
  Layer.provide(Layer.mergeAll(Pacing.layer, Recovery.layer)),
  Layer.provide(Layer.mergeAll(Clocks.layer, GapLedger.layer)),
  Layer.provide(Layer.mergeAll(EventSource.layer, Ingest.layer, Upstream.layer)),
  Layer.provide(EventBus.layer),
  Layer.provide(Layer.mergeAll(events, gaps, instances, EvolutionClient.layer)),
  Layer.provide(Transport.layer),
  Layer.provide(Settings.layerFromEnv),
  Layer.launch,
  Effect.runPromise
)
