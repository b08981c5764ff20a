/**
 * Counts of wrong keys that all processes of a database share. A caller without a key makes none of them write: each
 * writes what it counted in one statement, a few times a second. A row has no address, but a keyed hash of one.
 */
import { createHmac, scrypt } from "node:crypto"
import { SqlClient } from "@effect/sql"
import { Duration, Effect, Redacted } from "effect"
import { loop } from "../../Concurrency/Supervise.ts"
import { monotonicOf } from "../../Domain/Clock.ts"
import { detailOf } from "../../Domain/ErrorDetail.ts"
import { Notices } from "../../Storage/Notices.ts"
import { ApiKey } from "../ApiKey.ts"
import * as Counts from "./Counts.ts"

/** Between statements that write, and addresses in one of them. */
const sendEvery = Duration.millis(250)
const maxSent = 1000

/** Between looks at the counts of others, where no notice comes. */
const lookEvery = Duration.millis(350)
/** A look begins so much before the last one: a statement in between may have been written late. */
const overlap = Duration.seconds(1)
const statementWithin = Duration.seconds(1)

/** A key that is easy to guess is not to be found by its hashes: each guess takes tens of milliseconds. */
const naming = Effect.flatMap(ApiKey, (apiKey) =>
  Effect.async<(address: string) => string>((resume) =>
    scrypt(Redacted.value(apiKey), "evolution-listener addresses", 32, (error, key) =>
      resume(
        error === null
          ? Effect.succeed((address) =>
              createHmac("sha256", key).update(address).digest("base64url").slice(0, 22)
            )
          : Effect.die(error)
      )
    )
  )
)

export const make = (window: Duration.Duration) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const { follow, send } = yield* Notices
    const nameOf = yield* naming
    const now = monotonicOf(yield* Effect.clock)
    const counts = Counts.make(window, now)
    const due = yield* Effect.makeLatch(false)
    const asMillis = (duration: number) => `${Math.ceil(duration)} ms`
    const windowMillis = Duration.toMillis(window)
    const columns = sql.literal(
      `address, count, extract(epoch from expires_at - now())::float8 * 1000 as "left",
        extract(epoch from expires_at)::float8 * 1000 as "end"`
    )

    const write = Effect.gen(function* () {
      const portions = counts.take(maxSent)
      if (portions.length === 0) return
      const rows = yield* sql<Counts.Known>`
        insert into wrong_keys as known (address, count, changed_at, expires_at)
        select address, count, now(), now() + ${asMillis(windowMillis)}::interval
        from jsonb_to_recordset(${JSON.stringify(portions)}::jsonb) as sent (address text, count integer)
        order by address
        on conflict (address) do update set
          changed_at = now(),
          count = excluded.count + case when known.expires_at > now() then known.count else 0 end,
          expires_at = case when known.expires_at > now() then known.expires_at else excluded.expires_at end
        returning ${columns}`
      counts.sent(portions)
      counts.learn(rows)
      yield* send("access")
    })

    let lookedAt = now()
    let isFirst = true
    const look = Effect.gen(function* () {
      const begun = now()
      const since = isFirst ? windowMillis : begun - lookedAt + Duration.toMillis(overlap)
      const rows = yield* sql<Counts.Known>`
        with gone as (
          delete from wrong_keys where address in (
            select address from wrong_keys
            where expires_at <= greatest(now(), (
              select expires_at from wrong_keys order by expires_at desc offset ${Counts.maxAddresses} limit 1))
            for update skip locked)
        )
        select ${columns} from wrong_keys
        where expires_at > now() and changed_at > now() - ${asMillis(Math.min(since, windowMillis))}::interval`
      counts.learn(rows)
      lookedAt = begun
      isFirst = false
    })

    const tolerant = <E>(what: string, effect: Effect.Effect<void, E>) =>
      effect.pipe(
        Effect.disconnect,
        Effect.timeout(statementWithin),
        Effect.catchAll((error) =>
          Effect.logDebug(`Cannot ${what} the counts of wrong keys: ${detailOf(error)}`)
        )
      )

    yield* loop(
      "sender of counted wrong keys",
      due.await.pipe(
        Effect.zipRight(due.close),
        Effect.zipRight(tolerant("write", write)),
        Effect.zipRight(Effect.sleep(sendEvery)),
        // More than fits into one statement, or the statement failed.
        Effect.zipRight(Effect.when(due.open, counts.isDue)),
        Effect.forever
      )
    )
    yield* follow("access", lookEvery, tolerant("read", look))

    return {
      count: (address: string, more: number) =>
        Effect.sync(() => {
          const counted = counts.count(nameOf(address), more)
          if (more > 0) due.unsafeOpen()
          return counted
        })
    }
  })
