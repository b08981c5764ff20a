/**
 * Committed events, for readers inside this process. A reader is a cursor and not a queue: the newest
 * events are in a ring that all readers share, older ones are in the log. So a slow reader loses
 * nothing, holds up no other, and costs no memory.
 */
import type { SqlError } from "@effect/sql"
import { Cause, Chunk, Context, Effect, Layer, Option, type Scope, Stream } from "effect"
import { detailOf } from "../Domain/ErrorDetail.ts"
import { type LoggedEvent, toLogged } from "../Domain/Event.ts"
import { persistently } from "../Storage/Failure.ts"
import * as Purged from "./EventBus/Purged.ts"
import * as Ring from "./EventBus/Ring.ts"
import { type EventQuery, EventStore } from "./EventStore.ts"

export { deletedInstances } from "./EventBus/Purged.ts"

/** A reader that comes back, and has to know of events that were purged meanwhile. */
export interface Absentee {
  /** Says that the reader wants an instance's events. */
  readonly wants: (instance: string, server: string) => boolean
  /** Called once a purge, with the last id of wanted events that were purged before they were read. */
  readonly missed: (until: number) => Effect.Effect<void>
  /** Narrows what is read from the log; events out of memory are given whatever they are. */
  readonly query?: Pick<EventQuery, "events" | "instance" | "only" | "servers">
  /** Runs around each reading of a page of the log. */
  readonly turn?: <A, E>(read: Effect.Effect<A, E>) => Effect.Effect<A, E>
}

/** Called while the writer waits, so it has to be quick. What it throws is logged. */
export interface Watcher {
  /** Called with each batch, in order; with none, when events are passed over. A batch may be of several servers. */
  readonly published: (events: ReadonlyArray<LoggedEvent>) => void
  /** Called before the events in memory are forgotten. */
  readonly forgetting: () => void
}

export class EventBus extends Context.Tag("evolution-listener/EventBus")<
  EventBus,
  {
    /** Committed events, in the order of their ids. */
    readonly publish: (events: ReadonlyArray<LoggedEvent>) => Effect.Effect<void>
    /**
     * Every event after a cursor, without end and without repeat; the reader is told of a hole.
     * `"now"`: from this call on. Events from the log instead of the ring have their QR codes redacted.
     */
    readonly after: (cursor: number | "now", reader?: Absentee) => Stream.Stream<LoggedEvent>
    /** Calls the watcher with every published batch until the scope closes. */
    readonly watch: (watcher: Watcher) => Effect.Effect<void, never, Scope.Scope>
    /**
     * All events after a cursor, from memory, oldest first. Empty if no event has come after the cursor, or
     * if it `isLate`.
     */
    readonly recent: (cursor: number) => ReadonlyArray<LoggedEvent>
    /** The cursor of the newest event. */
    readonly newest: Effect.Effect<number>
    /** Says that the next event after a cursor has left memory and has to come from the log. */
    readonly isLate: (cursor: number) => boolean
    /** The last id at which an event of these instances has been purged from the log; 0: none was. */
    readonly purgedUntil: (wants: Absentee["wants"]) => number
    /** Tells readers that an instance's events up to an id leave the log; called before they do. */
    readonly announcePurged: (instance: string, id: number, server: string) => void
    /** Counts purged events of deleted instances as events of `deletedInstances` from here on. */
    readonly foldPurged: (instances: ReadonlyArray<string>, server: string) => void
    /** Drops the events in memory, so that readers take them from the log. */
    readonly forget: Effect.Effect<void>
    /** Goes on after an id: readers take the events up to it from the log, and are told if some were purged. */
    readonly skipTo: (id: number) => Effect.Effect<void>
    /** Says that the log has come as far as a cursor. Another process may have written what is not here yet. */
    readonly isReached: (cursor: number) => Effect.Effect<boolean>
    /** Reads what other processes purged until now; a page of the log that was read before misses no more. */
    readonly learnPurged: Effect.Effect<void, SqlError.SqlError>
    /** Until the scope closes, this process alone writes the events of a server. */
    readonly writes: (server: string) => Effect.Effect<void, never, Scope.Scope>
    /**
     * Says that this process wrote an event. Of the processes that share a log one did, so what is to happen once
     * for each event happens there.
     */
    readonly isOurs: (event: Pick<LoggedEvent, "id" | "server">) => boolean
  }
>() {
  /** The bus of the only process that writes the log; for several see `Log/Tail`. */
  static readonly layer = Layer.effect(
    EventBus,
    Effect.suspend(() => make(capacity))
  )
}

/** Events in memory. */
export const capacity = 16_384

/**
 * A reader that fell behind reads the log in pages: of at most so many events, and of so much text that the
 * event that crosses the bound is still read.
 */
