/** The append-only log of every event, its projection, and the quarantine beside it. */
import { SqlClient, type SqlError, type Statement } from "@effect/sql"
import { Context, type DateTime, Effect, Layer } from "effect"
import type { EventRecord, EvolutionEvent, QuarantinedEvent } from "./Domain/Event.ts"
import type { Gap } from "./Domain/Gap.ts"
import type { Change } from "./Domain/Projection.ts"
import { type EventQuery, queries } from "./EventStore/Queries.ts"
import { changeRows, columnsOf, gapRows, gapsOf, quarantineRows } from "./EventStore/Rows.ts"
import { table } from "./Sql/migrations.ts"

export type { EventQuery }

export class EventStore extends Context.Tag("evolution-listener/EventStore")<
  EventStore,
  {
    /**
     * Writes a batch, what it changes and what was put aside, in one statement and therefore all or
     * nothing. Gives the ids of the events, in their order. The same `key` again, as after a
     * connection lost before the answer came, writes nothing twice and gives the same ids.
     */
    readonly append: (batch: {
      /** A UUID, one for each batch. */
      readonly key: string
      readonly events: ReadonlyArray<EvolutionEvent>
      readonly quarantined: ReadonlyArray<QuarantinedEvent>
      readonly changes: ReadonlyArray<Change>
    }) => Effect.Effect<ReadonlyArray<number>, SqlError.SqlError>
    /**
     * Of messages fetched again, those that the log has not: no event of the same instance bears the
     * same `key.remoteJid` and `key.id`.
     */
    readonly unheard: (
      messages: ReadonlyArray<EvolutionEvent>
    ) => Effect.Effect<ReadonlyArray<EvolutionEvent>, SqlError.SqlError>
    /**
     * The messages heard live just before a time and just after another, nearest first, as far as a
     * few thousand events away.
     */
    readonly messagesAround: (
      instance: string,
      from: DateTime.Utc,
      to: DateTime.Utc
    ) => Effect.Effect<
      { readonly before: ReadonlyArray<string>; readonly after: ReadonlyArray<string> },
      SqlError.SqlError
    >
    /** By id, oldest first. */
    readonly read: (
      query: EventQuery
    ) => Effect.Effect<ReadonlyArray<EventRecord>, SqlError.SqlError>
    /**
     * What changed an instance's state, and its listener's, since a time, and the last of before;
     * oldest first.
     */
    readonly turns: (
      instance: string,
      since: DateTime.Utc
    ) => Effect.Effect<ReadonlyArray<EventRecord>, SqlError.SqlError>
    /** The id of the newest event; 0 when there is none. */
    readonly lastId: Effect.Effect<number, SqlError.SqlError>
    /** Whether the database takes writes now, and the number of its last migration. */
    readonly condition: Effect.Effect<
      { readonly isReadOnly: boolean; readonly migration: number },
      SqlError.SqlError
    >
  }
