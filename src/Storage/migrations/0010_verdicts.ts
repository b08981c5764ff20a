import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** Facts behind a gap's verdict, by which it can be tried again; 11 writes them. */
export default Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`
    alter table gaps
      add column reason       text,
      add column clock_offset jsonb,
      add column quota        integer;

    -- Versions before this one wrote the reason as words.
    update gaps set reason = 'limit'
      where note like 'There are more than % messages (BACKFILL_LIMIT)%'
        or note = 'BACKFILL_LIMIT is 0';
    update gaps set reason = 'not_stored' where note like 'Evolution did not store messages heard %';
    update gaps set reason = 'deleted' where note = 'The instance was deleted';
    create index gaps_lost on gaps (reason, instance) where reason is not null`
)
