/** The ledger's rows as the database has them, and the heartbeat that bounds what a killed process leaves unknown. */
import { SqlClient, type SqlError } from "@effect/sql"
import { Array as Arr, Context, DateTime, Effect, Layer, type Option, Schema } from "effect"
import { type Gap, type LostReason, over } from "../Domain/Gap.ts"
import { Server } from "../Domain/Server.ts"
import { CurrentFence } from "../Domain/Tenure.ts"

/** Everything that Evolution emitted to us before `at` was heard and is committed. */
export interface Heartbeat {
  readonly at: DateTime.Utc
  /** The service that wrote it has stopped in good order since. */
  readonly stopped: boolean
}

export class GapStore extends Context.Tag("evolution-listener/GapStore")<
  GapStore,
  {
    /** Newest first. */
    readonly list: (
      instance: string,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Gap>, SqlError.SqlError>
    /** Gaps of existing instances that are open, or have a try left; oldest first. */
    readonly unfinished: Effect.Effect<ReadonlyArray<Gap>, SqlError.SqlError>
    /** Number of finished gaps that were not recovered, by existing instance. */
    readonly lost: Effect.Effect<ReadonlyArray<readonly [string, number]>, SqlError.SqlError>
    /** Existing instances whose messages were imported until they were known here, or are being. */
    readonly imported: Effect.Effect<ReadonlyArray<string>, SqlError.SqlError>
    /** The gap of an instance by its id; also a finished one. */
    readonly find: (
      instance: string,
      id: string
    ) => Effect.Effect<Option.Option<Gap>, SqlError.SqlError>
    /** The newest lost gaps of an instance for this reason. */
    readonly lostFor: (
      instance: string,
      reason: LostReason,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Gap>, SqlError.SqlError>
    /** The newest gaps of existing instances that a limit below this one ended; at most 1 000. */
    readonly limited: (below: number) => Effect.Effect<ReadonlyArray<Gap>, SqlError.SqlError>
    /** Writes the time of the heartbeat: one row for all instances, every few seconds. */
    readonly heartbeat: (at: DateTime.Utc) => Effect.Effect<void, SqlError.SqlError>
    /** Notes that the service stops in good order: every received event is committed. */
    readonly markStopped: Effect.Effect<void, SqlError.SqlError>
    readonly lastHeartbeat: Effect.Effect<Heartbeat | undefined, SqlError.SqlError>
  }
>() {
  static readonly layer = Layer.effect(
    GapStore,
    Effect.suspend(() => make)
  )
}

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const server = yield* Server
  const { epoch } = yield* CurrentFence
  /** Joins a gap with the instance that it is about, if that exists. */
  const existing = sql`gaps.server = ${server} and instances.server = ${server} and name = instance`
  return GapStore.of({
    list: (instance, limit) =>
      Effect.flatMap(
        sql<Row>`select * from gaps where server = ${server} and instance = ${instance} order by "from" desc limit ${limit}`,
        decode
      ),
    unfinished: Effect.flatMap(
      sql<Row>`
        select gaps.*
        from gaps join instances on ${existing}
          and (coalesce("to", now()) >= known_since or cause = 'import')
        where recovered is distinct from true
          and ("to" is null or recovered is null or retry_at is not null)
        order by "from"`,
      decode
    ),
    lost: Effect.map(
      sql<{ instance: string; count: number }>`
        select instance, count(*)::integer as count
        from gaps join instances on ${existing} and "to" >= known_since
        where recovered is distinct from true and recovered is not null and cause <> 'import'
          and "to" is not null and retry_at is null
        group by instance`,
      (rows) => rows.map(({ count, instance }) => [instance, count] as const)
    ),
    imported: Effect.map(
      sql<{ instance: string }>`
        select distinct instance
        from gaps join instances on ${existing} and "to" >= known_since
        where cause = 'import'`,
      (rows) => rows.map(({ instance }) => instance)
    ),
    find: (instance, id) =>
      Effect.map(
        Effect.flatMap(
          sql<Row>`select * from gaps where server = ${server} and instance = ${instance} and id = ${id}::uuid`,
          decode
        ),
        Arr.head
      ),
    lostFor: (instance, reason, limit) =>
      Effect.flatMap(
        sql<Row>`
          select gaps.*
          from gaps join instances on ${existing} and "to" >= known_since
          where instance = ${instance} and reason = ${reason}
          order by "from" desc limit ${limit}`,
        decode
      ),
    limited: (below) =>
      Effect.flatMap(
        sql<Row>`
          select gaps.*
          from gaps join instances on ${existing} and "to" >= known_since
          where reason = 'limit' and fetched < ${below} and quota is null
          order by "from" desc limit 1000`,
        decode
      ),
    heartbeat: (at) =>
      Effect.asVoid(sql`
        update servers set heard_at = ${DateTime.toDate(at)}, stopped = false
        where id = ${server} and epoch = ${epoch}`),
    markStopped: Effect.asVoid(
      sql`update servers set stopped = true where id = ${server} and epoch = ${epoch}`
    ),
    lastHeartbeat: Effect.map(
      sql<{ heard_at: Date | null; stopped: boolean }>`
        select heard_at, stopped from servers where id = ${server}`,
      ([row]) =>
        row?.heard_at == null
          ? undefined
          : { at: DateTime.unsafeFromDate(row.heard_at), stopped: row.stopped }
    )
  })
})

/** A column of another name than its field's. */
interface Row {
  readonly fetched_until: Date | null
  readonly retry_at: Date | null
  readonly clock_offset: unknown
  readonly quota: number | null
}

const decodeGaps = Schema.decodeUnknown(Schema.Array(over(Schema.DateTimeUtcFromDate)))

/** Only our own statements write these rows, so one that does not decode is a bug. */
const decode = (rows: ReadonlyArray<Row>) =>
  Effect.orDie(
    decodeGaps(
      rows.map(({ clock_offset, fetched_until, quota, retry_at, ...row }) => ({
        ...row,
        clockOffset: clock_offset,
        limit: quota,
        fetchedUntil: fetched_until,
        retryAt: retry_at
      }))
    )
  )
