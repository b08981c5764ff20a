/** Time is real here: changes go by a real Postgres. */
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Fiber, Option, type Redacted } from "effect"
import { KeyStore } from "../../../src/Access/KeyStore.ts"
import { replica, schema, testDatabaseUrl, type Way, ways, withinOneSecond } from "../Replicas.ts"

const wanted = {
  name: "of the till",
  scope: "read",
  instances: null,
  servers: null,
  expiresAt: null
} as const

const start = (url: string, way: Way) =>
  Effect.map(replica(url, way, KeyStore.layer), ({ services, ...rest }) => ({
    ...rest,
    store: Context.get(services, KeyStore)
  }))

const pair = (way: Way) =>
  Effect.flatMap(schema, (url) => Effect.all([start(url, way), start(url, way)]))

const isKnown = (store: KeyStore["Type"], key: Redacted.Redacted) =>
  Effect.map(store.find(key), Option.isSome)

const yes = (isSo: boolean) => isSo
const no = (isSo: boolean) => !isSo

describe.skipIf(testDatabaseUrl === "").each(ways)(
  "The keys of two processes, by %s",
  { timeout: 60_000 },
  (way) => {
    it.scopedLive("are made, and revoked, for both within a second", () =>
      Effect.gen(function* () {
        const [one, other] = yield* pair(way)
        for (const [here, there] of [
          [one.store, other.store],
          [other.store, one.store]
        ] as const) {
          const [{ id }, key] = yield* here.create(wanted)
          expect(yield* isKnown(here, key)).toBe(true)
          yield* withinOneSecond(isKnown(there, key), yes)
          expect((yield* there.valid(id)).pipe(Option.map((found) => found.id))).toEqual(
            Option.some(id)
          )

          const end = yield* Effect.fork(here.end(id))
          yield* there.revoke(id)
          expect(yield* isKnown(there, key)).toBe(false)
          yield* withinOneSecond(isKnown(here, key), no)
          yield* Fiber.join(end)
          expect(yield* here.valid(id)).toEqual(Option.none())
          expect((yield* here.all).at(-1)?.revokedAt).not.toBeNull()
        }
      })
    )
  }
)

describe.skipIf(testDatabaseUrl === "")("The keys of two processes", { timeout: 60_000 }, () => {
  it.scopedLive("are revoked by one that does not know them yet", () =>
    Effect.gen(function* () {
      const [one, other] = yield* pair("looks")
      const [{ id }, key] = yield* one.store.create(wanted)
      expect(Option.map(yield* other.store.revoke(id), (found) => found.id)).toEqual(
        Option.some(id)
      )
      yield* withinOneSecond(isKnown(one.store, key), no)
    })
  )

  it.scopedLive("are known at once to one that looks", () =>
    Effect.gen(function* () {
      const [one, other] = yield* pair("looks")
      const [{ id }, key] = yield* one.store.create(wanted)
      yield* other.store.refresh
      expect(yield* isKnown(other.store, key)).toBe(true)
      yield* one.store.revoke(id)
      yield* other.store.refresh
      expect(yield* isKnown(other.store, key)).toBe(false)
    })
  )

  it.scopedLive("are revoked also by a process of a version that tells nobody", () =>
    Effect.gen(function* () {
      const [one, other] = yield* pair("looks")
      const [{ id }, key] = yield* one.store.create(wanted)
      yield* withinOneSecond(isKnown(other.store, key), yes)
      yield* other.sql`update keys set revoked_at = now() where id = ${id}`
      yield* withinOneSecond(
        Effect.all([isKnown(one.store, key), isKnown(other.store, key)]),
        (known) => known.every(no)
      )
    })
  )

  it.scopedLive(
    "stay as they are known while the database is away, and are mended when it is back",
    () =>
      Effect.gen(function* () {
        const [one, other] = yield* pair("notices")
        const [{ id }, key] = yield* one.store.create(wanted)
        const [, kept] = yield* one.store.create(wanted)
        yield* withinOneSecond(isKnown(other.store, kept), yes)
        yield* other.cut
        yield* Effect.flip(other.store.create(wanted))
        yield* one.store.revoke(id)
        expect(yield* isKnown(other.store, key)).toBe(true)
        expect(yield* isKnown(other.store, kept)).toBe(true)
        yield* other.mend
        // A look that failed is under way for a second.
        yield* withinOneSecond(isKnown(other.store, key), no).pipe(Effect.retry({ times: 2 }))
        expect(yield* isKnown(other.store, kept)).toBe(true)
      })
  )

  it.scopedLive("are refused if a later version wrote what this one cannot read", () =>
    Effect.gen(function* () {
      const [one, other] = yield* pair("looks")
      const [{ id }, key] = yield* one.store.create(wanted)
      const [, kept] = yield* one.store.create(wanted)
      yield* withinOneSecond(isKnown(other.store, kept), yes)
      yield* other.sql`update keys set scope = 'later' where id = ${id}`
      yield* withinOneSecond(isKnown(other.store, key), no)
      expect(yield* isKnown(other.store, kept)).toBe(true)
    })
  )
})
