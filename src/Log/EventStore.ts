/** The append-only log of every event, its projection, and the quarantine beside it. */
import { SqlClient, type SqlError } from "@effect/sql"
import { Context, type DateTime, Effect, Layer } from "effect"
import type { EventRecord, EvolutionEvent, QuarantinedEvent } from "../Domain/Event.ts"
import type { Change } from "../Domain/Projection.ts"
import { Server } from "../Domain/Server.ts"
import { CurrentFence } from "../Domain/Tenure.ts"
import { latest, table } from "../Storage/migrations.ts"
import { type EventQuery, type Heard, queries } from "./EventStore/Queries.ts"
import { changeRows, columnsOf, gapRows, quarantineRows } from "./EventStore/Rows.ts"

export type { EventQuery, Heard }

export class EventStore extends Context.Tag("evolution-listener/EventStore")<
  EventStore,
  {
    /**
     * Writes events, quarantine rows and changes of instances in one statement, so all or nothing.
     * Returns the ids of the events, in their order. The same `key` again, as after a connection lost
     * before the answer came, writes nothing twice and returns the same ids.
     */
    readonly append: (batch: {
      /** A UUID, one for each batch. */
      readonly key: string
      readonly events: ReadonlyArray<EvolutionEvent>
      readonly quarantined: ReadonlyArray<QuarantinedEvent>
      readonly changes: ReadonlyArray<Change>
    }) => Effect.Effect<ReadonlyArray<number>, SqlError.SqlError>
    /**
     * Drops back-filled messages that the log already has: an event of the same instance has the same
     * `key.id` and `key.fromMe`, and the same `key.remoteJid` or the other address of that person.
     */
    readonly unheard: (
      messages: ReadonlyArray<EvolutionEvent>
    ) => Effect.Effect<ReadonlyArray<EvolutionEvent>, SqlError.SqlError>
    /** The phones of hidden addresses (`…@lid`), from logged messages that have the same `key.id`. */
    readonly phonesOf: (
      instance: string,
      hidden: ReadonlyArray<{ readonly id: string; readonly lid: string }>
    ) => Effect.Effect<ReadonlyArray<readonly [lid: string, phone: string]>, SqlError.SqlError>
    /**
     * Live messages just before a time and just after another, nearest first, within a few
     * thousand events.
     */
    readonly messagesAround: (
      instance: string,
      from: DateTime.Utc,
      to: DateTime.Utc
    ) => Effect.Effect<
      { readonly before: ReadonlyArray<Heard>; readonly after: ReadonlyArray<Heard> },
      SqlError.SqlError
    >
    /** By id, oldest first. */
    readonly read: (
      query: EventQuery
    ) => Effect.Effect<ReadonlyArray<EventRecord>, SqlError.SqlError>
    /**
     * Events that changed the state of an instance or of its listener since a time, and the last ones
     * before it; oldest first.
     */
    readonly stateChanges: (
      instance: string,
      since: DateTime.Utc
    ) => Effect.Effect<ReadonlyArray<EventRecord>, SqlError.SqlError>
    /** The id of the newest event; 0 when there is none. */
    readonly lastId: Effect.Effect<number, SqlError.SqlError>
    /** `schema`: the database's last migration against the last one of this version. */
    readonly condition: Effect.Effect<
      { readonly isReadOnly: boolean; readonly schema: "current" | "behind" | "ahead" },
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
  const server = yield* Server
  const { epoch } = yield* CurrentFence

  /** A server has one writer, so a batch that was written before is the last of its events. */
  const lastIds = (count: number) =>
    Effect.map(
      sql<{ id: string }>`
        select id from events where server = ${server} order by id desc limit ${count}`,
      (rows) => rows.map(({ id }) => Number(id)).reverse()
    )

  return EventStore.of({
    append: ({ changes, events, key, quarantined }) => {
      const { data, event, extra, instance, origin, receivedAt, upstreamTime } = columnsOf(events)
      return Effect.flatMap(
        sql<{ first: string | null; last: string | null }>`
          call append_batch(
            ${server}, ${epoch}, ${key}, ${instance}, ${event}, ${data}, ${extra}, ${upstreamTime}, ${receivedAt},
            ${origin}, ${quarantineRows(quarantined)}, ${gapRows(events)},
            ${changeRows(changes)}, null, null)`,
        ([row]) => {
          if (events.length === 0) return Effect.succeed([])
          const [first, last] = [Number(row?.first), Number(row?.last)]
          // Ids have no holes unless others take numbers; 0: the batch had been written before.
          return first > 0 && last - first + 1 === events.length
            ? Effect.succeed(events.map((_, nth) => first + nth))
            : lastIds(events.length)
        }
      )
    },
    ...queries(sql, server),
    lastId: Effect.map(
      sql<{ id: string }>`select coalesce(max(id), 0) as id from events`,
      ([row]) => Number(row?.id ?? 0)
    ),
    condition: Effect.map(
      sql<{ read_only: boolean; migration: number }>`
        select current_setting('transaction_read_only') = 'on' as read_only,
          coalesce(max(migration_id), 0) as migration
        from ${sql(table)}`,
      ([row]) => {
        const migration = row?.migration ?? 0
        return {
          isReadOnly: row?.read_only ?? true,
          schema: migration < latest ? "behind" : migration > latest ? "ahead" : "current"
        }
      }
    )
  })
})
