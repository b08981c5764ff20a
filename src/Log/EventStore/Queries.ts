/** Queries of the log. */
import type { SqlClient, Statement } from "@effect/sql"
import { DateTime, Effect, Option } from "effect"
import {
  type EventOrigin,
  type EventRecord,
  type EvolutionEvent,
  upstreamAt
} from "../../Domain/Event.ts"
import { expressionOf } from "../../Domain/Key.ts"
import { messageRows } from "./Rows.ts"

export interface EventQuery {
  readonly instance?: string | undefined
  /** Only events of these servers; `null`: of all. */
  readonly servers?: ReadonlyArray<string> | null | undefined
  /** Only instances whose name matches one of these patterns; `null`: of all. */
  readonly only?: ReadonlyArray<string> | null | undefined
  /** The wire's names; none: every event. */
  readonly events?: ReadonlyArray<string> | undefined
  /** Only events with a higher id. */
  readonly after?: number | undefined
  /** Only events up to this id. */
  readonly until?: number | undefined
  readonly limit: number
  /** Ends the page with the event whose data makes it this large, in bytes of JSON text. */
  readonly bytes?: number | undefined
}

/** A message that was heard. */
export interface Heard {
  /** `key.id`. */
  readonly id: string
  /** Our clock, ms since 1970 UTC. */
  readonly at: number
  /** Time of the message by the clock that stamped it, ms since 1970 UTC; `null`: it has none. */
  readonly sentAt: number | null
  /** Evolution's id of the instance, where the message has it. */
  readonly instanceId: string | null
}

interface EventRow {
  readonly id: string
  readonly server: string
  readonly instance: string
  readonly event: string
  readonly data: unknown
  readonly extra: unknown
  readonly upstream_time: string | null
  readonly received_at: Date
  readonly origin: EventOrigin
}

/** As in the partial index: the planner compares texts. */
export const stateChangeNames = [
  "listener.updated",
  "instance.create",
  "qrcode.updated",
  "connection.update",
  "status.instance",
  "logout.instance",
  "instance.delete",
  "remove.instance"
]
  .map((name) => `'${name}'`)
  .join(", ")

const maxTurns = 5000

const wholeSeconds = /^\d{10}$/

/**
 * One of two keys has the hidden address of a person (`…@lid`) and the other one the phone's. The phone that
 * a key with a hidden address names beside it has to be the other one's; it may name none.
 */
const isOtherForm = (sql: SqlClient.SqlClient): Statement.Fragment => {
  const pair = (hidden: string, phone: string) => sql`
    (${sql.literal(hidden)}.data #>> '{key,remoteJid}' like '%@lid'
      and ${sql.literal(phone)}.data #>> '{key,remoteJid}' like '%@s.whatsapp.net'
      and ${sql.literal(phone)}.data #>> '{key,remoteJid}' = coalesce(
        ${sql.literal(hidden)}.data #>> '{key,remoteJidAlt}',
        ${sql.literal(hidden)}.data #>> '{key,previousRemoteJid}',
        ${sql.literal(phone)}.data #>> '{key,remoteJid}'))`
  return sql`(${pair("m", "e")} or ${pair("e", "m")})`
}

const columns = (sql: SqlClient.SqlClient) =>
  sql.literal("id, server, instance, event, data, extra, upstream_time, received_at, origin")

/** Bytes of the data as text. Only what Postgres has compressed has to be read for that. */
const sizeOf = (sql: SqlClient.SqlClient) =>
  sql.literal(`
    case when pg_column_compression(data) is null then pg_column_size(data)
      else octet_length(data::text) end + coalesce(octet_length(extra::text), 0)`)

