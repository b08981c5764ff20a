/**
 * What we want and know of each instance: the `instances` table, with a copy in memory. One process
 * writes it, so the copy answers every question, and answers when the database cannot.
 */
import { SqlClient, type SqlError } from "@effect/sql"
import { Context, DateTime, Effect, Layer, Schedule, Schema } from "effect"
import * as Supervise from "../Concurrency/Supervise.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import type { EvolutionEvent } from "../Domain/Event.ts"
import {
  type Desired,
  type InstanceName,
  type InstanceRecord,
  type LastEvent,
  nothingObserved
} from "../Domain/Instance.ts"
import type { Change } from "../Domain/Projection.ts"
import { Row, toLastEvent, toRecord } from "./InstanceStore/Row.ts"

export class InstanceStore extends Context.Tag("evolution-listener/InstanceStore")<
  InstanceStore,
  {
    readonly get: (name: string) => InstanceRecord | undefined
    /** `null`: nothing has come yet. */
    readonly lastEvent: (name: string) => LastEvent | null
    /** By name. */
    readonly all: Effect.Effect<ReadonlyArray<InstanceRecord>>
    /** Writes down what is wanted, and since when; makes the instance known. */
    readonly desire: (
      name: InstanceName,
      desired: Desired,
      since?: DateTime.Utc
    ) => Effect.Effect<InstanceRecord, SqlError.SqlError>
    /** Takes over a batch that is committed: what it has changed, and that it came. */
    readonly applyCommitted: (
      changes: ReadonlyArray<Change>,
      events: ReadonlyArray<EvolutionEvent>
    ) => void
    /** Drops the row; the instance's events stay in the log. */
    readonly forget: (name: InstanceName) => Effect.Effect<void, SqlError.SqlError>
  }
>() {
  static readonly layer = Layer.scoped(
    InstanceStore,
    Effect.suspend(() => make)
  )
}

/**
 * How long an expired code may outlive itself in the table, which nobody is shown meanwhile, and how far
 * `last_event` may be behind; after a crash it is read from the log.
 */
const sweepEvery = "5 seconds"

/** So many last events are written at once; the others' turn comes 5 s later. */
const maxWrittenBehind = 2000

/** Every message is one: so it is changed in place, and not made anew. */
interface Last {
  event: string | undefined
  /** ms since 1970 UTC. */
  at: number
  /** The table does not have it yet. */
  isBehind: boolean
}

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* Effect.flatMap(
    sql`
      select i.*, last.event as logged, last.received_at as logged_at
      from instances i left join lateral (
        select event, received_at from (
          select id, event, received_at, origin from events
          where instance = i.name order by id desc limit 100
        ) recent
        where origin = 'live' and received_at >= i.known_since order by id desc limit 1
      ) last on true`,
    Schema.decodeUnknown(Schema.Array(Row))
  )
  const records = new Map<string, InstanceRecord>(rows.map((row) => [row.name, toRecord(row)]))

  const update = (name: string, changed: Partial<InstanceRecord>) => {
    const record = records.get(name)
    if (record !== undefined) records.set(name, { ...record, ...changed })
  }

  /** A code is a credential: it goes when it can no longer be scanned. */
  const sweep = Effect.gen(function* () {
    const now = yield* DateTime.now
    const expired = [...records.values()].filter(
      ({ qr }) => qr !== null && DateTime.lessThanOrEqualTo(qr.expiresAt, now)
    )
    if (expired.length === 0) return
    yield* sql`
      update instances
      set qr_code = null, qr_base64 = null, qr_pairing_code = null,
          qr_received_at = null, qr_expires_at = null
      where qr_expires_at <= ${DateTime.toDate(now)}`
    for (const { name, qr } of expired) if (records.get(name)?.qr === qr) update(name, { qr: null })
  }).pipe(
    Effect.catchAll((error) => Effect.logWarning(`Cannot clear expired codes: ${detailOf(error)}`))
  )
  const lasts = new Map<string, Last>()
  const keep = (name: string, last: LastEvent | null) =>
    lasts.set(name, {
      event: last?.event,
      at: last === null ? 0 : DateTime.toEpochMillis(last.at),
      isBehind: false
    })
  for (const row of rows) keep(row.name, toLastEvent(row))

  /** A row that the writer has in hand is skipped: who waits for nobody is in no deadlock. */
  const writeBehind = Effect.suspend(() => {
    const behind = new Map<string, Last>()
    for (const [name, last] of lasts) {
      if (last.isBehind) behind.set(name, last)
      if (behind.size === maxWrittenBehind) break
    }
    if (behind.size === 0) return Effect.void
    const rows = [...behind].map(([name, { at, event }]) => ({ name, event, at: new Date(at) }))
    for (const [name, last] of behind) {
      last.isBehind = false
      // The next ones go first next time.
      lasts.delete(name)
      lasts.set(name, last)
    }
    return sql<{ name: string }>`
      with free as (
        select i.name, l.event, l.at
        from instances i join jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
          as l (name text, event text, at timestamptz) on i.name = l.name
        for update of i skip locked
      )
      update instances i set last_event = f.event, last_event_at = f.at
      from free f where i.name = f.name returning i.name`.pipe(
      Effect.tap((written) => Effect.sync(() => written.map(({ name }) => behind.delete(name)))),
      Effect.ensuring(
        Effect.sync(() => {
          for (const last of behind.values()) last.isBehind = true
        })
      ),
      Effect.catchAll((error) =>
        Effect.logWarning(`Cannot note the last events: ${detailOf(error)}`)
      )
    )
  })

  yield* sweep
  yield* Supervise.loop(
    "sweep of expired codes",
    Effect.schedule(Effect.zipRight(sweep, writeBehind), Schedule.spaced(sweepEvery))
  )

  return InstanceStore.of({
    get: (name) => records.get(name),
    lastEvent: (name) => {
      const { at = 0, event } = lasts.get(name) ?? {}
      return event === undefined ? null : { event, at: DateTime.unsafeMake(at) }
    },
    all: Effect.sync(() =>
      [...records.values()].sort((left, right) => (left.name < right.name ? -1 : 1))
    ),
    desire: (name, desired, since) =>
      Effect.gen(function* () {
        const before = records.get(name)
        const unchanged = before?.desired === desired ? before.desiredAt : undefined
        const desiredAt = since ?? unchanged ?? (yield* DateTime.now)
        yield* sql`
          insert into instances (name, desired, desired_at, known_since)
          values (${name}, ${desired}, ${DateTime.toDate(desiredAt)}, ${DateTime.toDate(desiredAt)})
          on conflict (name) do update
          set desired = excluded.desired, desired_at = excluded.desired_at`
        const record = { ...nothingObserved, ...records.get(name), name, desired, desiredAt }
        records.set(name, record)
        if (!lasts.has(name)) keep(name, null)
        return record
      }),
    applyCommitted: (changes, events) => {
      for (const { name, observed } of changes) update(name, observed)
      for (const { event, instance, origin, receivedAt } of events) {
        const last = origin === "live" ? lasts.get(instance) : undefined
        if (last === undefined) continue
        last.event = event
        last.at = receivedAt
        last.isBehind = true
      }
    },
    forget: (name) =>
      Effect.asVoid(sql`delete from instances where name = ${name}`).pipe(
        Effect.tap(() =>
          Effect.sync(() => {
            records.delete(name)
            lasts.delete(name)
          })
        )
      )
  })
})
