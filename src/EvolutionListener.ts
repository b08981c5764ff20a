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
import {
  Array as Arr,
  Context,
  Effect,
  identity,
  Layer,
  type Option,
  type Scope,
  Stream
} from "effect"
import * as Settings from "./AppConfig/Settings.ts"
import * as AppConfig from "./AppConfig.ts"
import * as DatabaseClock from "./Cluster/DatabaseClock.ts"
import { Ownership } from "./Cluster/Ownership.ts"
import * as Tenancy from "./Cluster/Tenancy.ts"
import * as StopPlan from "./Concurrency/StopPlan.ts"
import type { MonotonicMillis } from "./Domain/Clock.ts"
import { Server, ServerId } from "./Domain/Server.ts"
import { CurrentFence, type Fence, type Tenure } from "./Domain/Tenure.ts"
import { HandedLink } from "./Evolution/Ear.ts"
import { EventSource } from "./Evolution/EventSource.ts"
import * as Transport from "./Evolution/Transport.ts"
import { composeServer, composeService, defaults, type Parts } from "./Instances/Parts.ts"
import * as Servers from "./Instances/Servers.ts"
import { admit } from "./Log/Admission.ts"
import { EventBus } from "./Log/EventBus.ts"
import { ofServer } from "./Log/ServerBus.ts"
import * as Standby from "./Log/Standby.ts"
import * as Sql from "./Storage/Sql.ts"

export { defaults, type Parts } from "./Instances/Parts.ts"

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
 * owns it, and closed when it does no more. `transport`: the HTTP client of a server. `first` waits for the services
 * of the first server.
 */
const make = <E, R>(parts: Parts, transport: Layer.Layer<HttpClient.HttpClient, E, R>) =>
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
      const standby = yield* (ownership.isAlone ? Standby.deaf : Standby.ofSettings).pipe(
        Effect.provideService(Settings.Settings, own),
        Effect.provideService(Server, id)
      )
      const build = (
        fence: Omit<Fence, "continues">,
        { reason }: Tenure,
        ready: Option.Option<MonotonicMillis>
      ) =>
        Effect.gen(function* () {
          const { continues, handed } = yield* standby.give(reason, ready)
          const services = yield* inServer(
            id,
            own,
            yield* Effect.scope
          )(tree).pipe(
            Effect.provideService(CurrentFence, { ...fence, continues }),
            Effect.provideService(HandedLink, handed)
          )
          yield* standby.follow(Context.get(services, EventSource), fence.epoch)
          const owned = yield* Effect.provide(Servers.owned, Context.add(services, Server, id))
          return { services, owned }
        }).pipe(
          // The tenure of a replica may end long before the program.
          ownership.isAlone
            ? identity
            : Effect.provideServiceEffect(StopPlan.StopPlan, Effect.sync(StopPlan.make)),
          isOne ? Servers.unnamed : identity
        )
      return yield* Tenancy.make(ownership, id, {
        prepare: standby.ready,
        build,
        reaches: ({ owned }) => Servers.reaches(owned)
      })
    })
    const within = (id: ServerId) => (isOne ? work(id) : Servers.named(id)(work(id)))
    const tenancies = yield* Effect.forEach(ids, within, { concurrency: "unbounded" })
    // A process alone fails to start where a server's services cannot be built.
    if (ownership.isAlone) yield* Effect.forEach(tenancies, ({ first }) => first)
    const all = yield* Effect.forEach(tenancies, ({ changes, now }, nth) =>
      Servers.shared(ids[nth] ?? first, {
        now: () => now()?.owned,
        changes: Stream.map(changes, (built) => built?.owned)
      })
    )
    return {
      service: Context.add(service, Servers.Servers, Servers.of(all)),
      first: Effect.map(tenancies[0].first, ({ services }) => services)
    }
  })

/** With the services of the first server, those of its first tenure. It waits for them. */
const compose = <E, R>(parts: Parts, transport: Layer.Layer<HttpClient.HttpClient, E, R>) =>
  Layer.scopedContext(
    Effect.flatMap(make(parts, transport), ({ first, service }) =>
      Effect.map(first, (services) => Context.merge(service, services))
    )
  )

/** Does not wait, so that a replica serves also while another one owns everything. */
const composeShared = <E, R>(parts: Parts, transport: Layer.Layer<HttpClient.HttpClient, E, R>) =>
  Layer.scopedContext(Effect.map(make(parts, transport), ({ service }) => service))

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

/**
 * As `layer`, without the services of the first server in the context: `Servers` has those of each server that this
 * process owns. A replica starts with it also while another one owns everything.
 */
export const layerServers = Settings.perSettings(
  composeShared(defaults, Transport.layer).pipe(
    Layer.provideMerge(Layer.provideMerge(DatabaseClock.layer, Sql.layer)),
    stopping
  )
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
