import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** How the events of a server come in auto mode, which the next owner begins with. */
export default Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`alter table servers add column by_namespace boolean not null default false`
)
