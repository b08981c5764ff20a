/** Statements on the table `endpoints`. */
import { SqlClient, SqlError } from "@effect/sql"
import { DateTime, Effect, Option } from "effect"
import {
  defaults,
  type Endpoint,
  EndpointNameTaken,
  EndpointNotFound,
  type Settings,
  TooManyEndpoints
} from "../../Domain/Endpoint.ts"
import { codeOf } from "../../Domain/ErrorDetail.ts"
import type { Absence } from "./FromFile/Plan.ts"
import { boundsText, type Entry, entryOf, type Found, settingsText, vaultText } from "./Rows.ts"
import type { Vault } from "./Vault.ts"

/** The most endpoints within the same bounds. */
export const most = { unbound: 1000, bound: 100 }

export interface New {
  readonly id: string
  readonly settings: Settings
  readonly vault: Vault
  readonly source: Endpoint["source"]
  readonly bounds: Endpoint["bounds"]
  readonly startsAfter: number
}

/** What a change of a row may write; the rest stays. */
export interface Next {
  readonly settings?: Settings
  readonly vault?: Vault
  readonly state?: Endpoint["state"]
  readonly reason?: string | null
  readonly source?: Endpoint["source"]
}

const unique = "23505"

const orderOf = ({ order = defaults.order }: Settings) => order

/** A statement that gave an endpoint a name which another one has. */
export const orTaken =
  (name: string) =>
  <A, E, R>(statement: Effect.Effect<A, E, R>) =>
    Effect.catchIf(
      statement,
      (error) => error instanceof SqlError.SqlError && codeOf(error.cause) === unique,
      () => EndpointNameTaken.of(name)
    )

/** A row that this very statement wrote. */
const written = (rows: ReadonlyArray<Found>): Option.Option<Entry> =>
  Option.flatMap(Option.fromNullable(rows[0]), entryOf)

