/**
 * The `keys` table, with a copy in memory, so that callers are recognised also while the database is
 * away. Only the hash of a key is stored.
 */
import { createHash, randomBytes, randomUUID } from "node:crypto"
import { SqlClient, type SqlError } from "@effect/sql"
import { Context, DateTime, Duration, Effect, Layer, Option, Redacted } from "effect"
import { monotonicOf } from "../Domain/Clock.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import { isValid, type Key, type Scope } from "../Domain/Key.ts"
import type { ServerId } from "../Domain/Server.ts"
import { Notices } from "../Storage/Notices.ts"
import * as Copy from "./KeyStore/Copy.ts"
import * as Rows from "./KeyStore/Rows.ts"

export interface KeyWanted {
  readonly name: string
  readonly scope: Scope
  readonly instances: ReadonlyArray<string> | null
  readonly servers: ReadonlyArray<ServerId> | null
  readonly expiresAt: DateTime.Utc | null
}

/** A plain hash is enough, since keys have 256 random bits. */
export const hashOf = (key: Redacted.Redacted): string =>
  createHash("sha256").update(Redacted.value(key)).digest("hex")

export class KeyStore extends Context.Tag("evolution-listener/KeyStore")<
  KeyStore,
  {
    /** Makes a key of 256 random bits. This is the only time that the key itself is given. */
    readonly create: (
      wanted: KeyWanted
    ) => Effect.Effect<readonly [Key, Redacted.Redacted], SqlError.SqlError>
    /** Oldest first, with revoked and expired keys. */
    readonly all: Effect.Effect<ReadonlyArray<Key>>
    /** Revokes a key; `None`: there is no such key. */
    readonly revoke: (id: string) => Effect.Effect<Option.Option<Key>, SqlError.SqlError>
    /** Finds a key, unless it is revoked or expired, and records its use. */
    readonly find: (given: Redacted.Redacted) => Effect.Effect<Option.Option<Key>>
    /** The key with an id, unless it is revoked or expired. */
    readonly valid: (id: string) => Effect.Effect<Option.Option<Key>>
    /** Learns what other processes changed, at once. A process alone knows it. */
    readonly refresh: Effect.Effect<void>
    /** Waits until the key with an id is revoked or expired. */
    readonly end: (id: string) => Effect.Effect<void>
  }
>() {
  /** Where several processes share the database, each knows of the changes of the others within a second. */
  static readonly layer = Layer.scoped(
    KeyStore,
    Effect.suspend(() => make)
  )
}

/** `lastUsedAt` is exact to this. */
const useNotedEvery = Duration.minutes(1)

/** Between looks for changes by other processes, where no notice comes. */
const lookEvery = Duration.millis(350)
const lookWithin = Duration.seconds(1)

/** Finds what changes do not tell: deleted rows, later uses, and a database that went back to an earlier state. */
const readAllEvery = Duration.minutes(1)

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const scope = yield* Effect.scope
  const { follow, isShared, send } = yield* Notices
  const monotonic = monotonicOf(yield* Effect.clock)
  const copy = Copy.make(DateTime.now)
  let lastChange = 0
  let readAllAt = monotonic()
  // No look puts back what it read before a change of ours.
  const turns = yield* Effect.makeSemaphore(1)
  const inTurn = turns.withPermits(1)

  const readAll = Effect.gen(function* () {
    readAllAt = monotonic()
    const rows = yield* sql<Rows.Found>`select * from keys`
    const { entries, unread } = Rows.entriesOf(rows)
    for (const id of unread)
      yield* Effect.logWarning(
        `Cannot read the key ${id}, so it is refused: did a later version make it?`
      )
    copy.replace(entries)
    lastChange = Rows.lastChange(rows, 0)
  })

  const readChanges = Effect.gen(function* () {
    const rows = yield* sql<Rows.Found>`select * from keys where change > ${lastChange}`
    if (rows.length === 0) return
    const { entries, unread } = Rows.entriesOf(rows)
    if (unread.length > 0) return yield* readAll
    copy.put(entries)
    lastChange = Rows.lastChange(rows, lastChange)
  })

  yield* readAll
  const look = Effect.suspend(() =>
    monotonic() - readAllAt < readAllMillis ? readChanges : readAll
  ).pipe(
    Effect.disconnect,
    Effect.timeout(lookWithin),
    inTurn,
    Effect.catchAll((error) => Effect.logDebug(`Cannot look for changed keys: ${detailOf(error)}`))
  )
  yield* follow("access", lookEvery, look)

  const noteUse = (hash: string, { id, lastUsedAt }: Key, usedAt: DateTime.Utc) => {
    if (lastUsedAt !== null && DateTime.distance(lastUsedAt, usedAt) < noteMillis)
      return Effect.void
    copy.noteUse(hash, usedAt)
    const at = DateTime.toDate(usedAt)
    return sql`
      update keys set last_used_at = ${at}
      where id = ${id} and (last_used_at is null or last_used_at < ${at})`.pipe(
      Effect.catchAll((error) => Effect.logDebug(`Cannot note a key's use: ${detailOf(error)}`)),
      Effect.forkIn(scope)
    )
  }

  const validKey = (key: Key | undefined) =>
    Effect.map(DateTime.now, (at) =>
      key !== undefined && isValid(key, at) ? Option.some(key) : Option.none()
    )

  return KeyStore.of({
    create: ({ expiresAt, instances, name, scope: given, servers }) =>
      Effect.gen(function* () {
        const secret = Redacted.make(`el_${randomBytes(32).toString("base64url")}`)
        const hash = hashOf(secret)
        const createdAt = yield* DateTime.now
        const facts = {
          id: randomUUID(),
          name,
          scope: given,
          instances,
          servers,
          createdAt,
          expiresAt
        }
        const key: Key = { ...facts, revokedAt: null, lastUsedAt: null }
        yield* sql`
          insert into keys (id, name, hash, scope, instances, servers, created_at, expires_at)
          values (${key.id}, ${name}, ${hash}, ${given},
            ${instances === null ? null : JSON.stringify(instances)}::jsonb,
            ${servers === null ? null : JSON.stringify(servers)}::jsonb,
            ${DateTime.toDate(createdAt)}, ${expiresAt && DateTime.toDate(expiresAt)})`
        copy.put([[hash, key]])
        yield* send("access")
        return [key, secret] as const
      }).pipe(inTurn),
    all: Effect.sync(copy.all),
    revoke: (id) =>
      Effect.gen(function* () {
        const at = DateTime.toDate(yield* DateTime.now)
        const rows = yield* sql<Rows.Found>`
          update keys set revoked_at = coalesce(revoked_at, ${at}) where id = ${id} returning *`
        const { entries } = Rows.entriesOf(rows)
        copy.put(entries)
        yield* send("access")
        return Option.fromNullable(entries[0]?.[1])
      }).pipe(inTurn),
    find: (given) =>
      Effect.gen(function* () {
        const hash = hashOf(given)
        const key = yield* validKey(copy.byHash(hash))
        if (Option.isSome(key)) yield* noteUse(hash, key.value, yield* DateTime.now)
        return key
      }),
    refresh: isShared ? look : Effect.void,
    valid: (id) => Effect.suspend(() => validKey(copy.byId(id))),
    end: copy.end
  })
})

const noteMillis = Duration.toMillis(useNotedEvery)
const readAllMillis = Duration.toMillis(readAllEvery)
