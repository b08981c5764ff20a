/** Instances as a whole: the instance at Evolution, our listener for it, and the status of both. */
import type { SqlError } from "@effect/sql"
import { Context, DateTime, Duration, Effect, Either, Fiber, Layer, Stream } from "effect"
import { toLogged } from "../Domain/Event.ts"
import {
  type EvolutionError,
  type EvolutionUnavailable,
  InstanceExists,
  InstanceNotFound
} from "../Domain/EvolutionError.ts"
import type { Gap } from "../Domain/Gap.ts"
import type { InstanceName, InstanceRecord } from "../Domain/Instance.ts"
import type { ListenerState } from "../Domain/ListenerState.ts"
import { type InstanceStatus, statusOf } from "../Domain/Status.ts"
import { type Timeline, timelineOf } from "../Domain/Timeline.ts"
import { type CreateInput, EvolutionClient } from "../Evolution/EvolutionClient.ts"
import { GapLedger } from "../Listening/GapLedger.ts"
import { ListenerRegistry } from "../Listening/ListenerRegistry.ts"
import { Recovery } from "../Listening/Recovery.ts"
import { EventBus } from "../Log/EventBus.ts"
import { EventStore } from "../Log/EventStore.ts"
import { GapStore } from "../Log/GapStore.ts"
import { Ingest } from "../Log/Ingest.ts"
import { InstanceStore } from "../Log/InstanceStore.ts"
import * as Tracing from "../Telemetry/Tracing.ts"
import * as Erasure from "./Erasure.ts"

type Command<E = never> = (
  name: InstanceName
) => Effect.Effect<InstanceStatus, E | InstanceNotFound | SqlError.SqlError>

