/** Instances as a whole: the instance at Evolution, our listener for it, and the status of both. */
import type { SqlError } from "@effect/sql"
import { Context, DateTime, type Duration, Effect, Layer, type Option } from "effect"
import { toLogged } from "../Domain/Event.ts"
import {
  type EvolutionError,
  type EvolutionUnavailable,
  InstanceNotFound
} from "../Domain/EvolutionError.ts"
import * as Gap from "../Domain/Gap.ts"
import type { InstanceName, InstanceRecord } from "../Domain/Instance.ts"
import { type ListenerState, stopped } from "../Domain/ListenerState.ts"
import { Server } from "../Domain/Server.ts"
import { type InstanceStatus, statusOf } from "../Domain/Status.ts"
import { type Timeline, timelineOf } from "../Domain/Timeline.ts"
import { isAbsent } from "../Evolution/Absence.ts"
import { type CreateInput, EvolutionClient } from "../Evolution/EvolutionClient.ts"
import { Discovery } from "../Listening/Discovery.ts"
import { GapLedger } from "../Listening/GapLedger.ts"
import { ListenerRegistry } from "../Listening/ListenerRegistry.ts"
import { EventStore } from "../Log/EventStore.ts"
import { GapStore } from "../Log/GapStore.ts"
import { Ingest } from "../Log/Ingest.ts"
import { InstanceStore } from "../Log/InstanceStore.ts"
import * as Creation from "./Creation.ts"
import * as Fetching from "./Fetching.ts"
import * as Removal from "./Removal.ts"

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
    /** Fails with `InstanceNotFound` when neither this service nor Evolution has the instance. */
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
    ) => Effect.Effect<ReadonlyArray<Gap.Gap>, SqlError.SqlError>
    /**
     * Takes the verdict on a gap back, so that its messages are fetched again: at once while the instance is
     * listened to, else when it is. An open gap stays as it is. Gives the gap; none: there is no such gap.
     */
    readonly retryGap: (
      name: InstanceName,
      id: string
    ) => Effect.Effect<Option.Option<Gap.Gap>, InstanceNotFound | SqlError.SqlError>
    /**
     * Fetches messages that Evolution stored of a time before into the log, with the origin `import`: at once
     * while the instance is listened to, else when it is. Goes on after a restart of the service. Gives its
     * entry in the ledger; none: another import of the instance is not done yet.
     */
    readonly import: (
      name: InstanceName,
      wanted: {
        readonly from: DateTime.Utc
        /** `null`: now. */
        readonly to: DateTime.Utc | null
        /** The most messages; `null`: `BACKFILL_LIMIT`. */
        readonly limit: number | null
      }
    ) => Effect.Effect<Option.Option<Gap.Gap>, InstanceNotFound>
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

/** A caller of `start` waits this long for Evolution. */
const patience = "5 seconds"

/** Far more than a timeline of a few days can show. */
const maxGaps = 1000

const make = Effect.gen(function* () {
  const client = yield* EvolutionClient
  const store = yield* InstanceStore
  const registry = yield* ListenerRegistry
  const ledger = yield* GapLedger
  const gapStore = yield* GapStore
  const ingest = yield* Ingest
  const discovery = yield* Discovery
  const log = yield* EventStore
  const server = yield* Server
  const create = yield* Creation.make
  const { purge, remove } = yield* Removal.make
  const fetching = yield* Fetching.make

  const find = (name: InstanceName): Effect.Effect<InstanceRecord, InstanceNotFound> => {
    const record = store.get(name)
    return record === undefined ? InstanceNotFound.of(name) : Effect.succeed(record)
  }

  /** Only Evolution's own word that it has no such instance counts: without an answer, the start goes on. */
  const exists = (name: InstanceName): Effect.Effect<void, InstanceNotFound> =>
    Effect.suspend(() =>
      store.get(name) === undefined
        ? isAbsent(client, name).pipe(
            Effect.timeout(patience),
            Effect.orElseSucceed(() => false),
            Effect.flatMap((absent) => (absent ? InstanceNotFound.nowhere(name) : Effect.void))
          )
        : Effect.void
    )

  /** Gives a function from a record and its listener's state to the present status. */
  const judge = Effect.zipWith(
    ingest.degraded,
    DateTime.now,
    (degraded, now) =>
      (record: InstanceRecord, listener: ListenerState): InstanceStatus => {
        const facts = {
          listener,
          gaps: ledger.summary(record.name),
          degraded,
          lastEvent: store.lastEvent(record.name),
          ignoredEvents: discovery.ignored(record.name)
        }
        return { server, ...statusOf(record, facts, now) }
      }
  )

  const status = (name: InstanceName) =>
    Effect.gen(function* () {
      const judged = yield* judge
      return judged(yield* find(name), yield* registry.status(name))
    })

  return Instances.of({
    create: (input) => create(input, status(input.name)),
    remove,
    purge,
    // A deletion meanwhile makes it InstanceNotFound.
    start: (name) =>
      Effect.zipRight(exists(name), Effect.zipRight(registry.start(name), status(name))),
    stop: (name) => Effect.zipRight(registry.stop(name), status(name)),
    restart: (name) => Effect.zipRight(registry.restart(name), status(name)),
    status,
    gaps: gapStore.list,
    ...fetching,
    timeline: (name, lately) =>
      Effect.gen(function* () {
        const to = yield* DateTime.now
        const from = DateTime.subtractDuration(to, lately)
        const events = yield* log.stateChanges(name, from)
        const gaps = (yield* gapStore.list(name, maxGaps)).filter(
          (gap) => !Gap.isImport(gap) && (gap.to === null || DateTime.greaterThan(gap.to, from))
        )
        return timelineOf(events.map(toLogged), gaps.reverse(), { from, to })
      }),
    all: Effect.gen(function* () {
      const judged = yield* judge
      const listeners = new Map((yield* registry.all).map(({ name, state }) => [name, state]))
      return (yield* store.all).map((record) =>
        judged(record, listeners.get(record.name) ?? stopped(record.desiredAt))
      )
    })
  })
})
