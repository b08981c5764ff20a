/**
 * The fence: one row for each server, whose epoch only grows. Each statement stands alone, so it works behind a
 * pooler, and each says whose row it changes, so a late one changes nothing.
 */
import type { SqlClient, SqlError } from "@effect/sql"
import { Effect, Option } from "effect"
import type { Tenure } from "../../Domain/Tenure.ts"

export interface Row {
  readonly epoch: number
  /** `null`: released in good order, or never owned. */
  readonly owner: string | null
  readonly wantedBy: string | null
  /** The replica that the server was given to; it outranks the engine's choice. */
  readonly placed: string | null
  /** Changes while the owner lives. */
  readonly sign: string
}

export interface Holder {
  readonly server: string
  readonly epoch: number
  readonly owner: string | null
  /** The beginning of the tenure, or of the last one. */
  readonly since: Date | null
  /** Since the last sign of the owner, or of the last one, by the clock of the database. */
  readonly silentSeconds: number
}

export interface Tenures {
  /** Makes the row of a server that has none. */
  readonly ensure: (server: string) => Effect.Effect<void, SqlError.SqlError>
  /** Dies without a row. */
  readonly look: (server: string) => Effect.Effect<Row, SqlError.SqlError>
  /** Asks the owner for the server; `wanted` false takes that back. */
  readonly want: (server: string, wanted: boolean) => Effect.Effect<void, SqlError.SqlError>
  /** Raises the epoch that was seen by one; `None`: another replica was quicker. */
  readonly take: (
    server: string,
    seen: number
  ) => Effect.Effect<Option.Option<number>, SqlError.SqlError>
  /** Ends a tenure in good order; false: it was over. */
  readonly release: (tenure: Omit<Tenure, "reason">) => Effect.Effect<boolean, SqlError.SqlError>
  /** Gives the server to a replica, whatever the engine says. */
  readonly place: (server: string, replica: string) => Effect.Effect<void, SqlError.SqlError>
  readonly holders: Effect.Effect<ReadonlyArray<Holder>, SqlError.SqlError>
}

/** `me`: the replica, a UUID. */
export const make = (sql: SqlClient.SqlClient, me: string): Tenures => ({
  ensure: (server) =>
    Effect.asVoid(sql`insert into servers (id) values (${server}) on conflict do nothing`),
  look: (server) =>
    Effect.flatMap(
      sql<Omit<Row, "epoch"> & { readonly epoch: string }>`
          select epoch::text, owner::text, wanted_by::text as "wantedBy",
            placements.replica::text as placed,
            concat_ws('/', seen_at, heard_at, at) as sign
          from servers
            left join replicas on replicas.id = owner
            left join placements on server = servers.id
          where servers.id = ${server}`,
      ([row]) =>
        row === undefined
          ? Effect.dieMessage(`The server "${server}" has no row in the table servers`)
          : Effect.succeed({ ...row, epoch: Number(row.epoch) })
    ),
  want: (server, wanted) =>
    Effect.asVoid(
      wanted
        ? sql`update servers set wanted_by = ${me} where id = ${server}`
        : sql`update servers set wanted_by = null where id = ${server} and wanted_by = ${me}`
    ),
  take: (server, seen) =>
    Effect.map(
      sql<{ epoch: string }>`
          update servers set epoch = epoch + 1, owner = ${me}, since = now(), wanted_by = null
          where id = ${server} and epoch = ${seen}
          returning epoch::text`,
      ([row]) => Option.map(Option.fromNullable(row), ({ epoch }) => Number(epoch))
    ),
  release: ({ epoch, owner, server }) =>
    Effect.map(
      sql`
          update servers set owner = null
          where id = ${server} and owner = ${owner} and epoch = ${epoch}
          returning id`,
      ({ length }) => length === 1
    ),
  place: (server, replica) =>
    Effect.asVoid(sql`
        insert into placements (server, replica) values (${server}, ${replica})
        on conflict (server) do update set replica = excluded.replica`),
  holders: Effect.map(
    sql<Omit<Holder, "epoch"> & { readonly epoch: string }>`
        select servers.id as server, epoch::text, owner::text, servers.since,
          coalesce(extract(epoch from now()
            - greatest(servers.at, heard_at, servers.since, seen_at)), 0)::float8 as "silentSeconds"
        from servers left join replicas on replicas.id = owner order by servers.id`,
    (rows) => rows.map((row) => ({ ...row, epoch: Number(row.epoch) }))
  )
})
