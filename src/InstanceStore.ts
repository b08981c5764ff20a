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

/** How long an expired code may outlive itself in the table; nobody is shown one meanwhile. */
const sweepEvery = "5 seconds"

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* Effect.flatMap(
    sql`select * from instances`,
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
  yield* sweep
  yield* Effect.forkScoped(Effect.schedule(sweep, Schedule.spaced(sweepEvery)))

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
      for (const { name, observed } of changes) update(name, observed)
    },
    forget: (name) =>
      Effect.asVoid(sql`delete from instances where name = ${name}`).pipe(
        Effect.tap(() => Effect.sync(() => records.delete(name)))
      )
  })
})
