import { createHash, randomBytes } from "node:crypto"
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Redacted } from "effect"
import { Tickets } from "../../src/Access/Tickets.ts"
import { replica, schema, testDatabaseUrl } from "./Replicas.ts"

const ticket = () => Redacted.make(randomBytes(32).toString("base64url"))

/** Time is real here: the tickets are in a real Postgres. */
const start = (url: string) =>
  Effect.map(replica(url, "looks", Tickets.layer), ({ services, ...rest }) => ({
    ...rest,
    tickets: Context.get(services, Tickets)
  }))
const pair = Effect.flatMap(schema, (url) => Effect.all([start(url), start(url)]))

describe.skipIf(testDatabaseUrl === "")("The tickets of two processes", { timeout: 60_000 }, () => {
  it.scopedLive("are taken once, by either, also if many try at the same instant", () =>
    Effect.gen(function* () {
      const [one, other] = yield* pair
      for (let round = 0; round < 3; round++) {
        const given = ticket()
        yield* one.tickets.keep(given)
        const tries = Array.from(Array(100), (_, nth) =>
          (nth % 2 === 0 ? one : other).tickets.take(given)
        )
        const taken = yield* Effect.all(tries, { concurrency: "unbounded" })
        expect(taken.filter((isTaken) => isTaken)).toHaveLength(1)
      }
      const given = ticket()
      yield* one.tickets.keep(given)
      expect(yield* other.tickets.take(given)).toBe(true)
      expect(yield* one.tickets.take(given)).toBe(false)
    })
  )

  it.scopedLive("are in the database as a hash alone, until they are used", () =>
    Effect.gen(function* () {
      const [one, other] = yield* pair
      const given = ticket()
      yield* one.tickets.keep(given)
      const rows = one.sql<{ text: string }>`select to_jsonb(tickets)::text as text from tickets`
      const [row, ...more] = yield* rows
      expect(more).toEqual([])
      expect(row?.text).toContain(createHash("sha256").update(Redacted.value(given)).digest("hex"))
      expect(row?.text).not.toContain(Redacted.value(given))
      yield* other.tickets.take(given)
      expect(yield* rows).toEqual([])
    })
  )

  it.scopedLive("expire by the clock of the database, and go then", () =>
    Effect.gen(function* () {
      const [one, other] = yield* pair
      const [given, left] = [ticket(), ticket()]
      yield* one.tickets.keep(given)
      yield* one.tickets.keep(left)
      const ends = one.sql<{ minutes: number }>`
          select round(extract(epoch from expires_at - now()) / 60)::int as minutes from tickets`
      expect(yield* ends).toEqual([{ minutes: 10 }, { minutes: 10 }])
      yield* one.sql`update tickets set expires_at = now()`
      expect(yield* other.tickets.take(given)).toBe(false)
      yield* one.tickets.keep(ticket())
      expect(yield* ends).toEqual([{ minutes: 10 }])
    })
  )

  it.scopedLive("are a hundred at most, and the oldest go first", () =>
    Effect.gen(function* () {
      const [one, other] = yield* pair
      const all = Array.from(Array(101), ticket)
      yield* Effect.forEach(all, (each, nth) => (nth % 2 === 0 ? one : other).tickets.keep(each))
      const taken = yield* Effect.forEach(all, other.tickets.take)
      expect(taken).toEqual([false, ...Array(100).fill(true)])
    })
  )

  it.scopedLive("are not asked for again once they were refused", () =>
    Effect.gen(function* () {
      const [one] = yield* pair
      const given = ticket()
      expect(yield* one.tickets.take(given)).toBe(false)
      yield* one.cut
      expect(yield* one.tickets.take(given)).toBe(false)
      yield* Effect.flip(one.tickets.take(ticket()))
      yield* Effect.flip(one.tickets.keep(ticket()))
    })
  )
})
