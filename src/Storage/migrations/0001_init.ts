import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

export default Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`
    create table events (
      id            bigint generated always as identity primary key,
      instance      text not null,
      event         text not null,
      data          jsonb not null,
      extra         jsonb,
      upstream_time text,
      received_at   timestamptz not null,
      origin        text not null
    );
    create index events_by_instance on events (instance, id);

    create table quarantine (
      id          bigint generated always as identity primary key,
      instance    text,
      event       text not null,
      reason      text not null,
      payload     jsonb,
      received_at timestamptz not null
    );

    create table writer (
      only_row boolean primary key default true check (only_row),
      batch    uuid,
      at       timestamptz
    );
    insert into writer default values;

    create table instances (
      name            text primary key,
      desired         text not null,
      desired_at      timestamptz not null,
      whatsapp_state  text,
      whatsapp_reason integer,
      whatsapp_origin text,
      whatsapp_at     timestamptz,
      phone           text,
      profile_name    text,
      picture_url     text,
      qr_code         text,
      qr_base64       text,
      qr_pairing_code text,
      qr_received_at  timestamptz,
      qr_expires_at   timestamptz,
      last_event      text,
      last_event_at   timestamptz
    )`
)
