/**
 * Deletes what is too old, or all of one instance, in batches that hold up nobody. The log is walked by
 * its primary key: it needs no index on a time, and an instance has its own. Who reads the log is told
 * what is no more there, by way of the bus, before it goes.
 */
import { SqlClient, type SqlError } from "@effect/sql"
import { Clock, Context, DateTime, Duration, Effect, Layer, Metric } from "effect"
import { EventBus } from "./EventBus.ts"
import { statements, type Table } from "./Purge/Statements.ts"

/** Whose rows: one instance's, or of all that are covered; `""` stands for what belongs to none. */
export type Whose =
  | { readonly instance: string }
  | { readonly covers: (instance: string) => boolean; readonly names: ReadonlyArray<string> }

export interface Purged {
  readonly events: number
  readonly quarantine: number
  readonly gaps: number
  /** By instance, how many of its gaps had not been recovered. */
  readonly lost: ReadonlyMap<string, number>
}

export class Purge extends Context.Tag("evolution-listener/Purge")<
  Purge,
  {
    /** Events and quarantined ones received before a time, and gaps that ended before it. */
    readonly old: (whose: Whose, before: DateTime.Utc) => Effect.Effect<Purged, SqlError.SqlError>
    /** Audit rows of before a time. */
    readonly audit: (before: DateTime.Utc) => Effect.Effect<number, SqlError.SqlError>
    /** Everything of an instance, whatever its age; the audit keeps what was done to it. */
    readonly instance: (name: string) => Effect.Effect<Purged, SqlError.SqlError>
    /** The instances of which there is anything. */
    readonly names: Effect.Effect<ReadonlyArray<string>, SqlError.SqlError>
    /** Notes that no reader needs one by one become one. */
    readonly tidy: Effect.Effect<void, SqlError.SqlError>
  }
>() {
  static readonly layer = Layer.effect(
    Purge,
    Effect.suspend(() => make(1000))
  )
}

export const eventsPurged = Metric.counter("evolution_listener_events_purged")

/** How much longer than a batch the rest after it is. */
const restFactor = 4
const shortestRest = 10

/** `batch`: how many rows one statement looks at, and deletes at the most. */
export const make = (batch: number) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const bus = yield* EventBus
    const { ends, fold, isOldAt, look, names, noted, remove, removeGaps } = statements(sql)
    /** Up to here nothing is left for the rule of all instances, now or later. */
    const settled = new Map<Table, number>()

    for (const [instance, until] of yield* noted) bus.announcePurged(instance, until)

    /** Runs statements, then rests longer than they took. */
    const gently = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      Effect.gen(function* () {
        const begin = yield* Clock.currentTimeMillis
        const result = yield* effect
        const took = (yield* Clock.currentTimeMillis) - begin
        yield* Effect.sleep(Duration.millis(Math.max(shortestRest, restFactor * took)))
        return result
      })

    /**
     * An id at or after the first row that is too young. Rows are in the order of their times, but for
     * those of a clock that was wrong for a while; they are looked at one by one, and wait for their day.
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
        let after = instance === undefined ? (settled.get(table) ?? 0) : 0
        let [deleted, isSettled] = [0, instance === undefined]

        const step = Effect.gen(function* () {
          const shares = yield* look(table, { after, before, end, instance, size: batch })
          const last = Math.max(after, ...shares.map((share) => share.last))
          const ours = shares.filter((share) => covers(share.instance))
          const due = ours.filter(({ until }) => until !== null)
          if (table === "events")
            for (const share of due) bus.announcePurged(share.instance, share.until ?? 0)
          if (due.length > 0)
            deleted += yield* remove(
              table,
              { after, before, last },
              due.map((share) => share.instance)
            )
          isSettled &&= !ours.some(({ hasYoung }) => hasYoung)
          if (isSettled) settled.set(table, last)
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
      instance: (name) => purge({ instance: name }, null),
      names,
      tidy: Effect.map(fold, (folded) => bus.foldPurged(folded.map(({ instance }) => instance)))
    })
  })
