/**
 * The wanted and the known state of each instance: the `instances` table, with a copy in memory. One
 * process writes the table, so the copy answers every question, and does so when the database cannot.
 */
import { SqlClient, type SqlError } from "@effect/sql"
import { Clock, Context, DateTime, Effect, Layer, Schedule, Schema } from "effect"
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
import { Server } from "../Domain/Server.ts"
import { CurrentFence } from "../Domain/Tenure.ts"
import { ownedBy } from "./Admission.ts"
import * as Forgotten from "./InstanceStore/Forgotten.ts"
import * as LastEvents from "./InstanceStore/LastEvents.ts"
import { Row, toLastEvent, toRecord } from "./InstanceStore/Row.ts"

export class InstanceStore extends Context.Tag("evolution-listener/InstanceStore")<
  InstanceStore,
  {
    readonly get: (name: string) => InstanceRecord | undefined
    /** The last live event; `null`: none has come yet. */
    readonly lastEvent: (name: string) => LastEvent | null
    /** By name. */
    readonly all: Effect.Effect<ReadonlyArray<InstanceRecord>>
    /** Writes the wanted state, and since when it is wanted; an instance without a row gets one. */
    readonly desire: (
      name: InstanceName,
      desired: Desired,
      since?: DateTime.Utc
    ) => Effect.Effect<InstanceRecord, SqlError.SqlError>
    /**
     * Adds instances that Evolution listed at `listedAt` (ms since 1970 UTC); one with a row keeps it. An
     * instance forgotten just before is left out: Evolution still lists it while it cleans up.
     */
    readonly add: (
      names: ReadonlyArray<InstanceName>,
      listedAt: number
    ) => Effect.Effect<void, SqlError.SqlError>
    /** Takes a committed batch over into the copy: its changes, and the last event of each instance. */
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
 * An expired code stays in the table for so long at most, and is shown to no caller. The table's
 * `last_event` is behind by as much; after a crash it is read from the log.
 */
const sweepEvery = "5 seconds"

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const server = yield* Server
  const { epoch } = yield* CurrentFence
  const isOwner = ownedBy(sql, server, epoch)
  const rows = yield* Effect.flatMap(
    sql`
      select i.*, last.event as logged, last.received_at as logged_at
      from instances i left join lateral (
        select event, received_at from (
          select id, event, received_at, origin from events
          where server = ${server} and instance = i.name order by id desc limit 100
        ) recent
        where origin = 'live' and received_at >= i.known_since order by id desc limit 1
      ) last on true
      where i.server = ${server}`,
    Schema.decodeUnknown(Schema.Array(Row))
  )
  const records = new Map<string, InstanceRecord>(rows.map((row) => [row.name, toRecord(row)]))

  const forgotten = Forgotten.make()
  const lasts = LastEvents.make(sql, server, isOwner)
  for (const row of rows) lasts.follow(row.name, toLastEvent(row))

  const keep = (record: InstanceRecord): InstanceRecord => {
    records.set(record.name, record)
    lasts.follow(record.name, null)
    return record
  }

  const update = (name: string, changed: Partial<InstanceRecord>) => {
    const record = records.get(name)
    if (record !== undefined) records.set(name, { ...record, ...changed })
  }

  /** A code is a credential: it is deleted when it can no longer be scanned. */
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
      where server = ${server} and qr_expires_at <= ${DateTime.toDate(now)} and ${isOwner}`
    for (const { name, qr } of expired) if (records.get(name)?.qr === qr) update(name, { qr: null })
  }).pipe(
    Effect.catchAll((error) => Effect.logWarning(`Cannot clear expired codes: ${detailOf(error)}`))
  )
  yield* sweep
  yield* Supervise.loop(
    "sweep of expired codes",
    Effect.schedule(Effect.zipRight(sweep, lasts.writeBehind), Schedule.spaced(sweepEvery))
  )

  return InstanceStore.of({
    get: (name) => records.get(name),
    lastEvent: lasts.get,
    all: Effect.sync(() =>
      [...records.values()].sort((left, right) => (left.name < right.name ? -1 : 1))
    ),
    desire: (name, desired, since) =>
      Effect.gen(function* () {
        const before = records.get(name)
        const unchanged = before?.desired === desired ? before.desiredAt : undefined
        const desiredAt = since ?? unchanged ?? (yield* DateTime.now)
        yield* sql`
          insert into instances (server, name, desired, desired_at, known_since)
          values (${server}, ${name}, ${desired}, ${DateTime.toDate(desiredAt)}, ${DateTime.toDate(desiredAt)})
          on conflict (server, name) do update
          set desired = excluded.desired, desired_at = excluded.desired_at`
        return keep({ ...nothingObserved, ...records.get(name), name, desired, desiredAt })
      }),
    add: (names, listedAt) =>
      Effect.gen(function* () {
        const fresh = names.filter(
          (name) => !records.has(name) && !forgotten.mayLinger(name, listedAt)
        )
        if (fresh.length === 0) return
        const desiredAt = DateTime.unsafeMake(listedAt)
        const at = DateTime.toDate(desiredAt)
        yield* sql`
          insert into instances (server, name, desired, desired_at, known_since)
          select ${server}, name, 'unset', ${at}::timestamptz, ${at}::timestamptz
          from jsonb_array_elements_text(${JSON.stringify(fresh)}::jsonb) as listed (name)
          on conflict (server, name) do nothing`
        // A command may have added one meanwhile.
        for (const name of fresh)
          if (!records.has(name)) keep({ ...nothingObserved, name, desired: "unset", desiredAt })
      }),
    applyCommitted: (changes, events) => {
      for (const { name, observed } of changes) update(name, observed)
      lasts.applyCommitted(events)
    },
    forget: (name) =>
      Effect.map(
        Effect.zipRight(
          sql`delete from instances where server = ${server} and name = ${name}`,
          Clock.currentTimeMillis
        ),
        (now) => {
          forgotten.note(name, now)
          records.delete(name)
          lasts.forget(name)
        }
      )
  })
})
