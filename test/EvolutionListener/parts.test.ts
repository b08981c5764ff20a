import { NodeHttpClient } from "@effect/platform-node"
import { afterAll, describe, expect, it } from "@effect/vitest"
import {
  Context,
  Deferred,
  Effect,
  Layer,
  Logger,
  LogLevel,
  ManagedRuntime,
  Redacted
} from "effect"
import * as Settings from "../../src/AppConfig/Settings.ts"
import * as EvolutionListener from "../../src/EvolutionListener.ts"
import * as Library from "../../src/mod.ts"
import * as Sql from "../../src/Storage/Sql.ts"

const settings = () =>
  Settings.layer({
    // Nothing listens there.
    evolution: { url: "http://127.0.0.1:9", apiKey: Redacted.make("evolution-key-9") }
  })

// `layer` of @effect/vitest would change `it` for every suite that the worker runs later.
const database = ManagedRuntime.make(Sql.layerMemory)
afterAll(() => database.dispose())

/** Builds a tree on the database of the suite. */
const built = <A, E, R>(tree: Layer.Layer<A, E, R>) =>
  Layer.build(
    tree.pipe(
      Layer.provide(NodeHttpClient.layerUndici),
      Layer.provide(settings()),
      Layer.provide(Logger.minimumLogLevel(LogLevel.None))
    )
  ).pipe(Effect.provide(database))

const others = new WeakSet<object>()

/** Another implementation of a service: here, one that hands every call on. */
const other = <I, S extends object, E, R>(tag: Context.Tag<I, S>, part: Layer.Layer<I, E, R>) =>
  Layer.effect(
    tag,
    Effect.map(tag, (service) => {
      const own = { ...service }
      others.add(own)
      return own
    })
  ).pipe(Layer.provide(part))

const {
  Audit: { Audit },
  Clocks: { Clocks },
  Discovery: { Discovery },
  DurableHandlers: { DurableHandlers },
  Endpoints: { Endpoints },
  EventBus: { EventBus },
  EventSource: { EventSource },
  EventStore: { EventStore },
  EvolutionClient: { EvolutionClient },
  GapLedger: { GapLedger },
  GapStore: { GapStore },
  Ingest: { Ingest },
  InstanceStore: { InstanceStore },
  Instances: { Instances },
  KeptDefaults: { KeptDefaults },
  KeyStore: { KeyStore },
  ListenerRegistry: { ListenerRegistry },
  Notices: { Notices },
  Ownership: { Ownership },
  Pacing: { Pacing },
  Pairing: { Pairing },
  Proof: { Proof },
  Purge: { Purge },
  Recovery: { Recovery },
  Replays: { Replays },
  Sinks: { Sinks },
  Standing: { Standing },
  Summary: { Summary },
  Tickets: { Tickets },
  Traffic: { Traffic },
  Upstream: { Upstream },
  WrongKeys: { WrongKeys }
} = Library

type Replacement = Partial<EvolutionListener.Parts>

