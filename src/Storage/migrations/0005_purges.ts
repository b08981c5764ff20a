import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

export default Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`
    -- The last event that was purged, by instance; '': of instances that are no more.
    create table purges (
      instance text primary key,
      until    bigint not null
    );

    create index quarantine_by_instance on quarantine (instance, id)`
)