/** Instances are those of the server; `read` reads the events of all servers. */
export const queries = (sql: SqlClient.SqlClient, server: string) => ({
  unheard: (messages: ReadonlyArray<EvolutionEvent>) =>
    Effect.map(
      sql<{ n: number }>`
        select m.n from jsonb_to_recordset(${messageRows(messages)}::jsonb)
          as m (n integer, instance text, data jsonb)
        where exists (
          select from events e
          where e.data #>> '{key,id}' = m.data #>> '{key,id}'
            and e.event in ('messages.upsert', 'send.message')
            and e.instance = m.instance and e.server = ${server}
            and coalesce(e.data #>> '{key,fromMe}', 'false') =
              coalesce(m.data #>> '{key,fromMe}', 'false')
            and (e.data #>> '{key,remoteJid}' = m.data #>> '{key,remoteJid}' or ${isOtherForm(sql)}))`,
      (rows) => {
        const heard = new Set(rows.map(({ n }) => n))
        return messages.filter((_, n) => !heard.has(n))
      }
    ),
  phonesOf: (
    instance: string,
    hidden: ReadonlyArray<{ readonly id: string; readonly lid: string }>
  ) =>
    Effect.map(
      sql<{ lid: string; phone: string }>`
        select distinct m.lid, e.data #>> '{key,remoteJid}' as phone
        from jsonb_to_recordset(${JSON.stringify(hidden)}::jsonb) as m (id text, lid text)
        join events e on e.server = ${server} and e.instance = ${instance} and e.data #>> '{key,id}' = m.id
        where e.event in ('messages.upsert', 'send.message')
          and e.data #>> '{key,remoteJid}' like '%@s.whatsapp.net'`,
      (rows) => rows.map(({ lid, phone }) => [lid, phone] as const)
    ),
  messagesAround: (instance: string, from: DateTime.Utc, to: DateTime.Utc) =>
    Effect.gen(function* () {
      const nearest = (side: Statement.Fragment, order: Statement.Fragment) =>
        Effect.map(
          sql<{
            key: string
            received_at: Date
            sent: string | null
            instance_id: string | null
          }>`
            select key, received_at, sent, instance_id from (
              select id, event, origin, data #>> '{key,id}' as key, received_at,
                data ->> 'messageTimestamp' as sent, data ->> 'instanceId' as instance_id from events
              where server = ${server} and instance = ${instance} and ${side} order by ${order} limit 5000
            ) as near
            where event in ('messages.upsert', 'send.message') and origin = 'live'
              and key is not null
            order by ${order} limit 2`,
          (rows) =>
            rows.map(
              ({ instance_id, key, received_at, sent }): Heard => ({
                id: key,
                at: received_at.getTime(),
                sentAt: sent !== null && wholeSeconds.test(sent) ? Number(sent) * 1000 : null,
                instanceId: instance_id
              })
            )
        )
      const heardBefore = sql`received_at <= ${DateTime.toDate(from)}`
      const [pivot] = yield* sql<{ id: string }>`
        select id from events where server = ${server} and instance = ${instance} and ${heardBefore}
        order by id desc limit 1`
      return {
        before: yield* nearest(heardBefore, sql`id desc`),
        after: yield* nearest(
          // By id first, which has an index.
          sql`id > ${pivot?.id ?? 0} and received_at >= ${DateTime.toDate(to)}`,
          sql`id`
        )
      }
    }),
  read: ({
    after = 0,
    bytes,
    events = [],
    instance,
    limit,
    only = null,
    servers = null,
    until
  }: EventQuery) => {
    const wanted = (from: Statement.Fragment) =>
      sql.and([
        sql`id > ${from}`,
        ...(until === undefined ? [] : [sql`id <= ${until}`]),
        ...(servers === null ? [] : [sql.in("server", servers)]),
        ...(instance === undefined ? [] : [sql`instance = ${instance}`]),
        ...(only === null ? [] : [sql`instance ~ ${expressionOf(only)}`]),
        ...(events.length === 0 ? [] : [sql.in("event", events)])
      ])
    const rows =
      bytes === undefined
        ? sql<EventRow>`
            select ${columns(sql)} from events
            where ${wanted(sql`${after}`)} order by id limit ${limit}`
        : // One row after the other, because a window would compute the size of each row up to the limit.
          sql<EventRow>`
            with recursive page (id, nth, bytes) as (
              select ${after}::bigint, 0, 0::bigint
              union all
              select next.id, page.nth + 1, page.bytes + next.bytes
              from page, lateral (
                select id, ${sizeOf(sql)} as bytes from events
                where ${wanted(sql`page.id`)} order by id limit 1
              ) as next
              where page.nth < ${limit} and page.bytes < ${bytes}
            )
            select ${columns(sql)} from events
            where id = any (array(select id from page where nth > 0)) order by id`
    return Effect.map(rows, (found) => found.map(toEventRecord))
  },
  stateChanges: (instance: string, since: DateTime.Utc) =>
    Effect.gen(function* () {
      const newest = (which: Statement.Fragment, limit: number) => sql<EventRow>`
        select ${columns(sql)} from events
        where server = ${server} and instance = ${instance}
          and event in (${sql.literal(stateChangeNames)}) and ${which}
        order by received_at desc, id desc limit ${limit}`
      const before = sql`received_at < ${DateTime.toDate(since)}`
      const recent = yield* newest(sql`received_at >= ${DateTime.toDate(since)}`, maxTurns)
      // If the oldest are left out, earlier ones tell nothing.
      const earlier =
        recent.length === maxTurns
          ? []
          : [
              ...(yield* newest(sql`${before} and event <> 'listener.updated'`, 20)),
              ...(yield* newest(sql`${before} and event = 'listener.updated'`, 1))
            ]
      return [...recent, ...earlier].map(toEventRecord).sort((left, right) => left.id - right.id)
    })
})

const toEventRecord = ({ id, received_at, upstream_time, ...row }: EventRow): EventRecord => ({
  ...row,
  id: Number(id),
  upstreamTime: upstream_time,
  upstreamAt: Option.getOrNull(
    Option.map(
      upstreamAt({
        origin: row.origin,
        upstreamTime: upstream_time,
        receivedAt: received_at.getTime()
      }),
      DateTime.unsafeMake
    )
  ),
  receivedAt: DateTime.unsafeFromDate(received_at)
})
