/**
 * Tickets that sign somebody in, once each. Where several processes share the database, the tickets are in it: a
 * ticket of one process is good for all, and the row goes with its use, so that two never take the same. A process
 * alone keeps them in memory: a restart makes them void, and no sign-in waits for the database.
 */
import { SqlClient, type SqlError } from "@effect/sql"
import { Clock, Context, Duration, Effect, Layer, Redacted, Schedule } from "effect"
import { loop } from "../Concurrency/Supervise.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import { Notices } from "../Storage/Notices.ts"
import { hashOf } from "./KeyStore.ts"

export class Tickets extends Context.Tag("evolution-listener/Tickets")<
  Tickets,
  {
    /** Keeps a ticket for ten minutes, or until a hundred newer ones are there. It has 256 random bits. */
    readonly keep: (ticket: Redacted.Redacted) => Effect.Effect<void, SqlError.SqlError>
    /** True the first time, for a ticket that is kept. */
    readonly take: (ticket: Redacted.Redacted) => Effect.Effect<boolean, SqlError.SqlError>
  }
>() {
  /** A process alone. */
  static readonly layerAlone: Layer.Layer<Tickets> = Layer.effect(
    Tickets,
    Effect.suspend(() => alone)
  )

  static readonly layer = Layer.unwrapEffect(
    Effect.map(Notices, ({ isShared }) =>
      isShared ? Layer.scoped(Tickets, shared) : Tickets.layerAlone
    )
  )
}

const lifetime = Duration.minutes(10)
/** Unused tickets that are kept; beyond that, the oldest is dropped. */
const maxTickets = 100
/** Tickets that are remembered as spent, so that the database is not asked of them again. */
const maxSpent = 1000

const alone = Effect.sync(() => {
  /** The expiry of each ticket, in ms since 1970 UTC; oldest first. */
  const tickets = new Map<string, number>()
  return Tickets.of({
    keep: (ticket) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        tickets.set(Redacted.value(ticket), now + Duration.toMillis(lifetime))
        dropOldest(tickets, maxTickets)
      }),
    take: (ticket) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const until = tickets.get(Redacted.value(ticket)) ?? 0
        tickets.delete(Redacted.value(ticket))
        return until > now
      })
  })
})

const shared = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const spent = new Set<string>()

  /** Removes expired tickets, and the oldest beyond `most`. One that is taken just now is left alone. */
  const drop = (most: number) => sql`
    delete from tickets where hash in (
      select hash from tickets
      where expires_at <= greatest(now(), (
        select expires_at from tickets order by expires_at desc offset ${most} limit 1))
      for update skip locked)`
  yield* loop(
    "removal of expired tickets",
    Effect.schedule(
      Effect.catchAll(drop(maxTickets), (error) =>
        Effect.logDebug(`Cannot remove expired tickets: ${detailOf(error)}`)
      ),
      Schedule.spaced("1 minute")
    )
  )

  return Tickets.of({
    keep: (ticket) =>
      Effect.zipRight(
        drop(maxTickets - 1),
        sql`
          insert into tickets (hash, expires_at)
          values (${hashOf(ticket)}, now() + ${`${Duration.toSeconds(lifetime)} s`}::interval)`
      ),
    take: (ticket) =>
      Effect.suspend(() => {
        const hash = hashOf(ticket)
        if (spent.has(hash)) return Effect.succeed(false)
        return Effect.map(
          sql<{ isGood: boolean }>`
            delete from tickets where hash = ${hash} returning expires_at > now() as "isGood"`,
          ([row]) => {
            spent.add(hash)
            dropOldest(spent, maxSpent)
            return row?.isGood ?? false
          }
        )
      })
  })
})

const dropOldest = (
  entries: {
    readonly size: number
    readonly keys: () => Iterator<string>
    readonly delete: (key: string) => boolean
  },
  most: number
): void => {
  const oldest = entries.keys().next()
  if (entries.size > most && oldest.done !== true) entries.delete(oldest.value)
}
