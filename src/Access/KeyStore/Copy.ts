/** The keys in memory, so that callers are recognised also while the database is away. */
import { DateTime, Duration, Effect } from "effect"
import { isValid, type Key } from "../../Domain/Key.ts"

/** The hash of a key, and the key. */
export type Entry = readonly [hash: string, key: Key]

export interface Copy {
  /** Oldest first. */
  readonly all: () => ReadonlyArray<Key>
  readonly byHash: (hash: string) => Key | undefined
  readonly byId: (id: string) => Key | undefined
  /** Adds keys, or changes them. */
  readonly put: (entries: ReadonlyArray<Entry>) => void
  /** Has these keys from now on, and no others. */
  readonly replace: (entries: ReadonlyArray<Entry>) => void
  readonly noteUse: (hash: string, at: DateTime.Utc) => void
  /** Waits until a key is revoked, expired or gone. */
  readonly end: (id: string) => Effect.Effect<void>
}

/** Clocks are set now and then, and a timer runs for less than 25 days. */
const longestSleep = Duration.minutes(1)

/** `time`: that by which keys expire. */
export const make = (time: Effect.Effect<DateTime.Utc>): Copy => {
  let keys = new Map<string, Key>()
  let hashes = new Map<string, string>()
  const waiting = new Set<() => void>()
  let changes = 0

  const put = (entries: ReadonlyArray<Entry>, old: ReadonlyMap<string, Key>): void => {
    for (const [hash, key] of entries) {
      // A use is written down late, or by another process.
      keys.set(hash, { ...key, lastUsedAt: later(key.lastUsedAt, old.get(hash)?.lastUsedAt) })
      hashes.set(key.id, hash)
    }
    changes++
    for (const wake of [...waiting]) wake()
  }
  const changeAfter = (seen: number) =>
    Effect.async<void>((resume) => {
      const wake = () => {
        waiting.delete(wake)
        resume(Effect.void)
      }
      waiting.add(wake)
      if (changes !== seen) wake()
      return Effect.sync(() => waiting.delete(wake))
    })
  const byId = (id: string) => keys.get(hashes.get(id) ?? "")

  return {
    all: () =>
      [...keys.values()].sort((one, other) => DateTime.Order(one.createdAt, other.createdAt)),
    byHash: (hash) => keys.get(hash),
    byId,
    put: (entries) => put(entries, keys),
    replace: (entries) => {
      const old = keys
      keys = new Map()
      hashes = new Map()
      put(entries, old)
    },
    noteUse: (hash, at) => {
      const key = keys.get(hash)
      if (key !== undefined) keys.set(hash, { ...key, lastUsedAt: at })
    },
    end: (id) =>
      Effect.gen(function* () {
        for (;;) {
          const seen = changes
          const key = byId(id)
          const now = yield* time
          if (key === undefined || !isValid(key, now)) return
          const change = changeAfter(seen)
          yield* key.expiresAt === null
            ? change
            : Effect.timeoutOption(
                change,
                Duration.min(DateTime.distanceDuration(now, key.expiresAt), longestSleep)
              )
        }
      })
  }
}

const later = (one: DateTime.Utc | null, other: DateTime.Utc | null | undefined) =>
  one === null || (other && DateTime.lessThan(one, other)) ? (other ?? null) : one
