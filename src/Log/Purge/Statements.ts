/** The purge's statements. */
import type { SqlClient, SqlError, Statement } from "@effect/sql"
import { Effect } from "effect"

/** Tables whose rows are purged by age, in the order of their ids. */
export type Table = "events" | "quarantine" | "audit"

const times: Readonly<Record<Table, string>> = {
  events: "received_at",
  quarantine: "received_at",
  audit: "at"
}

/** The rows of one instance in a page of a table. `""`: rows without an instance. */
export interface Share {
  readonly instance: string
  /** The last id in the page. */
  readonly last: number
  /** The last one that is old enough; `null`: none is. */
  readonly until: number | null
  readonly hasYoung: boolean
}

/**
 * Rows are those of the server; of the audit also rows about no instance. `isOwner`: the condition of statements that
 * the owner of the server alone may make.
 */
export const statements = (
  sql: SqlClient.SqlClient,
  server: string,
  isOwner: Statement.Fragment
) => {
  const isOld = (table: Table, before: Date | null): Statement.Fragment =>
    before === null ? sql`true` : sql`${sql(times[table])} < ${before}`

  const isOurs = (table: Table): Statement.Fragment =>
    table === "audit" ? sql`coalesce(server, ${server}) = ${server}` : sql`server = ${server}`

  return {
    ends: (table: Table) =>
      Effect.map(
        sql<{ first: string | null; last: string | null }>`
          select min(id) as first, max(id) as last from ${sql(table)}`,
        ([row]) => ({ first: Number(row?.first ?? 0), last: Number(row?.last ?? 0) })
      ),
    /** Says that the first row from an id on is old. */
    isOldAt: (table: Table, id: number, before: Date) =>
      Effect.map(
        sql<{ old: boolean }>`
          select ${isOld(table, before)} as old from ${sql(table)}
          where id >= ${id} order by id limit 1`,
        ([row]) => row?.old === true
      ),
    /** Instances in the page after an id; the primary key, or an instance's own index, finds it. */
    look: (
      table: Table,
      page: {
        readonly after: number
        readonly end: number
        readonly size: number
        readonly instance: string | undefined
        readonly before: Date | null
      }
    ): Effect.Effect<ReadonlyArray<Share>, SqlError.SqlError> =>
      Effect.map(
        sql<{ instance: string; last: string; until: string | null; young: boolean }>`
          select coalesce(instance, '') as instance, max(id) as last,
            max(id) filter (where old) as until, bool_or(not old) as young
          from (
            select id, instance, ${isOld(table, page.before)} as old from ${sql(table)}
            where id > ${page.after} and id < ${page.end} and ${isOurs(table)}
              and ${page.instance === undefined ? sql`true` : sql`instance = ${page.instance}`}
            order by id limit ${page.size}
          ) as page
          group by 1`,
        (rows) =>
          rows.map(({ instance, last, until, young }) => ({
            instance,
            last: Number(last),
            until: until === null ? null : Number(until),
            hasYoung: young
          }))
      ),
    /** Deletes old rows of these instances in a page, and notes the last id of events. */
    remove: (
      table: Table,
      page: { readonly after: number; readonly last: number; readonly before: Date | null },
      instances: ReadonlyArray<string>
    ): Effect.Effect<number, SqlError.SqlError> => {
      const names = instances.filter((name) => name !== "")
      const whose = sql.or([
        ...(names.length === 0 ? [] : [sql.in("instance", names)]),
        ...(names.length === instances.length ? [] : [sql`coalesce(instance, '') = ''`])
      ])
      const noted =
        table === "events"
          ? sql`
              insert into purges (server, instance, until)
              select ${server}, instance, max(id) from gone group by instance
              on conflict (server, instance) do update set until = greatest(purges.until, excluded.until)`
          : sql`select`
      return Effect.map(
        sql<{ count: number }>`
          with gone as (
            delete from ${sql(table)}
            where id > ${page.after} and id <= ${page.last} and ${isOurs(table)}
              and ${isOld(table, page.before)} and ${whose} and ${isOwner}
            returning id, instance
          ), noted as (${noted})
          select count(*)::integer as count from gone`,
        ([row]) => row?.count ?? 0
      )
    },
    /**
     * Deletes gaps of these instances that are done with. `lost`: how many of them a status counts as
     * not recovered.
     */
    removeGaps: (instances: ReadonlyArray<string>, before: Date | null, size: number) =>
      sql<{ instance: string; count: number; lost: number }>`
        with gone as (
          delete from gaps where id in (
            select id from gaps
            where server = ${server} and ${sql.in("instance", instances)} and ${isOwner}
              and ${before === null ? sql`true` : sql`"to" < ${before} and recovered is not null and retry_at is null`}
            limit ${size}
          ) returning instance, recovered, retry_at, "to"
        )
        select instance, count(*)::integer as count,
          (count(*) filter (
            where recovered is false and retry_at is null and exists (
              select from instances
              where server = ${server} and name = gone.instance and gone."to" >= known_since)
          ))::integer as lost
        from gone group by instance`,
    /** Deletes what endpoints have written down about events of an instance. */
    removeDeliveries: (instance: string) =>
      sql`
        with attempts as (
          delete from endpoint_attempts where server = ${server} and instance = ${instance} and ${isOwner}
        )
        delete from endpoint_undelivered where server = ${server} and instance = ${instance} and ${isOwner}`,
    ...notes(sql, server)
  }
}

/** Instances with rows, and the notes of what was purged of them. */
const notes = (sql: SqlClient.SqlClient, server: string) => ({
  /** Every name that the log, the quarantine or the ledger has something of, at any server; by hops along the index. */
  names: Effect.map(
    sql<{ name: string }>`
      ${sql.unsafe(["events", "quarantine", "gaps"].map(hops).join(" union "))}`,
    (rows) => rows.map(({ name }) => name)
  ),
  noted: Effect.map(
    sql<{ instance: string; until: string }>`
      select instance, until from purges where server = ${server}`,
    (rows) => rows.map(({ instance, until }) => [instance, Number(until)] as const)
  ),
  /** Folds the notes of deleted instances into one, as soon as no event is older. */
  fold: sql<{ instance: string }>`
    with gone as (
      delete from purges p
      where server = ${server} and instance <> '' and until < (select coalesce(min(id), 0) from events)
        and not exists (select from instances where server = ${server} and name = p.instance)
      returning instance, until
    ), folded as (
      insert into purges (server, instance, until)
      select ${server}, '', max(until) from gone having count(*) > 0
      on conflict (server, instance) do update set until = greatest(purges.until, excluded.until)
    )
    select instance from gone`
})

const hops = (table: string): string => `
  select name from (
    with recursive hop (name) as (
      (select instance from ${table} where instance is not null order by instance limit 1)
      union all
      select (select instance from ${table} where instance > hop.name order by instance limit 1)
      from hop where hop.name is not null
    ) select name from hop where name is not null
  ) as ${table}_names`
