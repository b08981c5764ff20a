/** The real registry over a real database, with an event source that a test controls. */
import type { SqlClient } from "@effect/sql"
import { Context, Deferred, Effect, Layer, Mailbox, Queue, Stream } from "effect"
import type { RawEvent } from "../../../src/Domain/Event.ts"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import { ConnectionLost, type LinkError } from "../../../src/Domain/LinkError.ts"
import type { ListenerState } from "../../../src/Domain/ListenerState.ts"
import type { EventSource } from "../../../src/Evolution/EventSource.ts"
import { Upstream } from "../../../src/Evolution/Upstream.ts"
import { GapLedger } from "../../../src/Listening/GapLedger.ts"
import { ListenerRegistry } from "../../../src/Listening/ListenerRegistry.ts"
import { Pacing } from "../../../src/Listening/Pacing.ts"
import { EventBus } from "../../../src/Log/EventBus.ts"
import { EventStore } from "../../../src/Log/EventStore.ts"
import { GapStore } from "../../../src/Log/GapStore.ts"
import { Ingest } from "../../../src/Log/Ingest.ts"
import { InstanceStore } from "../../../src/Log/InstanceStore.ts"
import { recoveryOf, sourceOf, subscription } from "../../support/doubles.ts"
import { settings } from "../../support/settings.ts"

export const [one, two] = [InstanceName.make("shop-1"), InstanceName.make("shop-2")]
export const lost = ConnectionLost.of(1006, "")

/** Event source whose links a test feeds and ends; `onOpen` may fail a dial, or die. */
export const makeSource = Effect.gen(function* () {
  const dials = yield* Queue.unbounded<InstanceName>()
  const links = new Map<string, Mailbox.Mailbox<RawEvent, LinkError>>()
  const source = {
    dials,
    links,
    count: new Map<string, number>(),
    renewed: [] as Array<string>,
    renew: (name: InstanceName): Effect.Effect<void, LinkError> =>
      Effect.sync(() => {
        source.renewed.push(name)
      }),
    onOpen: (_name: InstanceName): Effect.Effect<void, LinkError> => Effect.void,
    quiesce: Effect.suspend(() =>
      Effect.forEach([...links.values()], (link) => link.end, { discard: true })
    ),
    says: (name: InstanceName, data: unknown, event = "messages.upsert") =>
      Effect.suspend(
        () =>
          links.get(name)?.offer({
            name: event,
            payload: { event, instance: name, data },
            receivedAt: 0
          }) ?? Effect.dieMessage(`Nobody listens to "${name}"`)
      )
  }
  const layer = sourceOf({
    open: (name) =>
      Effect.gen(function* () {
        source.count.set(name, (source.count.get(name) ?? 0) + 1)
        yield* Queue.offer(dials, name)
        yield* source.onOpen(name)
        const link = yield* Effect.acquireRelease(Mailbox.make<RawEvent, LinkError>(), () =>
          Effect.sync(() => links.delete(name))
        )
        links.set(name, link)
        return subscription(Mailbox.toStream(link))
      }),
    renew: (name) => Effect.suspend(() => source.renew(name)),
    quiesce: Effect.suspend(() => source.quiesce)
  })
  return Object.assign(source, { layer })
})
export type Source = Effect.Effect.Success<typeof makeSource>

/** Builds all layers from the store up to the registry in the current scope. */
export const registryOn = <E>(
  database: Layer.Layer<SqlClient.SqlClient, E>,
  source: Layer.Layer<EventSource>
) =>
  Effect.map(
    Layer.build(
      ListenerRegistry.layer.pipe(
        Layer.provide(Layer.mergeAll(Pacing.layer, recoveryOf())),
        Layer.provideMerge(GapLedger.layer),
        Layer.provideMerge(Ingest.layer),
        Layer.provideMerge(EventBus.layer),
        Layer.provideMerge(Layer.mergeAll(EventStore.layer, GapStore.layer, InstanceStore.layer)),
        Layer.provide(source),
        Layer.provide(Layer.succeed(Upstream, { awaitReturn: Effect.never })),
        Layer.provide(database),
        Layer.provide(settings({}))
      )
    ),
    (context) => ({
      registry: Context.get(context, ListenerRegistry),
      instances: Context.get(context, InstanceStore),
      ledger: Context.get(context, GapLedger),
      log: Context.get(context, EventStore),
      bus: Context.get(context, EventBus)
    })
  )

/** Queues every state change from now on, so that a test can wait for one. */
export const hearing = (registry: typeof ListenerRegistry.Service) =>
  Effect.gen(function* () {
    const heard = yield* Queue.unbounded<{ name: InstanceName; state: ListenerState }>()
    const subscribed = yield* Deferred.make<void>()
    yield* registry.changes.pipe(
      Stream.onStart(Deferred.succeed(subscribed, undefined)),
      Stream.runForEach((change) => Queue.offer(heard, change)),
      Effect.forkScoped
    )
    yield* Deferred.await(subscribed)
    yield* Effect.yieldNow()
    /** Waits for the instance's next change to this state; drops all changes before it. */
    const until = (name: InstanceName, tag: ListenerState["_tag"]): Effect.Effect<ListenerState> =>
      Effect.flatMap(Queue.take(heard), (change) =>
        change.name === name && change.state._tag === tag
          ? Effect.succeed(change.state)
          : until(name, tag)
      )
    return { heard, until }
  })
