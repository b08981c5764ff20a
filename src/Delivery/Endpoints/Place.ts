/** Places in the log: cursors by time. */
import type { SqlClient, SqlError } from "@effect/sql"
import { DateTime, Effect } from "effect"
import { EndpointRefused, type Start } from "../../Domain/Endpoint.ts"

/** The id of the newest event, which may be purged; 0: there was none. */
export const newest = (sql: SqlClient.SqlClient): Effect.Effect<number, SqlError.SqlError> =>
  Effect.map(
    sql<{ id: string }>`
      select greatest((select max(id) from events), (select max(until) from purges), 0) as id`,
    ([row]) => Number(row?.id ?? 0)
  )

/** Ids follow the time of reception but for what a queue or another server held back. */
const disorder = { minutes: 15 }

/**
 * The cursor before the first event that was received at a time or later. The log has no index of times that a single
 * row is found by, and is too large to be read through: ids are halved until the place is found, and only the events
 * of the last minutes before it are looked at.
 */
export const before = (
  sql: SqlClient.SqlClient,
  time: DateTime.Utc
): Effect.Effect<number, SqlError.SqlError> =>
  Effect.gen(function* () {
    const at = DateTime.toDate(time)
    const from = DateTime.toDate(DateTime.subtract(time, disorder)).getTime()
    const [ends] = yield* sql<{ first: string | null; last: string | null }>`
      select (select min(id) from events) as first, (select max(id) from events) as last`
    const last = Number(ends?.last ?? 0)
    let low = Number(ends?.first ?? 1)
    let high = last + 1
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const [row] = yield* sql<{ id: string; received_at: Date }>`
        select id, received_at from events where id >= ${middle} order by id limit 1`
      if (row === undefined || row.received_at.getTime() >= from) high = middle
      else low = Number(row.id) + 1
    }
    const [found] = yield* sql<{ id: string }>`
      select id from events where id >= ${low} and received_at >= ${at} order by id limit 1`
    return found === undefined ? last : Number(found.id) - 1
  })

/** The cursor after which an endpoint begins. */
export const startOf = (
  sql: SqlClient.SqlClient,
  start: Start
): Effect.Effect<number, EndpointRefused | SqlError.SqlError> => {
  if (start === "now") return newest(sql)
  if (start === "beginning") return Effect.succeed(0)
  if ("time" in start) return before(sql, start.time)
  const { cursor } = start
  return Effect.filterOrFail(
    Effect.map(newest(sql), (last) => (cursor <= last ? cursor : -1)),
    (found) => found >= 0,
    () =>
      new EndpointRefused({
        message: `cursor: No event has come to ${cursor} yet, so events up to it would be left out: take "now"`
      })
  )
}
