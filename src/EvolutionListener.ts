/**
 * The supervision tree as one Layer: everything but HTTP. A program that embeds the listener provides
 * this layer and uses `ListenerRegistry`, `Instances`, `EventBus` and `EventStore`.
 *
 *     ListenerRegistry ─ one fiber per instance ─┬─ EventSource ─ Evolution's socket
 *                                                ├─ GapLedger ─ GapStore
 *                                                ├─ Recovery ─ EvolutionClient
 *                                                └─ Ingest ─ EventStore, InstanceStore, EventBus
 */
import { HttpClient } from "@effect/platform"
import type { SqlClient } from "@effect/sql"
import { Array as Arr, Context, Effect, identity, Layer, type Scope } from "effect"
import { Audit } from "./Access/Audit.ts"
import { KeyStore } from "./Access/KeyStore.ts"
import * as Settings from "./AppConfig/Settings.ts"
import * as AppConfig from "./AppConfig.ts"
import { Ownership } from "./Cluster/Ownership.ts"
import * as Tenancy from "./Cluster/Tenancy.ts"
import * as StopPlan from "./Concurrency/StopPlan.ts"
import * as Drift from "./Delivery/Drift.ts"
import { Server, ServerId } from "./Domain/Server.ts"
import { CurrentFence, type Fence } from "./Domain/Tenure.ts"
import { EventSource } from "./Evolution/EventSource.ts"
import { EvolutionClient } from "./Evolution/EvolutionClient.ts"
import * as Transport from "./Evolution/Transport.ts"
import { Upstream } from "./Evolution/Upstream.ts"
import * as FirstReport from "./Instances/FirstReport.ts"
import { Instances } from "./Instances/Instances.ts"
import { Pairing } from "./Instances/Pairing.ts"
import * as Retention from "./Instances/Retention.ts"
import * as Servers from "./Instances/Servers.ts"
import { Summary } from "./Instances/Summary.ts"
import * as AutoStart from "./Listening/AutoStart.ts"
import { Clocks } from "./Listening/Clocks.ts"
import { Discovery } from "./Listening/Discovery.ts"
import { GapLedger } from "./Listening/GapLedger.ts"
import { ListenerRegistry } from "./Listening/ListenerRegistry.ts"
import { Pacing } from "./Listening/Pacing.ts"
import { Proof } from "./Listening/Proof.ts"
import { Recovery } from "./Listening/Recovery.ts"
import * as StateWatch from "./Listening/StateWatch.ts"
import { admit } from "./Log/Admission.ts"
import { EventBus } from "./Log/EventBus.ts"
import { EventStore } from "./Log/EventStore.ts"
import { GapStore } from "./Log/GapStore.ts"
import { Ingest } from "./Log/Ingest.ts"
import { InstanceStore } from "./Log/InstanceStore.ts"
import { KeptDefaults } from "./Log/KeptDefaults.ts"
import { Purge } from "./Log/Purge.ts"
import { ofServer } from "./Log/ServerBus.ts"
import * as StormLog from "./Log/StormLog.ts"
import * as Sql from "./Storage/Sql.ts"

/** The layer of each service, and of each background loop (`AutoStart`, `Drift`, `FirstReport`, `Retention`, `StateWatch`, `StormLog`). */
export const defaults = {
  AutoStart: AutoStart.layer,
  Drift: Drift.layer,
  FirstReport: FirstReport.layer,
  Pairing: Pairing.layer,
  Retention: Retention.layer,
  StateWatch: StateWatch.layer,
  StormLog: StormLog.layer,
  Summary: Summary.layer,
  Instances: Instances.layer,
  Proof: Proof.layer,
  ListenerRegistry: ListenerRegistry.layer,
  Discovery: Discovery.layer,
  Pacing: Pacing.layer,
  Recovery: Recovery.layer,
  Clocks: Clocks.layer,
  GapLedger: GapLedger.layer,
  EventSource: EventSource.layer,
  Ingest: Ingest.layer,
  Upstream: Upstream.layer,
  Purge: Purge.layer,
  EventBus: EventBus.layer,
  Audit: Audit.layer,
  EventStore: EventStore.layer,
  EvolutionClient: EvolutionClient.layer,
  GapStore: GapStore.layer,
  InstanceStore: InstanceStore.layer,
  KeptDefaults: KeptDefaults.layer,
  KeyStore: KeyStore.layer,
  Ownership: Ownership.layerSingle
}
type Defaults = typeof defaults

/** What the program provides. */
type Provided = SqlClient.SqlClient | HttpClient.HttpClient | Settings.Settings

/**
 * A layer for each service, and for each background loop (`Layer.empty` leaves it out). It may need what the
 * default needs, and what the program provides.
 */
export type Parts = {
  readonly [Name in keyof Defaults]: Layer.Layer<
    Layer.Layer.Success<Defaults[Name]>,
    Layer.Layer.Error<Defaults[keyof Defaults]>,
    Layer.Layer.Context<Defaults[Name]> | Provided
  >
}

/** Serves all Evolution servers: one log, one bus, one list of keys. */
const composeService = (parts: Parts) =>
  Layer.mergeAll(parts.Drift, parts.StormLog).pipe(
    Layer.provideMerge(parts.EventBus),
    Layer.provideMerge(
      Layer.mergeAll(
        parts.Audit,
        // It reads for all servers. The one that writes for a server is another.
        Layer.fresh(parts.EventStore),
        parts.KeptDefaults,
        parts.KeyStore,
        parts.Ownership
      )
    )
  )

