/** The last event of each instance. It changes with every message, so the table is written behind. */
import type { SqlClient, Statement } from "@effect/sql"
import { DateTime, Effect } from "effect"
import { detailOf } from "../../Domain/ErrorDetail.ts"
import type { EvolutionEvent } from "../../Domain/Event.ts"
import type { LastEvent } from "../../Domain/Instance.ts"

/** Rows written by one call; the other rows follow at the next. */
const maxWritten = 2000

/** Changed in place, as every message changes one. */
interface Last {
  event: string | undefined
  /** ms since 1970 UTC. */
  at: number
  /** The table does not have it yet. */
  isBehind: boolean
}

/** `isOwner`: the condition of statements that the owner of the server alone may make. */
export const make = (sql: SqlClient.SqlClient, server: string, isOwner: Statement.Fragment) => {
  const lasts = new Map<string, Last>()

  /** Picks rows that are behind, and moves them to the end, so that the other rows come first next time. */
  const takeBehind = () => {
    const behind = new Map<string, Last>()
    for (const [name, last] of lasts) {
      if (last.isBehind) behind.set(name, last)
      if (behind.size === maxWritten) break
    }
    for (const [name, last] of behind) {
      last.isBehind = false
      lasts.delete(name)
      lasts.set(name, last)
    }
    return behind
  }

  return {
    /** `null`: no event has come yet. */
    get: (name: string): LastEvent | null => {
      const { at = 0, event } = lasts.get(name) ?? {}
      return event === undefined ? null : { event, at: DateTime.unsafeMake(at) }
    },
    /** Begins to follow an instance; one that is followed stays as it is. */
    follow: (name: string, last: LastEvent | null): void => {
      if (lasts.has(name)) return
      const at = last === null ? 0 : DateTime.toEpochMillis(last.at)
      lasts.set(name, { event: last?.event, at, isBehind: false })
    },
    forget: (name: string): void => void lasts.delete(name),
    applyCommitted: (events: ReadonlyArray<EvolutionEvent>): void => {
      for (const { event, instance, origin, receivedAt } of events) {
        const last = origin === "live" ? lasts.get(instance) : undefined
        if (last === undefined) continue
        last.event = event
        last.at = receivedAt
        last.isBehind = true
      }
    },
    /** Skips rows that the writer has locked: a statement that waits for no lock is in no deadlock. */
    writeBehind: Effect.suspend(() => {
      const behind = takeBehind()
      if (behind.size === 0) return Effect.void
      const rows = [...behind].map(([name, { at, event }]) => ({ name, event, at: new Date(at) }))
      return sql<{ name: string }>`
        with free as (
          select i.name, l.event, l.at
          from instances i join jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
            as l (name text, event text, at timestamptz)
            on i.server = ${server} and i.name = l.name
          where ${isOwner}
          for update of i skip locked
        )
        update instances i set last_event = f.event, last_event_at = f.at
        from free f where i.server = ${server} and i.name = f.name returning i.name`.pipe(
        Effect.tap((written) => Effect.sync(() => written.map(({ name }) => behind.delete(name)))),
        Effect.ensuring(
          Effect.sync(() => {
            for (const last of behind.values()) last.isBehind = true
          })
        ),
        Effect.catchAll((error) =>
          Effect.logWarning(`Cannot note the last events: ${detailOf(error)}`)
        )
      )
    })
  }
}