>() {
  static readonly layer = Layer.effect(
    EventStore,
    Effect.suspend(() => make)
  )
}

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  /** Nothing is planned that a batch has not: most have events alone. */
  const part = <A>(
    rows: ReadonlyArray<A>,
    clause: (rows: ReadonlyArray<A>) => Statement.Fragment
  ): Statement.Fragment => (rows.length === 0 ? sql`` : sql`, ${clause(rows)}`)

  const logged = (events: ReadonlyArray<EvolutionEvent>) => {
    const { data, event, extra, instance, origin, receivedAt, upstreamTime } = columnsOf(events)
    return sql`
      logged as (
        insert into events (instance, event, data, extra, upstream_time, received_at, origin)
        select instance, event, data, extra, upstream_time, received_at, origin
        from unnest(
          ${instance}::text[], ${event}::text[], ${data}::jsonb[], ${extra}::jsonb[],
          ${upstreamTime}::text[], ${receivedAt}::timestamptz[], ${origin}::text[]
        ) with ordinality
          as e (instance, event, data, extra, upstream_time, received_at, origin, nth)
        where exists (select from fresh)
        order by nth
        returning id
      )`
  }

  const setAside = (quarantined: ReadonlyArray<QuarantinedEvent>) => sql`
    set_aside as (
      insert into quarantine (instance, event, reason, payload, received_at)
      select instance, event, reason, payload, received_at
      from jsonb_to_recordset(${quarantineRows(quarantined)}::jsonb) as (
        instance text, event text, reason text, payload jsonb, received_at timestamptz)
      where exists (select from fresh)
    )`

  const ledger = (gaps: ReadonlyArray<Gap>) => sql`
    ledger as (
      insert into gaps
        (id, instance, "from", "to", cause, recovered, fetched, fetched_until, retry_at, note)
      select g.* from jsonb_to_recordset(${gapRows(gaps)}::jsonb) as g (
        id uuid, instance text, "from" timestamptz, "to" timestamptz, cause text,
        recovered boolean, fetched integer, fetched_until timestamptz,
        retry_at timestamptz, note text)
      where exists (select from fresh)
      on conflict (id) do update set
        "from" = excluded."from", "to" = excluded."to", cause = excluded.cause,
        recovered = excluded.recovered, fetched = excluded.fetched,
        fetched_until = excluded.fetched_until, retry_at = excluded.retry_at,
        note = excluded.note
    )`

  const projected = (changes: ReadonlyArray<Change>) => sql`
    projected as (
      update instances i set
        whatsapp_state = c.whatsapp_state, whatsapp_reason = c.whatsapp_reason,
        whatsapp_origin = c.whatsapp_origin, whatsapp_at = c.whatsapp_at,
        phone = c.phone, profile_name = c.profile_name, picture_url = c.picture_url,
        qr_code = case when c.qr_changed then c.qr_code else i.qr_code end,
        qr_base64 = case when c.qr_changed then c.qr_base64 else i.qr_base64 end,
        qr_pairing_code = case when c.qr_changed then c.qr_pairing_code else i.qr_pairing_code end,
        qr_sequence = c.qr_sequence,
        qr_received_at = case when c.qr_changed then c.qr_received_at else i.qr_received_at end,
        qr_expires_at = case when c.qr_changed then c.qr_expires_at else i.qr_expires_at end,
        last_event = c.last_event, last_event_at = c.last_event_at
      from jsonb_to_recordset(${changeRows(changes)}::jsonb) as c (
        name text, whatsapp_state text, whatsapp_reason integer, whatsapp_origin text,
        whatsapp_at timestamptz, phone text, profile_name text, picture_url text,
        qr_changed boolean, qr_code text, qr_base64 text, qr_pairing_code text,
        qr_sequence integer, qr_received_at timestamptz, qr_expires_at timestamptz,
        last_event text, last_event_at timestamptz)
      where i.name = c.name
    )`

  /** One writer: what a batch that was written before has logged is the end of the log. */
  const lastIds = (count: number) =>
    Effect.map(sql<{ id: string }>`select id from events order by id desc limit ${count}`, (rows) =>
      rows.map(({ id }) => Number(id)).reverse()
    )

  return EventStore.of({
    append: ({ changes, events, key, quarantined }) =>
      Effect.flatMap(
        sql<{ first: string | null; last: string | null }>`
          with fresh as (
            update writer set batch = ${key}::uuid, at = now()
            where batch is distinct from ${key}::uuid
            returning batch
          )
          ${part(events, logged)}
          ${part(quarantined, setAside)}
          ${part(gapsOf(events), ledger)}
          ${part(changes, projected)}
          select ${events.length === 0 ? sql`null as first, null as last` : sql`min(id) as first, max(id) as last from logged`}`,
        ([row]) => {
          if (events.length === 0) return Effect.succeed([])
          const [first, last] = [Number(row?.first), Number(row?.last)]
          // Nobody else takes numbers meanwhile, as a rule; 0: it had been written before.
          return first > 0 && last - first + 1 === events.length
            ? Effect.succeed(events.map((_, nth) => first + nth))
            : lastIds(events.length)
        }
      ),
    ...queries(sql),
    lastId: Effect.map(
      sql<{ id: string }>`select coalesce(max(id), 0) as id from events`,
      ([row]) => Number(row?.id ?? 0)
    ),
    condition: Effect.map(
      sql<{ read_only: boolean; migration: number }>`
        select current_setting('transaction_read_only') = 'on' as read_only,
          coalesce(max(migration_id), 0) as migration
        from ${sql(table)}`,
      ([row]) => ({ isReadOnly: row?.read_only ?? true, migration: row?.migration ?? 0 })
    )
  })
})
