/**
 * Everything but HTTP, knitted: the supervision tree as one Layer. A program that embeds the listener
 * provides this and talks to `ListenerRegistry`, `Instances`, `EventBus` and `EventStore`.
 *
 *     ListenerRegistry ─ one fiber per instance ─┬─ EventSource ─ Evolution's socket
 *                                                ├─ GapLedger ─ GapStore
 *                                                ├─ Recovery ─ EvolutionClient
 *                                                └─ Ingest ─ EventStore, InstanceStore, EventBus
 */
import { Layer } from "effect"
import { Audit } from "./Audit.ts"
import * as AutoStart from "./AutoStart.ts"
import { EventBus } from "./EventBus.ts"
import { EventSource } from "./EventSource.ts"
import { EventStore } from "./EventStore.ts"
import { EvolutionClient } from "./EvolutionClient.ts"
import { GapLedger } from "./GapLedger.ts"
import { GapStore } from "./GapStore.ts"
import { Ingest } from "./Ingest.ts"
import { InstanceStore } from "./InstanceStore.ts"
import { Instances } from "./Instances.ts"
import { KeyStore } from "./KeyStore.ts"
import { ListenerRegistry } from "./ListenerRegistry.ts"
import { Pacing } from "./Pacing.ts"
import { Pairing } from "./Pairing.ts"
import { Purge } from "./Purge.ts"
import { Recovery } from "./Recovery.ts"
import * as Retention from "./Retention.ts"
import * as Sql from "./Sql.ts"
import * as StateWatch from "./StateWatch.ts"
import * as StormLog from "./StormLog.ts"
import { Upstream } from "./Upstream.ts"

// Each line stands on the ones below it; what is built last is stopped first.
export const layer = Layer.mergeAll(
  AutoStart.layer,
  Pairing.layer,
  Retention.layer,
  StateWatch.layer,
  StormLog.layer
).pipe(
  Layer.provideMerge(Instances.layer),
  Layer.provideMerge(ListenerRegistry.layer),
  Layer.provideMerge(Layer.mergeAll(Pacing.layer, Recovery.layer)),
  Layer.provideMerge(GapLedger.layer),
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
      KeyStore.layer
    )
  ),
  Layer.provideMerge(Sql.layer)
)
