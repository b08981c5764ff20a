/** The health of an endpoint as its owner sees it, in the database: for people, and for the next owner. */
import { SqlClient, type SqlError } from "@effect/sql"
import { DateTime, Effect, type Scope } from "effect"
import type { Endpoint } from "../../Domain/Endpoint.ts"
import { detailOf } from "../../Domain/ErrorDetail.ts"
import { Server } from "../../Domain/Server.ts"
import { CurrentFence } from "../../Domain/Tenure.ts"
import { ownedBy } from "../../Log/Admission.ts"
import { Positions } from "../Positions.ts"

/** Times are in ms since 1970 UTC. */
export interface Health {
  /** `open`: the endpoint is left in peace. `half-open`: it is tried with its oldest events. */
  readonly breaker: "closed" | "open" | "half-open"
  /** The breaker is so since then. */
  readonly since: number
  readonly nextProbeAt: number | null
  /** The first failure after the last success. */
  readonly failingSince: number | null
  readonly lastSuccessAt: number | null
  readonly lastFailureAt: number | null
  readonly reason: string | null
}

export interface Noted {
  readonly now: () => Health
  /** Is written within a second. */
  readonly note: (change: Partial<Health>) => void
}

const dateOf = (ms: number | null): Date | null => (ms === null ? null : new Date(ms))

interface Row {
  readonly breaker: Health["breaker"]
  readonly since: Date
  readonly failing_since: Date | null
  readonly last_success_at: Date | null
  readonly last_failure_at: Date | null
  readonly reason: string | null
}

/** Goes on with what the owner before noted. An endpoint that was changed is given time anew. */
export const make = (
  { id, updatedAt }: Pick<Endpoint, "id" | "updatedAt">,
  now: () => number
): Effect.Effect<Noted, SqlError.SqlError, Positions | SqlClient.SqlClient | Scope.Scope> =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const server = yield* Server
    const { epoch } = yield* CurrentFence
    const [row] = yield* sql<Row>`
      select * from endpoint_health where endpoint = ${id} and server = ${server}`
    const changedAt = DateTime.toEpochMillis(updatedAt)
    const failingSince = row?.failing_since?.getTime() ?? 0
    let health: Health = {
      breaker: row?.breaker ?? "closed",
      since: row?.since.getTime() ?? now(),
      nextProbeAt: null,
      failingSince: failingSince > changedAt ? failingSince : null,
      lastSuccessAt: row?.last_success_at?.getTime() ?? null,
      lastFailureAt: row?.last_failure_at?.getTime() ?? null,
      reason: row?.reason ?? null
    }
    let isWritten = true

    const write = Effect.suspend(() => {
      if (isWritten) return Effect.void
      isWritten = true
      const { breaker, failingSince, lastFailureAt, lastSuccessAt, nextProbeAt, reason, since } =
        health
      return sql`
        insert into endpoint_health (endpoint, server, breaker, since, next_probe_at, failing_since,
          last_success_at, last_failure_at, reason)
        select id, ${server}, ${breaker}, ${dateOf(since)}::timestamptz, ${dateOf(nextProbeAt)}::timestamptz,
          ${dateOf(failingSince)}::timestamptz, ${dateOf(lastSuccessAt)}::timestamptz,
          ${dateOf(lastFailureAt)}::timestamptz, ${reason}::text
        from endpoints where id = ${id} and ${ownedBy(sql, server, epoch)}
        on conflict (endpoint, server) do update set
          breaker = excluded.breaker, since = excluded.since, next_probe_at = excluded.next_probe_at,
          failing_since = excluded.failing_since, last_success_at = excluded.last_success_at,
          last_failure_at = excluded.last_failure_at, reason = excluded.reason`.pipe(
        Effect.catchAll((error) => {
          isWritten = false
          return Effect.logDebug(`Cannot write the health of an endpoint: ${detailOf(error)}`)
        })
      )
    })
    yield* Effect.addFinalizer(() => write)
    yield* (yield* Positions).everySecond(write)

    return {
      now: () => health,
      note: (change) => {
        health = { ...health, ...change }
        isWritten = false
      }
    }
  })
