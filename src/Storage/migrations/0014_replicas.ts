import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** Processes that share this database, and owners that were chosen by hand or for their reach. */
export default Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`
    create table replicas (
      id uuid primary key,
      -- For people: a host and a port.
      address text not null,
      version text not null,
      since timestamptz not null default now(),
      -- The replica writes it every second; it is compared with itself alone.
      seen_at timestamptz not null default now(),
      leaving boolean not null default false,
      -- Servers that the replica could not reach not long ago.
      unable text[] not null default '{}',
      -- Fingerprints of each server's address and key.
      prints jsonb not null default '{}'
    );

    create table placements (
      server text primary key,
      replica uuid not null
    )`
)
