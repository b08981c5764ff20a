/**
 * The `keys` table, with a copy in memory, so that callers are recognised also while the database is
 * away. Only the hash of a key is stored.
 */
import { createHash, randomBytes, randomUUID } from "node:crypto"
import { SqlClient, type SqlError } from "@effect/sql"
import { Context, DateTime, Duration, Effect, Layer, Option, Redacted, Schema } from "effect"
import { detailOf } from "../Domain/ErrorDetail.ts"
import { isValid, type Key, NamePattern, Scope } from "../Domain/Key.ts"
import { ServerId } from "../Domain/Server.ts"

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
  }
>() {
  static readonly layer = Layer.scoped(
    KeyStore,
    Effect.suspend(() => make)
  )
}

/** `lastUsedAt` is exact to this. */
const useNotedEvery = Duration.minutes(1)

const Time = Schema.NullOr(Schema.DateTimeUtcFromDate)

const Row = Schema.Struct({
  id: Schema.UUID,
  name: Schema.String,
  hash: Schema.String,
  scope: Scope,
  instances: Schema.NullOr(Schema.Array(NamePattern)),
  servers: Schema.NullOr(Schema.Array(ServerId)),
  created_at: Schema.DateTimeUtcFromDate,
  expires_at: Time,
  revoked_at: Time,
  last_used_at: Time
})

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const scope = yield* Effect.scope
  const rows = yield* Effect.flatMap(
    sql`select * from keys order by created_at`,
    Schema.decodeUnknown(Schema.Array(Row))
  )
  /** By hash. */
  const keys = new Map(rows.map((row) => [row.hash, toKey(row)]))

  const noteUse = (hash: string, key: Key, now: DateTime.Utc) => {
    if (key.lastUsedAt !== null && DateTime.distance(key.lastUsedAt, now) < noteMillis)
      return Effect.void
    keys.set(hash, { ...key, lastUsedAt: now })
    return sql`update keys set last_used_at = ${DateTime.toDate(now)} where id = ${key.id}`.pipe(
      Effect.catchAll((error) => Effect.logDebug(`Cannot note a key's use: ${detailOf(error)}`)),
      Effect.forkIn(scope)
    )
  }

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
        keys.set(hash, key)
        return [key, secret] as const
      }),
    all: Effect.sync(() => [...keys.values()]),
    revoke: (id) =>
      Effect.gen(function* () {
        const found = [...keys].find(([, key]) => key.id === id)
        if (found === undefined) return Option.none()
        const [hash, key] = found
        const revokedAt = key.revokedAt ?? (yield* DateTime.now)
        yield* sql`update keys set revoked_at = ${DateTime.toDate(revokedAt)} where id = ${id}`
        const revoked = { ...key, revokedAt }
        keys.set(hash, revoked)
        return Option.some(revoked)
      }),
    find: (given) =>
      Effect.gen(function* () {
        const hash = hashOf(given)
        const key = keys.get(hash)
        const now = yield* DateTime.now
        if (key === undefined || !isValid(key, now)) return Option.none()
        yield* noteUse(hash, key, now)
        return Option.some(key)
      })
  })
})

const noteMillis = Duration.toMillis(useNotedEvery)

const toKey = ({
  created_at: createdAt,
  expires_at: expiresAt,
  hash: _,
  last_used_at: lastUsedAt,
  revoked_at: revokedAt,
  ...key
}: typeof Row.Type): Key => ({ ...key, createdAt, expiresAt, revokedAt, lastUsedAt })
