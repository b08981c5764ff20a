/** Instances as a whole: the one at Evolution, our listener for it, and what both tell. */
import type { SqlError } from "@effect/sql"
import { Context, DateTime, Duration, Effect, Either, Fiber, Layer, Schedule, Stream } from "effect"
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
     * Creates the instance at Evolution with a listener that is there first, so that not even the
     * first QR code is lost. When Evolution says no, everything is as before.
     */
    readonly create: (
      input: CreateInput
    ) => Effect.Effect<InstanceStatus, EvolutionError | SqlError.SqlError>
    /** Deletes the instance at Evolution, hears its last events, and forgets it. */
    readonly remove: (name: InstanceName) => Effect.Effect<void, EvolutionError | SqlError.SqlError>
    /**
     * As `remove`, and erases the events, quarantined events and gaps of this name, those of an
     * instance that was deleted before, too.
     */
    readonly purge: (name: InstanceName) => Effect.Effect<void, EvolutionError | SqlError.SqlError>
    readonly start: Command
    readonly stop: Command
    /** Fails with `EvolutionUnavailable` when the link cannot be exchanged: the old one goes on. */
    readonly restart: Command<EvolutionUnavailable>
    readonly status: (name: InstanceName) => Effect.Effect<InstanceStatus, InstanceNotFound>
    /** By name. */
    readonly all: Effect.Effect<ReadonlyArray<InstanceStatus>>
    /** The ledger's newest entries, newest first; those of a deleted instance stay. */
    readonly gaps: (
      name: InstanceName,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Gap>, SqlError.SqlError>
    /** What became of it lately; of a deleted instance, too. */
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

/** How long `create` waits for its listener; after that it creates the instance all the same. */
const linkTimeout = Duration.seconds(5)
/** How long `remove` waits for Evolution's clean-up, which comes after its answer. */
const farewellTimeout = Duration.seconds(3)

/** Far more than a picture of a few days can show. */
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

  /** What is so now, of an instance and its listener. */
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

  /** Waits until the first attempt has an outcome. */
  const linked = (name: InstanceName) =>
    Effect.repeat(registry.status(name), {
      until: hasOutcome,
      schedule: Schedule.spaced("20 millis")
    }).pipe(Effect.timeoutOption(linkTimeout))

  const look = (name: InstanceName) =>
    Effect.catchAll(recovery.snapshot(name), (error) =>
      Effect.logDebug(`Cannot look at "${name}": ${error.message}`)
    )

  /** Two creations of one name at once would both pass Evolution's check, and the loser deletes. */
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

  /** Evolution may have created the instance and not been able to say so. */
  const createdAllTheSame = (error: EvolutionError, name: InstanceName) =>
    error._tag === "EvolutionUnavailable"
      ? Effect.isSuccess(client.connectionState(name))
      : Effect.succeed(false)

  /** Back to what was wanted of the instance before. */
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
          // Without a phone to link, an instance is open at once, and no event says so.
          if (input.integration !== "WHATSAPP-BAILEYS")
            yield* Effect.forkIn(look(input.name), scope)
          return yield* status(input.name)
        })
      ).pipe(
        Tracing.command("instance.create", input.name),
        // Half-created is worse than late: a caller who hangs up does not stop it.
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
        // Half-erased is worse than late.
        Effect.forkIn(scope),
        Effect.flatMap(Fiber.join)
      ),
    start: (name) => Effect.zipRight(registry.start(name), Effect.orDie(status(name))),
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
