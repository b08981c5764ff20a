/** Retention of the attempts that failed, and of lanes. */
import { SqlClient } from "@effect/sql"
import { DateTime, Effect, Schedule } from "effect"
import { loop } from "../../Concurrency/Supervise.ts"
import { defaults } from "../../Domain/Endpoint.ts"
import { detailOf } from "../../Domain/ErrorDetail.ts"

/** Rows are kept for so long, and so many of an endpoint. */
export const kept = { days: 7, rows: 1000 }

const passEvery = "10 minutes"

export const prune = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const before = DateTime.toDate(DateTime.subtract(yield* DateTime.now, { days: kept.days }))
  yield* sql`delete from endpoint_attempts where at < ${before}`
  yield* sql`
    delete from endpoint_attempts a
    using (
      select e.id as endpoint,
        (select id from endpoint_attempts where endpoint = e.id order by id desc offset ${kept.rows} limit 1) as last
      from endpoints e
    ) over
    where a.endpoint = over.endpoint and a.id <= over.last`
  // Lanes of instances that are no more.
  yield* sql`
    delete from endpoint_lanes l using endpoints e
    where e.id = l.endpoint and coalesce(e.settings->>'order', ${defaults.order}) = ${defaults.order} and not l.held
      and not exists (select from instances i where i.server = l.server and i.name = l.lane)`
})

/** Each replica does it: a row is deleted once. */
export const pruning = loop(
  "retention of attempts",
  prune.pipe(
    Effect.catchAll((error) =>
      Effect.logWarning(
        `Cannot purge attempts that are too old, trying again later: ${detailOf(error)}`
      )
    ),
    Effect.repeat(Schedule.spaced(passEvery))
  )
)
