/** The parts of the service, and how they stand on each other. */
import type { HttpClient } from "@effect/platform"
import type { SqlClient } from "@effect/sql"
import { Layer } from "effect"
import { Audit } from "../Access/Audit.ts"
import { KeyStore } from "../Access/KeyStore.ts"
import { Tickets } from "../Access/Tickets.ts"
import { WrongKeys } from "../Access/WrongKeys.ts"
import type * as Settings from "../AppConfig/Settings.ts"
import { Ownership } from "../Cluster/Ownership.ts"
import * as Deliveries from "../Delivery/Deliveries.ts"
import * as Drift from "../Delivery/Drift.ts"
import { DurableHandlers } from "../Delivery/DurableHandlers.ts"
import * as DurableRuns from "../Delivery/DurableRuns.ts"
import { Endpoints } from "../Delivery/Endpoints.ts"
import * as EndpointsFile from "../Delivery/EndpointsFile.ts"
import { Replays } from "../Delivery/Replays.ts"
import { Sinks } from "../Delivery/Sinks.ts"
import { Standing } from "../Delivery/Standing.ts"
import { Traffic } from "../Delivery/Traffic.ts"
import { EventSource } from "../Evolution/EventSource.ts"
import { EvolutionClient } from "../Evolution/EvolutionClient.ts"
import { Upstream } from "../Evolution/Upstream.ts"
import * as AutoStart from "../Listening/AutoStart.ts"
import { Clocks } from "../Listening/Clocks.ts"
import { Discovery } from "../Listening/Discovery.ts"
import { GapLedger } from "../Listening/GapLedger.ts"
import { ListenerRegistry } from "../Listening/ListenerRegistry.ts"
import { Pacing } from "../Listening/Pacing.ts"
import { Proof } from "../Listening/Proof.ts"
import { Recovery } from "../Listening/Recovery.ts"
import * as StateWatch from "../Listening/StateWatch.ts"
import { EventStore } from "../Log/EventStore.ts"
import { GapStore } from "../Log/GapStore.ts"
import { Ingest } from "../Log/Ingest.ts"
import { InstanceStore } from "../Log/InstanceStore.ts"
import { KeptDefaults } from "../Log/KeptDefaults.ts"
import { Purge } from "../Log/Purge.ts"
import * as StormLog from "../Log/StormLog.ts"
import * as Tail from "../Log/Tail.ts"
import { Notices } from "../Storage/Notices.ts"
import * as FirstReport from "./FirstReport.ts"
import { Instances } from "./Instances.ts"
import { Pairing } from "./Pairing.ts"
import * as Retention from "./Retention.ts"
import { Summary } from "./Summary.ts"

/**
 * The layer of each service, and of each background loop (`AutoStart`, `Deliveries`, `Drift`, `DurableRuns`, `FirstReport`,
 * `Retention`, `StateWatch`, `StormLog`). `EndpointsFile` works at the start alone.
 */
export const defaults = {
  AutoStart: AutoStart.layer,
  Deliveries: Deliveries.layer,
  Drift: Drift.layer,
  DurableHandlers: DurableHandlers.layer,
  DurableRuns: DurableRuns.layer,
  EndpointsFile: EndpointsFile.layer,
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
  Endpoints: Endpoints.layer,
  Replays: Replays.layer,
  Sinks: Sinks.layer,
  Standing: Standing.layer,
  Traffic: Traffic.layer,
  EventBus: Tail.layer,
  Audit: Audit.layer,
  EventStore: EventStore.layer,
  EvolutionClient: EvolutionClient.layer,
  GapStore: GapStore.layer,
  InstanceStore: InstanceStore.layer,
  KeptDefaults: KeptDefaults.layer,
  KeyStore: KeyStore.layer,
  Notices: Notices.layer,
  Tickets: Tickets.layer,
  WrongKeys: WrongKeys.layer,
  Ownership: Ownership.layer
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
export const composeService = (parts: Parts) =>
  Layer.mergeAll(parts.Drift, parts.EndpointsFile, parts.StormLog).pipe(
    Layer.provideMerge(Layer.mergeAll(parts.Replays, parts.Sinks, parts.Standing, parts.Traffic)),
    Layer.provideMerge(Layer.merge(parts.Endpoints, parts.EventBus)),
    Layer.provideMerge(
      Layer.mergeAll(
        parts.Audit,
        parts.DurableHandlers,
        // It reads for all servers. The one that writes for a server is another.
        Layer.fresh(parts.EventStore),
        parts.KeptDefaults,
        parts.KeyStore,
        parts.Ownership,
        parts.Tickets,
        parts.WrongKeys
      )
    ),
    Layer.provideMerge(parts.Notices)
  )

// Each line stands on the ones below it; what is built last is stopped first.
export const composeServer = (parts: Parts) =>
  Layer.mergeAll(
    parts.AutoStart,
    parts.Deliveries,
    parts.DurableRuns,
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
