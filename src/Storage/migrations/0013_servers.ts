import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * Several Evolution servers in one log, and the right to write for each of them.
 *
 * A process of the version before goes on: `instances` and `purges` keep their old keys until there is a second server
 * (`Storage/Several`), and `append_events` writes for `default` as long as no process of this version has taken it over.
 */
export default Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`
    create table servers (
      id        text primary key,
      -- Raised by one whenever a process takes the server over.
      epoch     bigint not null default 0,
      -- The process that has it; null: it was left in good order.
      owner     uuid,
      since     timestamptz,
      -- A process that is ready to take it over.
      wanted_by uuid,
      -- The last batch.
      batch     uuid,
      at        timestamptz,
      heard_at  timestamptz,
      stopped   boolean not null default false
    );
    insert into servers (id, batch, at, heard_at, stopped)
    select 'default', batch, at, heard_at, stopped from writer;

    alter table events     add column server text not null default 'default';
    alter table quarantine add column server text not null default 'default';
    alter table gaps       add column server text not null default 'default';
    alter table instances  add column server text not null default 'default';
    alter table purges     add column server text not null default 'default';
    alter table audit      add column server text;
    update audit set server = 'default' where instance is not null;

    -- A key that is bound to instances was made when there was one server, and is not for those that come.
    alter table keys add column servers jsonb;
    update keys set servers = '["default"]' where instances is not null;

    create unique index instances_by_server on instances (server, name);
    create unique index purges_by_server on purges (server, instance);
    -- Rows of the only server need no index by server.
    create index events_by_server on events (server, instance, id) where server <> 'default';

    -- As in 11, for the instances of one server.
    create procedure append_state_of(
      of_server text, quarantined jsonb, ledger jsonb, changes jsonb
    ) language plpgsql as $$
    begin
      if quarantined is not null then
        insert into quarantine (server, instance, event, reason, payload, received_at)
        select of_server, q.* from jsonb_to_recordset(quarantined) as q (
          instance text, event text, reason text, payload jsonb, received_at timestamptz);
      end if;

      if ledger is not null then
        insert into gaps
          (server, id, instance, "from", "to", cause, recovered, fetched, fetched_until, retry_at, note,
            reason, clock_offset, quota)
        select of_server, g.* from jsonb_to_recordset(ledger) as g (
          id uuid, instance text, "from" timestamptz, "to" timestamptz, cause text,
          recovered boolean, fetched integer, fetched_until timestamptz,
          retry_at timestamptz, note text, reason text, clock_offset jsonb, quota integer)
        on conflict (id) do update set
          "from" = excluded."from", "to" = excluded."to", cause = excluded.cause,
          recovered = excluded.recovered, fetched = excluded.fetched,
          fetched_until = excluded.fetched_until, retry_at = excluded.retry_at,
          note = excluded.note, reason = excluded.reason,
          clock_offset = excluded.clock_offset, quota = excluded.quota;
      end if;

      if changes is not null then
        update instances i set
          whatsapp_state = c.whatsapp_state, whatsapp_reason = c.whatsapp_reason,
          whatsapp_origin = c.whatsapp_origin, whatsapp_at = c.whatsapp_at,
          connecting_since = c.connecting_since,
          phone = c.phone, profile_name = c.profile_name, picture_url = c.picture_url,
          evolution_id = case when c.evolution_changed then c.evolution_id else i.evolution_id end,
          integration = case when c.evolution_changed then c.integration else i.integration end,
          created_at = case when c.evolution_changed then c.created_at else i.created_at end,
          qr_code = case when c.qr_changed then c.qr_code else i.qr_code end,
          qr_base64 = case when c.qr_changed then c.qr_base64 else i.qr_base64 end,
          qr_pairing_code =
            case when c.qr_changed then c.qr_pairing_code else i.qr_pairing_code end,
          qr_sequence = c.qr_sequence,
          qr_received_at = case when c.qr_changed then c.qr_received_at else i.qr_received_at end,
          qr_expires_at = case when c.qr_changed then c.qr_expires_at else i.qr_expires_at end
        from jsonb_to_recordset(changes) as c (
          name text, whatsapp_state text, whatsapp_reason integer, whatsapp_origin text,
          whatsapp_at timestamptz, connecting_since timestamptz,
          phone text, profile_name text, picture_url text,
          evolution_changed boolean, evolution_id text, integration text, created_at timestamptz,
          qr_changed boolean, qr_code text, qr_base64 text, qr_pairing_code text,
          qr_sequence integer, qr_received_at timestamptz, qr_expires_at timestamptz)
        where i.server = of_server and i.name = c.name;
      end if;
    end $$;

    -- One append at a time, whoever writes: so ids become visible in their order. Until the end of the transaction.
    create procedure lock_log() language sql as $$
      select pg_advisory_xact_lock(1701998444, 'events'::regclass::oid::integer)
    $$;

    create procedure append_batch(
      of_server text,
      -- A batch of an older epoch fails with SQLSTATE TAKEN.
      of_epoch bigint,
      batch_key uuid,
      -- The events, column by column.
      of_instances text[], names text[], datas text[], extras text[],
      upstream_times text[], received_ats timestamptz[], origins text[],
      quarantined jsonb, ledger jsonb, changes jsonb,
      -- The ids of the events; null: the batch was written before.
      out first bigint, out last bigint
    ) language plpgsql as $$
    begin
      call lock_log();
      update servers set batch = batch_key, at = now()
      where id = of_server and epoch = of_epoch and batch is distinct from batch_key;
      if not found then
        if not exists (select from servers where id = of_server and epoch = of_epoch) then
          raise exception using errcode = 'TAKEN',
            message = format('another process writes for server "%s"', of_server);
        end if;
        return;
      end if;

      with logged as (
        insert into events
          (server, instance, event, data, extra, upstream_time, received_at, origin)
        select of_server, unnest(of_instances), unnest(names), unnest(datas)::jsonb,
          unnest(extras)::jsonb, unnest(upstream_times), unnest(received_ats), unnest(origins)
        returning id
      )
      select min(id), max(id) from logged into first, last;

      if coalesce(quarantined, ledger, changes) is not null then
        call append_state_of(of_server, quarantined, ledger, changes);
      end if;
    end $$;

    create or replace procedure append_events(
      batch_key uuid,
      of_instances text[], names text[], datas text[], extras text[],
      upstream_times text[], received_ats timestamptz[], origins text[],
      quarantined jsonb, ledger jsonb, changes jsonb,
      out first bigint, out last bigint
    ) language plpgsql as $$
    begin
      call append_batch('default', 0, batch_key, of_instances, names, datas, extras,
        upstream_times, received_ats, origins, quarantined, ledger, changes, first, last);
    end $$`
)
