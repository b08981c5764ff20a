import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** Endpoints that `ENDPOINTS_FILE` had, and has no more; and what they were before they were disabled for it. */
export default Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`
    create table endpoint_absences (
      endpoint uuid primary key references endpoints (id) on delete cascade,
      since timestamptz not null,
      state text not null,
      reason text
    )`
)
