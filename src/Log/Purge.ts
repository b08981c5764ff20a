/**
 * Deletes old rows, or all rows of one instance, in batches that hold up no other statement. It walks
 * the log by its primary key, so a time needs no index; an instance has its own. Readers of the log learn
 * from the bus what is purged before it is deleted; those of other processes, from the row that is written with it.
 */
import { SqlClient, type SqlError } from "@effect/sql"
import { Clock, Context, DateTime, Duration, Effect, Layer, Metric } from "effect"
import { Server } from "../Domain/Server.ts"
import { CurrentFence } from "../Domain/Tenure.ts"
import { Notices } from "../Storage/Notices.ts"
import { ownedBy } from "./Admission.ts"
import { EventBus } from "./EventBus.ts"
import { statements, type Table } from "./Purge/Statements.ts"

/** Rows of one instance, or of all covered instances; `""` stands for rows without an instance. */
export type Whose =
  | { readonly instance: string }
  | { readonly covers: (instance: string) => boolean; readonly names: ReadonlyArray<string> }

export interface Purged {
  readonly events: number
  readonly quarantine: number
  readonly gaps: number
  /** Purged gaps that had not been recovered, by instance. */
  readonly lost: ReadonlyMap<string, number>
}

export class Purge extends Context.Tag("evolution-listener/Purge")<
  Purge,
  {
    /** Deletes events and quarantine rows received before a time, and gaps that ended before it. */
    readonly old: (whose: Whose, before: DateTime.Utc) => Effect.Effect<Purged, SqlError.SqlError>
    /** Deletes audit rows from before a time. */
    readonly audit: (before: DateTime.Utc) => Effect.Effect<number, SqlError.SqlError>
    /** Deletes all rows of an instance but its audit. */
    readonly instance: (name: string) => Effect.Effect<Purged, SqlError.SqlError>
    /** Instances that have rows. */
    readonly names: Effect.Effect<ReadonlyArray<string>, SqlError.SqlError>
    /** Folds the purge notes of deleted instances into one. */
    readonly tidy: Effect.Effect<void, SqlError.SqlError>
  }
>() {
  static readonly layer = Layer.effect(
    Purge,
    Effect.suspend(() => make(1000))
  )
}

export const eventsPurged = Metric.counter("evolution_listener_events_purged")

/** The pause after a batch, as a multiple of its time. */
const restFactor = 4
const shortestRest = 10

/** `batch`: the number of rows that one statement reads, and deletes at most. */
export const make = (batch: number) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const bus = yield* EventBus
    const server = yield* Server
    const notices = yield* Notices
    const { epoch } = yield* CurrentFence
    const { ends, fold, isOldAt, look, names, noted, remove, removeDeliveries, removeGaps } =
      statements(sql, server, ownedBy(sql, server, epoch))
    /** Rows up to this id need no second look: the rule of all instances has left none that may age. */
    const walkedTo = new Map<Table, number>()

    for (const [instance, until] of yield* noted) bus.announcePurged(instance, until, server)

    /** Runs statements, then pauses longer than they took. */
    const gently = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      Effect.gen(function* () {
        const begin = yield* Clock.currentTimeMillis
        const result = yield* effect
        const took = (yield* Clock.currentTimeMillis) - begin
        yield* Effect.sleep(Duration.millis(Math.max(shortestRest, restFactor * took)))
        return result
      })

    /**
     * An id at or after the first row that is too young. Rows are in the order of their times, unless a
     * clock was wrong for a while; each row's own time is compared before it is deleted.
     */
    const endOf = (table: Table, before: Date | null) =>
      Effect.gen(function* () {
        const { first, last } = yield* ends(table)
        let [old, young] = [first - 1, last + 1]
        while (before !== null && young - old > batch) {
          const middle = Math.floor((old + young) / 2)
          if (yield* isOldAt(table, middle, before)) old = middle
          else young = middle
        }
        return young
      })

    const walk = (table: Table, whose: Whose, before: Date | null) =>
      Effect.gen(function* () {
        const instance = "instance" in whose ? whose.instance : undefined
        const covers = "covers" in whose ? whose.covers : () => true
        const end = yield* endOf(table, before)
        let after = instance === undefined ? (walkedTo.get(table) ?? 0) : 0
        let [deleted, hasOldOnly] = [0, instance === undefined]

        const step = Effect.gen(function* () {
          const shares = yield* look(table, { after, before, end, instance, size: batch })
          const last = Math.max(after, ...shares.map((share) => share.last))
          const ours = shares.filter((share) => covers(share.instance))
          const due = ours.filter(({ until }) => until !== null)
          if (table === "events")
            for (const share of due) bus.announcePurged(share.instance, share.until ?? 0, server)
          if (due.length > 0) {
            deleted += yield* remove(
              table,
              { after, before, last },
              due.map((share) => share.instance)
            )
            if (table === "events") yield* notices.send("purges")
          }
          hasOldOnly &&= !ours.some(({ hasYoung }) => hasYoung)
          if (hasOldOnly) walkedTo.set(table, last)
          after = last
          return shares.length > 0
        })
        yield* Effect.repeat(gently(step), { while: (more) => more })
        return deleted
      })

    const walkGaps = (whose: Whose, before: Date | null) =>
      Effect.gen(function* () {
        const instances = "instance" in whose ? [whose.instance] : whose.names.filter(whose.covers)
        const lost = new Map<string, number>()
        if (instances.length === 0) return { gaps: 0, lost }
        let gaps = 0
        const step = Effect.map(removeGaps(instances, before, batch), (rows) => {
          for (const row of rows) {
            gaps += row.count
            lost.set(row.instance, row.lost + (lost.get(row.instance) ?? 0))
          }
          return rows.length > 0
        })
        yield* Effect.repeat(gently(step), { while: (more) => more })
        return { gaps, lost }
      })

    const purge = (whose: Whose, before: Date | null) =>
      Effect.gen(function* () {
        const events = yield* walk("events", whose, before)
        yield* Metric.incrementBy(eventsPurged, events)
        const quarantine = yield* walk("quarantine", whose, before)
        return { events, quarantine, ...(yield* walkGaps(whose, before)) }
      })

    return Purge.of({
      old: (whose, before) => purge(whose, DateTime.toDate(before)),
      audit: (before) => walk("audit", { covers: () => true, names: [] }, DateTime.toDate(before)),
      instance: (name) =>
        Effect.zipLeft(purge({ instance: name }, null), gently(removeDeliveries(name))),
      names,
      tidy: Effect.tap(
        Effect.map(fold, (folded) =>
          bus.foldPurged(
            folded.map(({ instance }) => instance),
            server
          )
        ),
        notices.send("purges")
      )
    })
  })