export const make = Effect.map(SqlClient.SqlClient, (sql) => {
  const read = (id: string) =>
    Effect.flatMap(sql<Found>`select * from endpoints where id = ${id}`, (rows) =>
      Effect.mapError(written(rows), () => EndpointNotFound.of(id))
    )

  const insert = ({ bounds, id, settings, source, startsAfter, vault }: New) =>
    Effect.gen(function* () {
      const at = DateTime.toDate(yield* DateTime.now)
      const instances = boundsText(bounds.instances)
      const servers = boundsText(bounds.servers)
      const limit = instances === null && servers === null ? most.unbound : most.bound
      const rows = yield* sql<Found>`
        insert into endpoints (id, name, settings, secrets, state, source, bound_instances, bound_servers,
          starts_after, created_at, updated_at)
        select ${id}::uuid, ${settings.name}, ${settingsText(settings)}::jsonb, ${vaultText(vault)}::jsonb,
          'active', ${source}, ${instances}::jsonb, ${servers}::jsonb, ${startsAfter}::bigint,
          ${at}::timestamptz, ${at}::timestamptz
        where (select count(*) from endpoints
          where bound_instances is not distinct from ${instances}::jsonb
            and bound_servers is not distinct from ${servers}::jsonb) < ${limit}
        returning *`.pipe(orTaken(settings.name))
      return yield* Effect.mapError(written(rows), () => TooManyEndpoints.of(limit))
    })

  /**
   * Writes over the row as it was read; `None`: another caller changed it meanwhile. What failed may succeed now, so
   * lanes do not wait for their next attempt. One that is just being saved is left alone.
   */
  const replace = (
    { change, endpoint, vault: oldVault }: Entry,
    { reason = endpoint.reason, settings = endpoint.settings, source, state, vault }: Next
  ) =>
    Effect.gen(function* () {
      const at = DateTime.toDate(yield* DateTime.now)
      const isReordered = orderOf(settings) !== orderOf(endpoint.settings)
      const rows = yield* sql<Found>`
        with lanes as (
          update endpoint_lanes set retry_at = null where (feed, server, lane) in (
            select feed, server, lane from endpoint_lanes
            where endpoint = ${endpoint.id} and retry_at is not null for update skip locked
          )
        )
        update endpoints set name = ${settings.name}, settings = ${settingsText(settings)}::jsonb,
          secrets = ${vaultText(vault ?? oldVault)}::jsonb, state = ${state ?? endpoint.state},
          reason = ${reason}, source = ${source ?? endpoint.source}, updated_at = ${at},
          generation = generation + ${isReordered ? 1 : 0}
        where id = ${endpoint.id} and change = ${change}::bigint
        returning *`
      if (isReordered && rows.length > 0) yield* reorder(endpoint.id)
      return written(rows)
    }).pipe(sql.withTransaction)

  /** Lanes of another order have other events: its feeds go on from the first event that one of them is behind. */
  const reorder = (id: string) => sql`
    with behind as (
      select feed, server, min(cursor) as cursor from endpoint_lanes
      where endpoint = ${id} and held group by feed, server
    ), gone as (
      delete from endpoint_lanes where endpoint = ${id}
    )
    update endpoint_cursors c set generation = generation + 1, cursor = least(c.cursor, (
      select b.cursor from behind b where b.feed = c.feed and b.server = c.server
    )) where endpoint = ${id}`

  /** Begins the endpoint's way through the log anew; replays go on. */
  const restart = (id: string, startsAfter: number) =>
    Effect.gen(function* () {
      const at = DateTime.toDate(yield* DateTime.now)
      const rows = yield* sql<Found>`
        with cursors as (delete from endpoint_cursors where feed = ${id}),
          lanes as (delete from endpoint_lanes where feed = ${id}),
          cursors_of_replays as (
            update endpoint_cursors set generation = generation + 1 where endpoint = ${id} and feed <> ${id}
          ),
          lanes_of_replays as (
            update endpoint_lanes set generation = generation + 1 where endpoint = ${id} and feed <> ${id}
          )
        update endpoints set state = 'active', reason = null, starts_after = ${startsAfter}::bigint,
          generation = generation + 1, updated_at = ${at}
        where id = ${id} returning *`
      return yield* Effect.mapError(written(rows), () => EndpointNotFound.of(id))
    })

  const disable = (id: string, reason: string) =>
    Effect.gen(function* () {
      const at = DateTime.toDate(yield* DateTime.now)
      return yield* sql<Found>`
        update endpoints set state = 'disabled', reason = ${reason}, updated_at = ${at}
        where id = ${id} and state = 'active' returning *`.pipe(Effect.map(written))
    })

  /** Remembers what the endpoint was before its absence from the file disables it. */
  const miss = ({ endpoint: { id, reason, state } }: Entry) =>
    Effect.gen(function* () {
      const since = DateTime.toDate(yield* DateTime.now)
      yield* sql`
        insert into endpoint_absences (endpoint, since, state, reason)
        values (${id}, ${since}, ${state}, ${reason})
        on conflict (endpoint) do update set
          since = excluded.since, state = excluded.state, reason = excluded.reason`
    })

  return {
    all: sql<Found>`select * from endpoints`,
    /**
     * Until the transaction ends, nobody else changes an endpoint. The rows are locked first: a statement that changes
     * one locks its row, and only then the counter.
     */
    lock: Effect.zipRight(
      sql`select from endpoints order by id for no key update`,
      sql`select from endpoint_changes for update`
    ),
    absences: sql<Absence>`select endpoint, since, state, reason from endpoint_absences`,
    miss,
    unmiss: (id: string) => sql`delete from endpoint_absences where endpoint = ${id}`,
    /** The number of the last change of the table. */
    lastChange: Effect.map(
      sql<{ last: string }>`select last from endpoint_changes`,
      ([row]) => row?.last ?? "0"
    ),
    /** Every replica finds that there is news. */
    touch: sql`update endpoint_changes set last = last + 1`,
    read,
    insert,
    replace,
    restart,
    disable,
    remove: (id: string) => sql`delete from endpoints where id = ${id}`
  }
})
