/**
 * The supervision tree as one Layer: everything but HTTP. A program that embeds the listener provides
 * this layer and uses `ListenerRegistry`, `Instances`, `EventBus` and `EventStore`.
 *
 *     ListenerRegistry ─ one fiber per instance ─┬─ EventSource ─ Evolution's socket
 *                                                ├─ GapLedger ─ GapStore
 *                                                ├─ Recovery ─ EvolutionClient
 *                                                └─ Ingest ─ EventStore, InstanceStore, EventBus
 */
import { Layer } from "effect"
import { Audit } from "./Access/Audit.ts"
import { KeyStore } from "./Access/KeyStore.ts"
import * as Settings from "./AppConfig/Settings.ts"
import * as StopPlan from "./Concurrency/StopPlan.ts"
import * as Drift from "./Delivery/Drift.ts"
import { EventSource } from "./Evolution/EventSource.ts"
import { EvolutionClient } from "./Evolution/EvolutionClient.ts"
import * as Transport from "./Evolution/Transport.ts"
import { Upstream } from "./Evolution/Upstream.ts"
import * as FirstReport from "./Instances/FirstReport.ts"
import { Instances } from "./Instances/Instances.ts"
import { Pairing } from "./Instances/Pairing.ts"
import * as Retention from "./Instances/Retention.ts"
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
import { EventBus } from "./Log/EventBus.ts"
import { EventStore } from "./Log/EventStore.ts"
import { GapStore } from "./Log/GapStore.ts"
import { Ingest } from "./Log/Ingest.ts"
import { InstanceStore } from "./Log/InstanceStore.ts"
import { KeptDefaults } from "./Log/KeptDefaults.ts"
import { Purge } from "./Log/Purge.ts"
import * as StormLog from "./Log/StormLog.ts"
import * as Sql from "./Storage/Sql.ts"

// Each line stands on the ones below it; what is built last is stopped first.
const tree = Layer.mergeAll(
  AutoStart.layer,
  Drift.layer,
  FirstReport.layer,
  Pairing.layer,
  Retention.layer,
  StateWatch.layer,
  StormLog.layer
).pipe(
  Layer.provideMerge(Summary.layer),
  Layer.provideMerge(Instances.layer),
  Layer.provideMerge(Proof.layer),
  Layer.provideMerge(ListenerRegistry.layer),
  Layer.provideMerge(Discovery.layer),
  Layer.provideMerge(Layer.mergeAll(Pacing.layer, Recovery.layer)),
  Layer.provideMerge(Layer.mergeAll(Clocks.layer, GapLedger.layer)),
  Layer.provideMerge(Layer.mergeAll(EventSource.layer, Ingest.layer, Upstream.layer)),
  Layer.provideMerge(Purge.layer),
  Layer.provideMerge(EventBus.layer),
  Layer.provideMerge(
    Layer.mergeAll(
      Audit.layer,
      EventStore.layer,
      EvolutionClient.layer,
      GapStore.layer,
      InstanceStore.layer,
      KeptDefaults.layer,
      KeyStore.layer
    )
  )
)

/** Bounds the time in which a tree stops. */
const stopping = <A, E, R>(layer: Layer.Layer<A, E, R>) =>
  layer.pipe(StopPlan.bounded("database"), Layer.provideMerge(StopPlan.StopPlan.layer))

/**
 * The listener on what the program provides: its SQL client, whose database is migrated first (`layerMigrations`),
 * its HTTP client for all calls to Evolution, and `Settings`. It is built once for each value of `Settings`.
 */
export const layerNoDeps = Settings.perSettings(
  tree.pipe(
    Layer.provide(Layer.provideMerge(Sql.layerMigrations, Sql.layerUntransformed)),
    stopping
  )
)

/** As `layerNoDeps`, with the default HTTP client, and settings from the environment. */
export const layerNoDatabase = layerNoDeps.pipe(
  Layer.provide(Transport.layer),
  Layer.provideMerge(Settings.layerFromEnv)
)

/** The listener with a database and an HTTP client of its own, and settings from the environment. */
export const layer = Settings.perSettings(
  tree.pipe(Layer.provideMerge(Sql.layer), Layer.provide(Transport.layer), stopping)
).pipe(Layer.provideMerge(Settings.layerFromEnv))

/**
 * Makes or updates the tables in the database of the program's own SQL client, as `layerNoDeps` does: for a
 * deployment that migrates apart.
 */
export const layerMigrations = Sql.layerMigrations
