import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

export default Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`
    create table gaps (
      id            uuid primary key,
      instance      text not null,
      "from"        timestamptz not null,
      "to"          timestamptz,
      cause         text not null,
      recovered     boolean,
      fetched       integer not null,
      fetched_until timestamptz,
      retry_at      timestamptz,
      note          text
    );
    create index gaps_by_instance on gaps (instance, "from");
    create index gaps_unfinished on gaps (instance) where recovered is distinct from true;

    create index events_by_message on events (instance, (data #>> '{key,id}'))
      where event in ('messages.upsert', 'send.message');

    alter table writer
      add column heard_at timestamptz,
      add column stopped  boolean not null default false;

    -- A name may come to be another instance's.
    alter table instances add column known_since timestamptz not null default '-infinity'`
)
