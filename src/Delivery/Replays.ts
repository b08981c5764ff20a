/** Replays: events of the log that are sent to an endpoint once more. The rows; the engine sends. */
import { randomUUID } from "node:crypto"
import { SqlClient, type SqlError } from "@effect/sql"
import { Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { EndpointRefused, type Filter, Replay, ReplayNotFound } from "../Domain/Endpoint.ts"
import * as Place from "./Endpoints/Place.ts"
import { Endpoints } from "./Endpoints.ts"

/** A cursor, or the time of reception. */
export type Point = { readonly cursor: number } | { readonly time: DateTime.Utc }

export interface ReplayWanted extends Pick<Filter, "events" | "instances"> {
  /** Events after this cursor, or received at this time or later. */
  readonly from: Point
  /** Events up to this cursor, or received at this time or before; the newest one of now if absent. */
  readonly to?: Point | undefined
}

export class Replays extends Context.Tag("evolution-listener/Replays")<
  Replays,
  {
    readonly create: (
      endpoint: string,
      wanted: ReplayWanted
    ) => Effect.Effect<Replay, EndpointRefused | SqlError.SqlError>
    /** Newest first; the last hundred. */
    readonly list: (endpoint: string) => Effect.Effect<ReadonlyArray<Replay>, SqlError.SqlError>
    /** Those of all endpoints that are to be sent, oldest first. */
    readonly running: Effect.Effect<ReadonlyArray<Replay>, SqlError.SqlError>
    /** Ends a replay that runs; what it has sent stays sent. One that has ended is given as it is. */
    readonly cancel: (
      endpoint: string,
      id: string
    ) => Effect.Effect<Replay, ReplayNotFound | SqlError.SqlError>
    /** It came to its end. */
    readonly finish: (id: string) => Effect.Effect<void, SqlError.SqlError>
  }
>() {
  static readonly layer = Layer.effect(
    Replays,
    Effect.suspend(() => make)
  )
}

/** Replays of one endpoint that run at the same time. */
const mostRunning = 10
const mostListed = 100

const Row = Schema.Struct({
  id: Replay.fields.id,
  endpoint: Replay.fields.endpoint,
  after: Schema.NumberFromString,
  until: Schema.NumberFromString,
  filter: Replay.fields.filter,
  state: Replay.fields.state,
  created_at: Schema.DateTimeUtcFromDate,
  finished_at: Schema.NullOr(Schema.DateTimeUtcFromDate)
})
const decode = Schema.decodeUnknownSync(Row)

const replayOf = (row: unknown): Replay => {
  const { created_at: createdAt, finished_at: finishedAt, ...replay } = decode(row)
  return { ...replay, createdAt, finishedAt }
}

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const { touch } = yield* Endpoints

  const afterOf = (point: Point) =>
    "cursor" in point ? Effect.succeed(point.cursor) : Place.before(sql, point.time)
  const untilOf = (point: Point) =>
    "cursor" in point
      ? Effect.succeed(point.cursor)
      : // Milliseconds are as fine as times are told.
        Place.before(sql, DateTime.add(point.time, { millis: 1 }))

  /** The feed of a replay that is over has no place any more. */
  const end = (state: "cancelled" | "finished", id: string) =>
    Effect.gen(function* () {
      const at = DateTime.toDate(yield* DateTime.now)
      const rows = yield* sql`
        with cursors as (delete from endpoint_cursors where feed = ${id} and feed <> endpoint),
          lanes as (delete from endpoint_lanes where feed = ${id} and feed <> endpoint)
        update endpoint_replays set state = ${state}, finished_at = ${at}
        where id = ${id} and state = 'running' returning *`
      if (rows.length > 0) yield* touch
      return Option.map(Option.fromNullable(rows[0]), replayOf)
    })

  return Replays.of({
    create: (endpoint, { events, from, instances, to }) =>
      Effect.gen(function* () {
        const newest = yield* Place.newest(sql)
        const after = yield* afterOf(from)
        const until = Math.min(newest, to === undefined ? newest : yield* untilOf(to))
        if (after >= until)
          return yield* new EndpointRefused({
            message: `from: There is no event after ${after} up to ${until}`
          })
        const filter = {
          ...(instances === undefined ? {} : { instances }),
          ...(events === undefined ? {} : { events })
        }
        const at = DateTime.toDate(yield* DateTime.now)
        const rows = yield* sql`
          insert into endpoint_replays (id, endpoint, after, until, filter, state, created_at)
          select ${randomUUID()}::uuid, ${endpoint}::uuid, ${after}::bigint, ${until}::bigint,
            ${JSON.stringify(filter)}::jsonb, 'running', ${at}::timestamptz
          where (select count(*) from endpoint_replays where endpoint = ${endpoint} and state = 'running')
            < ${mostRunning}
          returning *`
        const [row] = rows
        if (row === undefined)
          return yield* new EndpointRefused({
            message: `There are ${mostRunning} replays that run, which is the most: cancel one, or wait`
          })
        yield* touch
        return replayOf(row)
      }),
    list: (endpoint) =>
      Effect.map(
        sql`
          select * from endpoint_replays where endpoint = ${endpoint}
          order by created_at desc, id limit ${mostListed}`,
        (rows) => rows.map(replayOf)
      ),
    running: Effect.map(
      sql`select * from endpoint_replays where state = 'running' order by created_at, id`,
      (rows) => rows.map(replayOf)
    ),
    cancel: (endpoint, id) =>
      Effect.gen(function* () {
        const [row] = yield* sql`
          select * from endpoint_replays where id = ${id} and endpoint = ${endpoint}`
        if (row === undefined) return yield* ReplayNotFound.of(id)
        return Option.getOrElse(yield* end("cancelled", id), () => replayOf(row))
      }),
    finish: (id) => Effect.asVoid(end("finished", id))
  })
})
