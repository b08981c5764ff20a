/** How far the endpoints have come, as the database has it: every replica can tell. */
import { SqlClient, type SqlError } from "@effect/sql"
import { Context, DateTime, Effect, Layer } from "effect"
import type { Attempt, Endpoint, EndpointStatus, Lane, Undelivered } from "../Domain/Endpoint.ts"
import { Endpoints } from "./Endpoints.ts"
import * as LogIdentity from "./LogIdentity.ts"
import * as Rows from "./Standing/Rows.ts"

interface Page {
  readonly before?: number | undefined
  readonly limit: number
}

export class Standing extends Context.Tag("evolution-listener/Standing")<
  Standing,
  {
    /** Tells this log from others: a part of each message's id. */
    readonly logId: Effect.Effect<string, SqlError.SqlError>
    /** Of all endpoints, by id. */
    readonly statuses: Effect.Effect<(endpoint: string) => EndpointStatus, SqlError.SqlError>
    readonly status: (endpoint: string) => Effect.Effect<EndpointStatus, SqlError.SqlError>
    /** Failing ones first, then those that are behind. */
    readonly lanes: (
      endpoint: Endpoint,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Lane>, SqlError.SqlError>
    /** Newest first; `before`: only those with a lower id. */
    readonly attempts: (
      endpoint: string,
      page: Page
    ) => Effect.Effect<ReadonlyArray<Attempt>, SqlError.SqlError>
    /** Newest events first; `before`: only those with a lower cursor. */
    readonly undelivered: (
      endpoint: string,
      page: Page
    ) => Effect.Effect<ReadonlyArray<Undelivered>, SqlError.SqlError>
    /** Has one event, or all that were put aside, sent again. Gives how many. */
    readonly retry: (endpoint: string, eventId?: number) => Effect.Effect<number, SqlError.SqlError>
    /** Forgets one event, or all that were put aside. Gives how many. */
    readonly forget: (
      endpoint: string,
      eventId?: number
    ) => Effect.Effect<number, SqlError.SqlError>
  }
>() {
  static readonly layer = Layer.effect(
    Standing,
    Effect.suspend(() => make)
  )
}

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const { touch } = yield* Endpoints

  const statusRows = (endpoint?: string) => sql<Rows.StatusRow>`
    select e.id, e.state, c.behind, c.lag_seconds,
      coalesce(c.is_at_least or e.state <> 'active' or h.breaker = 'open', false) as is_at_least, c.delivered, l.lanes_behind, l.lanes_failing, l.next_attempt_at,
      h.breaker, h.failing_since, h.next_probe_at, h.last_success_at, h.last_failure_at, h.reason, u.undelivered
    from endpoints e
    cross join lateral (
      select coalesce(sum(behind), 0)::float8 as behind, coalesce(sum(delivered), 0)::float8 as delivered,
        coalesce(greatest(extract(epoch from now() - min(oldest_at) filter (where behind > 0)), 0), 0)::float8
          as lag_seconds,
        bool_or(is_at_least) as is_at_least
      from endpoint_cursors where feed = e.id
    ) c
    cross join lateral (
      select count(*)::integer as lanes_behind, (count(*) filter (where attempts > 0))::integer as lanes_failing,
        min(retry_at) filter (where attempts > 0) as next_attempt_at
      from endpoint_lanes where feed = e.id and (held or attempts > 0)
    ) l
    cross join lateral (
      select case when bool_or(breaker = 'open') then 'open' when bool_or(breaker = 'half-open') then 'half-open'
          else 'closed' end as breaker,
        min(failing_since) as failing_since, min(next_probe_at) as next_probe_at,
        max(last_success_at) as last_success_at, max(last_failure_at) as last_failure_at,
        (array_agg(reason order by last_failure_at desc nulls last))[1] as reason
      from endpoint_health where endpoint = e.id
    ) h
    cross join lateral (
      select count(*)::integer as undelivered from endpoint_undelivered
      where endpoint = e.id and retry_at is null
    ) u
    where ${endpoint === undefined ? sql`true` : sql`e.id = ${endpoint}`}`

  const aside = (endpoint: string, eventId: number | undefined) =>
    sql`endpoint = ${endpoint} and ${eventId === undefined ? sql`retry_at is null` : sql`event_id = ${eventId}`}`

  const earlier = (column: "id" | "event_id", before: number | undefined) =>
    before === undefined ? sql`true` : sql`${sql(column)} < ${before}`

  return Standing.of({
    logId: Effect.provideService(LogIdentity.read, SqlClient.SqlClient, sql),
    statuses: Effect.map(statusRows(), (rows) => {
      const found = new Map(rows.map((row) => [row.id, Rows.statusOf(row)]))
      return (id) => found.get(id) ?? Rows.nothing
    }),
    status: (endpoint) =>
      Effect.map(statusRows(endpoint), ([row]) =>
        row === undefined ? Rows.nothing : Rows.statusOf(row)
      ),
    lanes: (endpoint, limit) =>
      Effect.map(
        sql<Rows.LaneRow>`
          select server, lane, cursor::float8 as cursor, held, attempts, head::float8 as head, retry_at,
            failing_since, reason
          from endpoint_lanes where feed = ${endpoint.id}
          order by attempts > 0 desc, held desc, cursor, server, lane limit ${limit}`,
        (rows) => rows.map(Rows.laneOf(endpoint.settings))
      ),
    attempts: (endpoint, { before, limit }) =>
      Effect.map(
        sql<Rows.AttemptRow>`
          select id::float8 as id, at, nullif(feed, endpoint) as replay, server, instance,
            event_id::float8 as event_id, event, attempt, took_ms, outcome, status, message, excerpt, address
          from endpoint_attempts where endpoint = ${endpoint} and ${earlier("id", before)}
          order by id desc limit ${limit}`,
        (rows) => rows.map(Rows.attemptOf)
      ),
    undelivered: (endpoint, { before, limit }) =>
      Effect.map(
        sql<Rows.UndeliveredRow>`
          select event_id::float8 as event_id, nullif(feed, endpoint) as replay, server, instance, event, attempts,
            reason, at, retry_at
          from endpoint_undelivered where endpoint = ${endpoint} and ${earlier("event_id", before)}
          order by event_id desc limit ${limit}`,
        (rows) => rows.map(Rows.undeliveredOf)
      ),
    retry: (endpoint, eventId) =>
      Effect.gen(function* () {
        const at = DateTime.toDate(yield* DateTime.now)
        const rows = yield* sql`
          update endpoint_undelivered set retry_at = ${at} where ${aside(endpoint, eventId)} returning event_id`
        if (rows.length > 0) yield* touch
        return rows.length
      }),
    forget: (endpoint, eventId) =>
      Effect.gen(function* () {
        const rows = yield* sql`
          delete from endpoint_undelivered where ${aside(endpoint, eventId)} returning event_id`
        if (rows.length > 0) yield* touch
        return rows.length
      })
  })
})
