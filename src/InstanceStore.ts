/**
 * What we want and know of each instance: the `instances` table, with a copy in memory. One process
 * writes it, so the copy answers every question, and answers when the database cannot.
 */
import { SqlClient, type SqlError } from "@effect/sql"
import { Context, DateTime, Effect, Layer, Schedule, Schema } from "effect"
import {
  type Desired,
  type InstanceName,
  type InstanceRecord,
  nothingObserved
} from "./Domain/Instance.ts"
import type { Change } from "./Domain/Projection.ts"
import { Row, toRecord } from "./InstanceStore/Row.ts"
import { detailOf } from "./Sql/Failure.ts"

export class InstanceStore extends Context.Tag("evolution-listener/InstanceStore")<
  InstanceStore,
  {
    readonly get: (name: string) => InstanceRecord | undefined
    /** By name. */
    readonly all: Effect.Effect<ReadonlyArray<InstanceRecord>>
    /** Writes down what is wanted, and since when; makes the instance known. */
    readonly desire: (
      name: InstanceName,
      desired: Desired,
      since?: DateTime.Utc
    ) => Effect.Effect<InstanceRecord, SqlError.SqlError>
    /** Takes over what a batch, once committed, has changed. */
    readonly accept: (changes: ReadonlyArray<Change>) => void
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
  /** Those whose last event is not in the table yet. */
  const heard = new Set<string>()

  /** A row that the writer has in hand is skipped: who waits for nobody is in no deadlock. */
  const writeBehind = Effect.suspend(() => {
    const last = new Map([...heard].map((name) => [name, records.get(name)?.lastEvent ?? null]))
    if (last.size === 0) return Effect.void
    const rows = [...last].map(([name, one]) => ({ name, ...one }))
    return Effect.map(
      sql<{ name: string }>`
        with free as (
          select i.name, l.event, l.at
          from instances i join jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
            as l (name text, event text, at timestamptz) on i.name = l.name
          for update of i skip locked
        )
        update instances i set last_event = f.event, last_event_at = f.at
        from free f where i.name = f.name returning i.name`,
      (written) => {
        for (const { name } of written)
          if (records.get(name)?.lastEvent === last.get(name)) heard.delete(name)
      }
    )
  }).pipe(
    Effect.catchAll((error) => Effect.logWarning(`Cannot note the last events: ${detailOf(error)}`))
  )

  yield* sweep
  yield* Effect.forkScoped(
    Effect.schedule(Effect.zipRight(sweep, writeBehind), Schedule.spaced(sweepEvery))
  )

  return InstanceStore.of({
    get: (name) => records.get(name),
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
        return record
      }),
    accept: (changes) => {
      for (const { name, observed } of changes) {
        update(name, observed)
        heard.add(name)
      }
    },
    forget: (name) =>
      Effect.asVoid(sql`delete from instances where name = ${name}`).pipe(
        Effect.tap(() =>
          Effect.sync(() => {
            records.delete(name)
            heard.delete(name)
          })
        )
      )
  })
})
