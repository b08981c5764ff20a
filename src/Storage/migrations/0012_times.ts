import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * Indexes for what people ask in SQL. Measured side by side: an event costs Postgres 5 % more processor time with both. An
 * index by the messages' own time would cost 10 % more, so `ops/sql/sent.sql` makes it for those who want it.
 */
export default Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`
    create index events_by_time on events using brin (received_at) with (autosummarize = on);
    create index events_of_calls on events (instance, received_at) where event = 'call';

    -- Of an expression in a partial index the planner has no statistics, and takes each id for that of 1 in 200 messages.
    create statistics events_ids on (data #>> '{key,id}') from events`
)