export class Instances extends Context.Tag("evolution-listener/Instances")<
  Instances,
  {
    /**
     * Creates the instance at Evolution. Its listener starts first, so that not even the first QR code is
     * lost. If Evolution refuses, everything is as before.
     */
    readonly create: (
      input: CreateInput
    ) => Effect.Effect<InstanceStatus, EvolutionError | SqlError.SqlError>
    /** Deletes the instance at Evolution, takes in its last events, and forgets it. */
    readonly remove: (name: InstanceName) => Effect.Effect<void, EvolutionError | SqlError.SqlError>
    /**
     * As `remove`, and erases the events, quarantined events and gaps of this name; also those of an
     * instance that was deleted before.
     */
    readonly purge: (name: InstanceName) => Effect.Effect<void, EvolutionError | SqlError.SqlError>
    readonly start: Command
    readonly stop: Command
    /** Fails with `EvolutionUnavailable` when the link cannot be exchanged: the old one goes on. */
    readonly restart: Command<EvolutionUnavailable>
    readonly status: (name: InstanceName) => Effect.Effect<InstanceStatus, InstanceNotFound>
    /** The statuses of all instances, sorted by name. */
    readonly all: Effect.Effect<ReadonlyArray<InstanceStatus>>
    /** The gaps of an instance, newest first; those of a deleted instance stay. */
    readonly gaps: (
      name: InstanceName,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Gap>, SqlError.SqlError>
    /** The history of an instance over the latest stretch of time; also of a deleted instance. */
    readonly timeline: (
      name: InstanceName,
      lately: Duration.Duration
    ) => Effect.Effect<Timeline, SqlError.SqlError>
  }
>() {
  static readonly layer = Layer.scoped(
    Instances,
    Effect.suspend(() => make)
  )
}

/** `create` waits this long for its listener, and then creates the instance without it. */
const linkTimeout = Duration.seconds(5)
/** `remove` waits this long for Evolution's clean-up, which comes after its answer. */
const farewellTimeout = Duration.seconds(3)

/** Far more than a timeline of a few days can show. */
const maxGaps = 1000

const make = Effect.gen(function* () {
  const client = yield* EvolutionClient
  const store = yield* InstanceStore
  const registry = yield* ListenerRegistry
  const ledger = yield* GapLedger
  const gapStore = yield* GapStore
  const ingest = yield* Ingest
  const recovery = yield* Recovery
  const bus = yield* EventBus
  const log = yield* EventStore
  const erase = yield* Erasure.make
  const scope = yield* Effect.scope
  const creating = new Set<InstanceName>()

  const find = (name: InstanceName): Effect.Effect<InstanceRecord, InstanceNotFound> => {
    const record = store.get(name)
    return record === undefined ? InstanceNotFound.of(name) : Effect.succeed(record)
  }

  /** Gives a function from a record and its listener's state to the present status. */
  const judge = Effect.zipWith(
    ingest.degraded,
    DateTime.now,
    (degraded, now) => (record: InstanceRecord, listener: ListenerState) =>
      statusOf(
        record,
        {
          listener,
          gaps: ledger.summary(record.name),
          degraded,
          lastEvent: store.lastEvent(record.name)
        },
        now
      )
  )

  const status = (name: InstanceName) =>
    Effect.gen(function* () {
      const judged = yield* judge
      return judged(yield* find(name), yield* registry.status(name))
    })

  /** Waits until the first attempt to listen has an outcome. */
  const linked = (name: InstanceName) =>
    Stream.filter(registry.changes, (change) => change.name === name).pipe(
      // A change before the subscription is missed, so the state is read once a second, too.
      Stream.merge(Stream.tick("1 second")),
      Stream.mapEffect(() => registry.status(name)),
      Stream.takeUntil(hasOutcome),
      Stream.runDrain,
      Effect.timeoutOption(linkTimeout)
    )

  const look = (name: InstanceName) =>
    Effect.catchAll(recovery.snapshot(name), (error) =>
      Effect.logDebug(`Cannot look at "${name}": ${error.message}`)
    )

  /** Runs one creation of a name at a time: two would both pass Evolution's check, and the loser would delete. */
  const alone = <A, E, R>(name: InstanceName, effect: Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      Effect.suspend(() =>
        creating.has(name)
          ? new InstanceExists({ message: `Instance "${name}" is being created`, instance: name })
          : Effect.succeed(creating.add(name))
      ),
      () => effect,
      () => Effect.sync(() => creating.delete(name))
    )

  /** True if Evolution created the instance although its answer did not arrive. */
  const createdAllTheSame = (error: EvolutionError, name: InstanceName) =>
    error._tag === "EvolutionUnavailable"
      ? Effect.isSuccess(client.connectionState(name))
      : Effect.succeed(false)

  /** Restores the earlier wish for the instance. */
  const undo = (name: InstanceName, before: InstanceRecord | undefined) =>
    before === undefined
      ? registry.forget(name)
      : before.desired === "stopped"
        ? Effect.zipRight(registry.stop(name), store.desire(name, "stopped", before.desiredAt))
        : Effect.void

  const remove = (name: InstanceName) =>
    Effect.gen(function* () {
      const farewell = yield* bus.after("now").pipe(
        Stream.filter((event) => event.instance === name && event.event === "remove.instance"),
        Stream.take(1),
        Stream.runDrain,
        Effect.timeoutOption(farewellTimeout),
        Effect.fork
      )
      yield* Effect.catchTag(client.delete(name), "InstanceNotFound", (error) =>
        store.get(name) === undefined ? error : Fiber.interrupt(farewell)
      )
      if (store.get(name)?.desired === "listening") yield* Fiber.await(farewell)
      yield* registry.forget(name)
    })

  return Instances.of({
    create: (input) =>
      alone(
        input.name,
        Effect.gen(function* () {
          const before = store.get(input.name)
          yield* registry.start(input.name)
          yield* linked(input.name)
          yield* Effect.tapError(client.create(input), (error) =>
            Effect.unlessEffect(
              Effect.ignoreLogged(undo(input.name, before)),
              createdAllTheSame(error, input.name)
            )
          )
          // Without a phone to link, an instance is open at once, and no event tells it.
          if (input.integration !== "WHATSAPP-BAILEYS")
            yield* Effect.forkIn(look(input.name), scope)
          return yield* status(input.name)
        })
      ).pipe(
        Tracing.command("instance.create", input.name),
        // A caller who hangs up must not leave a half-created instance.
        Effect.forkIn(scope),
        Effect.flatMap(Fiber.join)
      ),
    remove: (name) => Tracing.command("instance.remove", name)(remove(name)),
    purge: (name) =>
      Effect.gen(function* () {
        const removed = yield* Effect.either(remove(name))
        if (Either.isLeft(removed) && removed.left._tag !== "InstanceNotFound")
          return yield* removed
        if ((yield* erase(name)) === 0) return yield* removed
      }).pipe(
        Tracing.command("instance.purge", name),
        // A caller who hangs up must not leave a half-erased instance.
        Effect.forkIn(scope),
        Effect.flatMap(Fiber.join)
      ),
    // A deletion meanwhile makes it InstanceNotFound.
    start: (name) => Effect.zipRight(registry.start(name), status(name)),
    stop: (name) => Effect.zipRight(registry.stop(name), status(name)),
    restart: (name) => Effect.zipRight(registry.restart(name), status(name)),
    status,
    gaps: gapStore.list,
    timeline: (name, lately) =>
      Effect.gen(function* () {
        const to = yield* DateTime.now
        const from = DateTime.subtractDuration(to, lately)
        const events = yield* log.stateChanges(name, from)
        const gaps = (yield* gapStore.list(name, maxGaps)).filter(
          (gap) => gap.to === null || DateTime.greaterThan(gap.to, from)
        )
        return timelineOf(events.map(toLogged), gaps.reverse(), { from, to })
      }),
    all: Effect.gen(function* () {
      const judged = yield* judge
      const listeners = new Map((yield* registry.all).map(({ name, state }) => [name, state]))
      return (yield* store.all).flatMap((record) => {
        const listener = listeners.get(record.name)
        return listener === undefined ? [] : [judged(record, listener)]
      })
    })
  })
})

const hasOutcome = (state: ListenerState): boolean =>
  state._tag !== "Stopped" && (state._tag !== "Connecting" || state.error !== null)