/** Another implementation of each service. */
const rows = [
  [Audit, { Audit: other(Audit, Audit.layer) }],
  [Clocks, { Clocks: other(Clocks, Clocks.layer) }],
  [Discovery, { Discovery: other(Discovery, Discovery.layer) }],
  [EventBus, { EventBus: other(EventBus, EventBus.layer) }],
  [EventSource, { EventSource: other(EventSource, EventSource.layer) }],
  [EventStore, { EventStore: other(EventStore, EventStore.layer) }],
  [DurableHandlers, { DurableHandlers: other(DurableHandlers, DurableHandlers.layer) }],
  [Endpoints, { Endpoints: other(Endpoints, Endpoints.layer) }],
  [EvolutionClient, { EvolutionClient: other(EvolutionClient, EvolutionClient.layer) }],
  [GapLedger, { GapLedger: other(GapLedger, GapLedger.layer) }],
  [GapStore, { GapStore: other(GapStore, GapStore.layer) }],
  [Ingest, { Ingest: other(Ingest, Ingest.layer) }],
  [InstanceStore, { InstanceStore: other(InstanceStore, InstanceStore.layer) }],
  [Instances, { Instances: other(Instances, Instances.layer) }],
  [KeptDefaults, { KeptDefaults: other(KeptDefaults, KeptDefaults.layer) }],
  [KeyStore, { KeyStore: other(KeyStore, KeyStore.layer) }],
  [ListenerRegistry, { ListenerRegistry: other(ListenerRegistry, ListenerRegistry.layer) }],
  [Notices, { Notices: other(Notices, Notices.layerNone) }],
  [Ownership, { Ownership: other(Ownership, Ownership.layerSingle) }],
  [Pacing, { Pacing: other(Pacing, Pacing.layer) }],
  [Pairing, { Pairing: other(Pairing, Pairing.layer) }],
  [Proof, { Proof: other(Proof, Proof.layer) }],
  [Purge, { Purge: other(Purge, Purge.layer) }],
  [Recovery, { Recovery: other(Recovery, Recovery.layer) }],
  [Replays, { Replays: other(Replays, Replays.layer) }],
  [Sinks, { Sinks: other(Sinks, Sinks.layer) }],
  [Standing, { Standing: other(Standing, Standing.layer) }],
  [Summary, { Summary: other(Summary, Summary.layer) }],
  [Tickets, { Tickets: other(Tickets, Tickets.layer) }],
  [Traffic, { Traffic: other(Traffic, Traffic.layer) }],
  [Upstream, { Upstream: other(Upstream, Upstream.layer) }],
  [WrongKeys, { WrongKeys: other(WrongKeys, WrongKeys.layer) }]
] as const satisfies ReadonlyArray<readonly [unknown, Replacement]>

const loops = [
  "AutoStart",
  "Deliveries",
  "Drift",
  "DurableRuns",
  "EndpointsFile",
  "FirstReport",
  "Retention",
  "StateWatch",
  "StormLog"
] as const

describe("the parts of the tree", { timeout: 60_000 }, () => {
  it("have public names, and are the services below and the background loops", () => {
    const names = rows.flatMap(([, replacement]) => Object.keys(replacement))
    const parts = Object.keys(EvolutionListener.defaults).sort()
    expect([...names, ...loops].sort()).toEqual(parts)
    expect(Object.keys(Library)).toEqual(expect.arrayContaining(parts))
  })

  for (const [{ key }, replacement] of rows)
    it.scopedLive(`are replaceable: ${key}`, () =>
      Effect.gen(function* () {
        const context = yield* built(EvolutionListener.layerWith(replacement))
        expect(others.has(Object(context.unsafeMap.get(key)))).toBe(true)
      })
    )

  it.scopedLive("are what the parts above them use", () =>
    Effect.gen(function* () {
      const asked = yield* Deferred.make<void>()
      yield* built(
        EvolutionListener.layerWith({
          EvolutionClient: Layer.mock(EvolutionClient, {
            fetchInstances: () => Effect.as(Deferred.succeed(asked, undefined), []),
            clockOffset: Effect.succeed(null),
            ping: Effect.void
          })
        })
      )
      yield* Deferred.await(asked)
    })
  )

  it.scopedLive("are left out, where they are loops", () =>
    Effect.gen(function* () {
      const without = Object.fromEntries(loops.map((name) => [name, Layer.empty] as const))
      const context = yield* built(EvolutionListener.layerWith(without))
      expect(Context.get(context, KeyStore)).toBeDefined()
    })
  )

  it("fit their places: another service does not compile", () => {
    // @ts-expect-error: it is no KeyStore
    const wrong = EvolutionListener.layerWith({ KeyStore: Audit.layer })
    expect(Layer.isLayer(wrong)).toBe(true)
  })
})
