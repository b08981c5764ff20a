/** The whole service over a test's database, at a simulated Evolution. Real time: it waits by itself. */
import type { SqlClient } from "@effect/sql"
import { Context, Effect, Layer, Schedule, Stream } from "effect"
import { InstanceName } from "../../src/Domain/Instance.ts"
import { EventSource } from "../../src/Evolution/EventSource.ts"
import { EvolutionClient } from "../../src/Evolution/EvolutionClient.ts"
import { Upstream } from "../../src/Evolution/Upstream.ts"
import { Instances } from "../../src/Instances/Instances.ts"
import { Pairing } from "../../src/Instances/Pairing.ts"
import * as AutoStart from "../../src/Listening/AutoStart.ts"
import { Clocks } from "../../src/Listening/Clocks.ts"
import { Discovery } from "../../src/Listening/Discovery.ts"
import { GapLedger } from "../../src/Listening/GapLedger.ts"
import { ListenerRegistry } from "../../src/Listening/ListenerRegistry.ts"
import { Pacing } from "../../src/Listening/Pacing.ts"
import { Proof } from "../../src/Listening/Proof.ts"
import { Recovery } from "../../src/Listening/Recovery.ts"
import { EventBus } from "../../src/Log/EventBus.ts"
import { EventStore } from "../../src/Log/EventStore.ts"
import { GapStore } from "../../src/Log/GapStore.ts"
import { Ingest } from "../../src/Log/Ingest.ts"
import { InstanceStore } from "../../src/Log/InstanceStore.ts"
import { KeptDefaults } from "../../src/Log/KeptDefaults.ts"
import { Purge } from "../../src/Log/Purge.ts"
import { EvolutionSimulator, type Simulator } from "../../src/Testing/mod.ts"
import { evolutionAt } from "../support/settings.ts"

export const [one, two] = [InstanceName.make("shop-1"), InstanceName.make("shop-2")]

/** As `EvolutionListener.layer` knits it, but for the database and the watch over the states. */
export const serviceOn = <E>(
  database: Layer.Layer<SqlClient.SqlClient, E>,
  settings: Readonly<Record<string, string>> = {},
  /** Prepares Evolution before the service begins. */
  before: (simulator: Simulator) => unknown = () => undefined
) =>
  Effect.gen(function* () {
    const simulator = Context.get(
      yield* Layer.build(EvolutionSimulator.layer()),
      EvolutionSimulator
    )
    before(simulator)
    const context = yield* Layer.build(
      Layer.merge(AutoStart.layer, Pairing.layer).pipe(
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
            EventStore.layer,
            GapStore.layer,
            InstanceStore.layer,
            KeptDefaults.layer,
            EvolutionClient.layer
          )
        ),
        Layer.provide(database),
        Layer.provide(evolutionAt(simulator, settings))
      )
    )
    const bus = Context.get(context, EventBus)
    const log = Context.get(context, EventStore)
    return {
      bus,
      simulator,
      log,
      client: Context.get(context, EvolutionClient),
      instances: Context.get(context, Instances),
      pairing: Context.get(context, Pairing),
      registry: Context.get(context, ListenerRegistry),
      store: Context.get(context, InstanceStore),
      /** The first event of this name, committed already or to come. */
      hears: (instance: string, event: string) =>
        bus.after(0).pipe(
          Stream.filter((one) => one.instance === instance && one.event === event),
          Stream.runHead
        ),
      /** What was heard of it, in order. */
      eventsOf: (instance: string) =>
        Effect.map(log.read({ instance, limit: 100 }), (events) =>
          events.filter(({ origin }) => origin !== "listener").map(({ event }) => event)
        )
    }
  })

/** For what the far end does in its own time and announces to nobody. */
export const eventually = (condition: () => boolean) =>
  Effect.sync(condition).pipe(
    Effect.repeat({ until: (met) => met, schedule: Schedule.spaced("5 millis") }),
    Effect.asVoid
  )

/** Somebody else creates it, with Evolution's own REST API. */
export const createElsewhere = ({ apiKey, url }: Simulator, instanceName: string) =>
  Effect.promise(() =>
    fetch(`${url}/instance/create`, {
      method: "POST",
      headers: { apikey: apiKey, "content-type": "application/json" },
      body: JSON.stringify({ instanceName, integration: "WHATSAPP-BAILEYS", qrcode: true })
    })
  ).pipe(Effect.filterOrDieMessage(({ status }) => status === 201, "It was not created"))
