import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** What all replicas have to know of who may call: changed keys, sign-in tickets, addresses that sent wrong keys. */
export default Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`
    create table key_changes (
      last bigint not null
    );
    insert into key_changes (last) values (0);

    -- The number of the last change of a key, but for its use: later ones are higher. 0: none since this migration.
    alter table keys add column change bigint not null default 0;
    create index keys_change on keys (change);

    -- By a trigger, as earlier versions know nothing of it.
    create function number_key_change() returns trigger language plpgsql as $$
    begin
      -- The row stays locked until the commit: so changes become visible in their order.
      update key_changes set last = last + 1 returning last into new.change;
      return new;
    end $$;

    create trigger number_key_change
      before insert or update of name, hash, scope, instances, servers, expires_at, revoked_at on keys
      for each row execute function number_key_change();

    create table tickets (
      -- SHA-256 of 256 random bits, in hexadecimal.
      hash text primary key,
      expires_at timestamptz not null
    );

    -- Unlogged: the counts of a minute are worth no write-ahead log, which a caller without a key could fill.
    create unlogged table wrong_keys (
      -- A keyed hash of the address.
      address text primary key,
      count integer not null,
      changed_at timestamptz not null,
      expires_at timestamptz not null
    ) with (fillfactor = 50)`
)