// Each line stands on the ones below it; what is built last is stopped first.
const composeServer = (parts: Parts) =>
  Layer.mergeAll(
    parts.AutoStart,
    parts.FirstReport,
    parts.Pairing,
    parts.Retention,
    parts.StateWatch
  ).pipe(
    Layer.provideMerge(parts.Summary),
    Layer.provideMerge(parts.Instances),
    Layer.provideMerge(parts.Proof),
    Layer.provideMerge(parts.ListenerRegistry),
    Layer.provideMerge(parts.Discovery),
    Layer.provideMerge(Layer.mergeAll(parts.Pacing, parts.Recovery)),
    Layer.provideMerge(Layer.mergeAll(parts.Clocks, parts.GapLedger)),
    Layer.provideMerge(Layer.mergeAll(parts.EventSource, parts.Ingest, parts.Upstream)),
    Layer.provideMerge(parts.Purge),
    Layer.provideMerge(
      Layer.mergeAll(parts.EventStore, parts.EvolutionClient, parts.GapStore, parts.InstanceStore)
    )
  )

/** Builds a layer for one server, in a scope, once for the settings. */
const inServer =
  (id: ServerId, settings: Settings.Settings["Type"], scope: Scope.Scope) =>
  <A, E, R>(layer: Layer.Layer<A, E, R>) =>
    Layer.buildWithMemoMap(layer, settings.built, scope).pipe(
      Effect.provideService(Settings.Settings, settings),
      Effect.provideService(Server, id)
    )

/**
 * Works for each server, side by side, with the settings of that server: its services are built when this process
 * owns it, and closed when it does no more. Those of the first server are the program's; `Servers` has all.
 * `transport`: the HTTP client of a server.
 */
const compose = <E, R>(parts: Parts, transport: Layer.Layer<HttpClient.HttpClient, E, R>) =>
  Layer.scopedContext(
    Effect.gen(function* () {
      const settings = yield* Settings.Settings
      yield* AppConfig.distinctServers
      const ids = Arr.map(yield* AppConfig.servers, (id) => ServerId.make(id))
      const isOne = ids.length === 1
      yield* admit(ids)
      const scope = yield* Effect.scope
      const [first] = ids
      const ofFirst = yield* settings.ofServer(first)
      const service = yield* inServer(
        first,
        ofFirst,
        scope
      )(Layer.provide(composeService(parts), transport))
      const bus = Context.get(service, EventBus)
      const ownership = Context.get(service, Ownership)

      const work = Effect.fnUntraced(function* (id: ServerId) {
        const own = id === first ? ofFirst : yield* settings.ofServer(id)
        const tree = composeServer(parts).pipe(
          Layer.provide(transport),
          Layer.provide(Layer.succeed(EventBus, isOne ? bus : ofServer(bus, id))),
          Layer.provide(Layer.succeedContext(service))
        )
        const build = (fence: Fence) =>
          Effect.flatMap(Effect.scope, (within) => inServer(id, own, within)(tree)).pipe(
            Effect.provideService(CurrentFence, fence),
            isOne ? Servers.unnamed : identity
          )
        return yield* Tenancy.make(ownership, id, build)
      })
      const within = (id: ServerId) => (isOne ? work(id) : Servers.named(id)(work(id)))
      const trees = yield* Effect.forEach(ids, within, { concurrency: "unbounded" })
      const all = yield* Effect.forEach(trees, ({ services, tenancy }, nth) =>
        Effect.provide(Servers.one(tenancy), Context.add(services, Server, ids[nth] ?? first))
      )
      return Context.mergeAll(
        service,
        trees[0].services,
        Context.make(Servers.Servers, Servers.of(all))
      )
    })
  )

/** Bounds the time in which a tree stops. */
const stopping = <A, E, R>(layer: Layer.Layer<A, E, R>) =>
  layer.pipe(StopPlan.bounded("database"), Layer.provideMerge(StopPlan.StopPlan.layer))

/** On the database of the SQL client that the program provides, which is migrated first. */
const onSqlOfProgram = <A, E, R>(layer: Layer.Layer<A, E, R>) =>
  layer.pipe(
    Layer.provide(Layer.provideMerge(Sql.layerMigrations, Sql.layerUntransformed)),
    stopping
  )

/** The HTTP client that the program provides, for every server. */
const ofProgram = Layer.effect(HttpClient.HttpClient, HttpClient.HttpClient)

/** As `layerNoDeps`, with these parts in the place of the defaults: doubles, or other backends. */
export const layerWith = (replacements: Partial<Parts>) =>
  Settings.perSettings(onSqlOfProgram(compose({ ...defaults, ...replacements }, ofProgram)))

/**
 * The listener on what the program provides: its SQL client, whose database is migrated first (`layerMigrations`),
 * its HTTP client for all calls to Evolution, and `Settings`. It is built once for each value of `Settings`.
 */
export const layerNoDeps = layerWith({})

/** As `layerNoDeps`, with the default HTTP client, and settings from the environment. */
export const layerNoDatabase = Settings.perSettings(
  onSqlOfProgram(compose(defaults, Transport.layer))
).pipe(Layer.provideMerge(Settings.layerFromEnv))

/** The listener with a database and an HTTP client of its own, and settings from the environment. */
export const layer = Settings.perSettings(
  compose(defaults, Transport.layer).pipe(Layer.provideMerge(Sql.layer), stopping)
).pipe(Layer.provideMerge(Settings.layerFromEnv))

/**
 * Makes or updates the tables in the database of the program's own SQL client, as `layerNoDeps` does: for a
 * deployment that migrates apart.
 */
export const layerMigrations = Sql.layerMigrations
