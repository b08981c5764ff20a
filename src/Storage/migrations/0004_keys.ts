import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

export default Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`
    create table keys (
      id           uuid primary key,
      name         text not null,
      hash         text not null unique,
      scope        text not null,
      instances    jsonb,
      created_at   timestamptz not null,
      expires_at   timestamptz,
      revoked_at   timestamptz,
      last_used_at timestamptz
    );

    create table audit (
      id       bigint generated always as identity primary key,
      at       timestamptz not null,
      key_id   uuid,
      key_name text not null,
      action   text not null,
      instance text,
      outcome  text not null
    )`
)