const page = { limit: 500, bytes: 2 * 1024 * 1024 }

/** A reading looks at most at this many ids, so that one that finds nothing ends in time. */
const stretch = 250_000

/** The bus of the only process that writes the log. `learnPurged`: there are others, which purge. */
export const make = (
  capacity: number,
  learnPurged: EventBus["Type"]["learnPurged"] = Effect.void
) =>
  Effect.gen(function* () {
    const store = yield* EventStore
    const ring = Ring.make(capacity, yield* store.lastId)
    const purged = Purged.make()
    const sleepers = new Set<() => void>()
    const watchers = new Set<Watcher>()

    /** Calls every watcher, also when one throws. */
    const call = (tell: (watcher: Watcher) => void): Effect.Effect<void> => {
      const defects: Array<unknown> = []
      for (const watcher of watchers)
        try {
          tell(watcher)
        } catch (defect) {
          defects.push(defect)
        }
      return Effect.forEach(
        defects,
        (defect) => Effect.logError("A watcher of the event bus crashed", Cause.die(defect)),
        { discard: true }
      )
    }

    const next = (
      cursor: number,
      reader: Absentee | undefined
    ): Effect.Effect<ReadonlyArray<LoggedEvent>> =>
      Effect.suspend(() => {
        if (cursor < ring.horizon()) return fromLog(cursor, reader)
        if (cursor < ring.newest()) return Effect.succeed(ring.page(cursor))
        return Effect.zipRight(laterThan(cursor), next(cursor, reader))
      })

    /** Looks once more as it falls asleep, or it would miss events that came in between. */
    const laterThan = (cursor: number) =>
      Effect.async<void>((resume) => {
        const wake = () => resume(Effect.void)
        if (cursor < ring.newest()) return wake()
        sleepers.add(wake)
        return Effect.sync(() => sleepers.delete(wake))
      })

    const fromLog = (
      after: number,
      reader: Absentee | undefined
    ): Effect.Effect<ReadonlyArray<LoggedEvent>> => {
      const until = Math.min(ring.horizon(), after + stretch)
      const read = Effect.zipLeft(
        store.read({ ...reader?.query, ...page, after, until }),
        learnPurged
      )
      return (reader?.turn?.(read) ?? read).pipe(
        Effect.tapError((error) =>
          Effect.logWarning(`Cannot read the event log, trying again: ${detailOf(error)}`)
        ),
        persistently,
        // The log has none of these events, or none any more.
        Effect.flatMap((records) =>
          records.length === 0 ? next(until, reader) : Effect.succeed(records.map(toLogged))
        )
      )
    }

    /** One step of a reader that knows of purges up to `told`. */
    const step = (from: number, told: number, reader: Absentee | undefined) =>
      Effect.gen(function* () {
        const events = yield* next(from, reader)
        const until = reader !== undefined && from < ring.horizon() ? purged.until(reader.wants) : 0
        if (until > Math.max(from, told)) yield* reader?.missed(until) ?? Effect.void
        const state = [events.at(-1)?.id ?? from, Math.max(until, told)] as const
        return [Chunk.unsafeFromArray(events), Option.some(state)] as const
      })

    const tell = (events: ReadonlyArray<LoggedEvent>) => {
      for (const wake of sleepers) wake()
      sleepers.clear()
      return call((watcher) => watcher.published(events))
    }

    return EventBus.of({
      publish: (events) =>
        Effect.suspend(() => {
          ring.push(events)
          return tell(events)
        }),
      after: (cursor, reader) =>
        Stream.paginateChunkEffect(
          [cursor === "now" ? ring.newest() : cursor, 0] as readonly [number, number],
          ([from, told]) => step(from, told, reader)
        ),
      watch: (watcher) =>
        Effect.asVoid(
          Effect.acquireRelease(
            Effect.sync(() => watchers.add(watcher)),
            () => Effect.sync(() => watchers.delete(watcher))
          )
        ),
      recent: ring.recent,
      newest: Effect.sync(ring.newest),
      isLate: (cursor) => cursor < ring.horizon(),
      purgedUntil: purged.until,
      announcePurged: purged.announce,
      foldPurged: purged.fold,
      forget: Effect.suspend(() => {
        const reports = call((watcher) => watcher.forgetting())
        ring.clear(ring.newest())
        return reports
      }),
      skipTo: (id) =>
        Effect.suspend(() => {
          if (id <= ring.newest()) return Effect.void
          const reports = call((watcher) => watcher.forgetting())
          ring.clear(id)
          return Effect.zipRight(reports, tell([]))
        }),
      isReached: (cursor) => Effect.sync(() => cursor <= ring.newest()),
      learnPurged,
      writes: () => Effect.void,
      isOurs: () => true
    })
  })
