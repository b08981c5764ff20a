/** The supervisor of the listeners: one fiber for each instance, its state, and the commands on it. */
import type { SqlError } from "@effect/sql"
import { Context, Duration, Effect, Fiber, Layer, PubSub, Queue, RcMap, Stream } from "effect"
import * as FairSemaphore from "../Concurrency/FairSemaphore.ts"
import * as StopPlan from "../Concurrency/StopPlan.ts"
import { EvolutionUnavailable, InstanceNotFound } from "../Domain/EvolutionError.ts"
import type { InstanceName } from "../Domain/Instance.ts"
import type { LinkError } from "../Domain/LinkError.ts"
import * as State from "../Domain/ListenerState.ts"
import { EventSource } from "../Evolution/EventSource.ts"
import { InstanceStore } from "../Log/InstanceStore.ts"
import * as Tracing from "../Telemetry/Tracing.ts"
import { GapLedger } from "./GapLedger.ts"
import * as Listeners from "./ListenerRegistry/Listeners.ts"
import { record } from "./ListenerRegistry/Record.ts"

export type StateChange = Listeners.StateChange

export class ListenerRegistry extends Context.Tag("evolution-listener/ListenerRegistry")<
  ListenerRegistry,
  {
    /** Listens to an instance from now on, across restarts too. Starting twice is harmless. */
    readonly start: (name: InstanceName) => Effect.Effect<void, SqlError.SqlError>
    /** Listens no more, until started again. Succeeds when the link is left. */
    readonly stop: (name: InstanceName) => Effect.Effect<void, InstanceNotFound | SqlError.SqlError>
    /**
     * Exchanges the link of a listening instance for a fresh one without missing an event; any other dials
     * at once, with the delays forgotten. Succeeds when the exchange or the first attempt has an outcome, or
     * after 5 s while it goes on. Fails with `EvolutionUnavailable` when the exchange fails: the old link
     * goes on.
     */
    readonly restart: (
      name: InstanceName
    ) => Effect.Effect<void, EvolutionUnavailable | InstanceNotFound | SqlError.SqlError>
    /** Stops, and drops the record of the instance; its events stay in the log. */
    readonly forget: (name: InstanceName) => Effect.Effect<void, SqlError.SqlError>
    readonly status: (name: InstanceName) => Effect.Effect<State.ListenerState, InstanceNotFound>
    readonly all: Effect.Effect<ReadonlyArray<StateChange>>
    /** Every change from now on. A reader that lags by more than 1 024 misses the oldest. */
    readonly changes: Stream.Stream<StateChange>
  }
>() {
  static readonly layer = Layer.scoped(
    ListenerRegistry,
    Effect.suspend(() => make)
  )
}

/** The most time that `restart` waits for an outcome. */
const restartTimeout = Duration.seconds(5)

const make = Effect.gen(function* () {
  const instances = yield* InstanceStore
  const ledger = yield* GapLedger
  const source = yield* EventSource
  const listeners = yield* Listeners.make
  const { changes, states } = listeners
  const scope = yield* Effect.scope
  yield* record(yield* PubSub.subscribe(changes))
  yield* Effect.addFinalizer(() => quiesce(source, listeners))
  const locks = yield* RcMap.make({
    lookup: (_: InstanceName) => Effect.sync(() => FairSemaphore.make(1))
  })

  /** Commands on one instance run one after another: a start and a stop of it cannot cross. */
  const command =
    (action: string, name: InstanceName) =>
    <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
      RcMap.get(locks, name).pipe(
        Effect.flatMap(({ withPermit }) => withPermit(effect)),
        Effect.scoped,
        Tracing.command(`listener.${action}`, name)
      )

  const known = (name: InstanceName) =>
    Effect.suspend(() =>
      instances.get(name) === undefined ? InstanceNotFound.of(name) : Effect.void
    )

  const leave = (name: InstanceName) =>
    Listeners.end(listeners, name).pipe(
      Effect.zipRight(ledger.close(name)),
      Effect.zipRight(Listeners.reportStopped(listeners, name))
    )

  /** An open gap goes on: events stay missing until the new link is up. */
  const redial = (name: InstanceName) =>
    Effect.zipRight(Listeners.end(listeners, name), Listeners.start(listeners, name))

  const renew = (name: InstanceName) =>
    source.renew(name).pipe(
      Effect.tapError(({ message }) => Effect.logWarning(`Goes on with the old link: ${message}`)),
      Effect.mapError((error) => notRenewed(name, error))
    )

  /** Begins a restart; succeeds with an effect that waits for its outcome. */
  const beginRestart = (name: InstanceName, changed: Queue.Dequeue<StateChange>) =>
    Effect.suspend(() =>
      states.get(name)?._tag === "Listening"
        ? Effect.map(Effect.forkIn(renew(name), scope), Fiber.join)
        : Effect.as(redial(name), firstOutcome(name, changed))
    )

  for (const { desired, desiredAt, name } of yield* instances.all) {
    if (desired === "listening") yield* Listeners.start(listeners, name)
    else states.set(name, State.stopped(desiredAt))
  }

  return ListenerRegistry.of({
    start: (name) =>
      instances
        .desire(name, "listening")
        .pipe(Effect.zipRight(Listeners.start(listeners, name)), command("start", name)),
    stop: (name) =>
      known(name).pipe(
        Effect.zipRight(instances.desire(name, "stopped")),
        Effect.zipRight(leave(name)),
        command("stop", name)
      ),
    restart: (name) =>
      Effect.flatMap(PubSub.subscribe(changes), (changed) =>
        known(name).pipe(
          Effect.zipRight(instances.desire(name, "listening")),
          Effect.zipRight(beginRestart(name, changed)),
          command("restart", name),
          Effect.flatMap(Effect.timeoutOption(restartTimeout))
        )
      ).pipe(Effect.scoped),
    forget: (name) =>
      leave(name).pipe(
        Effect.zipRight(ledger.forget(name)),
        Effect.zipRight(instances.forget(name)),
        Effect.zipRight(Effect.sync(() => states.delete(name))),
        command("forget", name)
      ),
    status: (name) =>
      Effect.suspend(() => {
        const state = states.get(name)
        if (state !== undefined) return Effect.succeed(state)
        // An instance that was found at Evolution, and that nobody has started.
        const record = instances.get(name)
        return record === undefined
          ? InstanceNotFound.of(name)
          : Effect.succeed(State.stopped(record.desiredAt))
      }),
    all: Effect.sync(() => [...states].map(([name, state]) => ({ name, state }))),
    changes: Stream.fromPubSub(changes)
  })
})

/** A listener on a link ends by itself once it has handed over the received events. */
const quiesce = (source: EventSource["Type"], { fibers, states }: Listeners.Listeners) =>
  Effect.gen(function* () {
    yield* source.quiesce
    for (const [name, fiber] of fibers)
      if (states.get(name)?._tag === "Listening") yield* Fiber.await(fiber)
  }).pipe(StopPlan.within("listeners"))

/** Waits until the first attempt has an outcome: the link is up, or Evolution refused it. */
const firstOutcome = (
  name: InstanceName,
  changed: Queue.Dequeue<StateChange>
): Effect.Effect<void> =>
  Effect.flatMap(Queue.take(changed), (change) =>
    change.name === name && State.hasOutcome(change.state)
      ? Effect.void
      : firstOutcome(name, changed)
  )

const notRenewed = (name: InstanceName, error: LinkError) =>
  new EvolutionUnavailable({
    message: `Cannot restart "${name}" on a fresh link, the old one goes on: ${error.message}`,
    status: error._tag === "UpgradeRefused" ? error.status : null
  })
