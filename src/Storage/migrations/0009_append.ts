import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * Procedures that write a batch. JSON goes in as text: a `select` copies the arguments of a function several
 * times over, and a cast in the insert frees its memory row by row. Measured: 12 KB a message of 1 KB.
 *
 * `append_events` keeps its signature from migration 8, for a process of that version that still writes.
 * It writes the events; a statement beside them goes into `append_state`.
 */
export default Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`
    -- Rows as arrays of objects; null: there are none.
    create procedure append_state(quarantined jsonb, ledger jsonb, changes jsonb)
    language plpgsql as $$
    begin
      if quarantined is not null then
        insert into quarantine (instance, event, reason, payload, received_at)
        select q.* from jsonb_to_recordset(quarantined) as q (
          instance text, event text, reason text, payload jsonb, received_at timestamptz);
      end if;

      if ledger is not null then
        insert into gaps
          (id, instance, "from", "to", cause, recovered, fetched, fetched_until, retry_at, note)
        select g.* from jsonb_to_recordset(ledger) as g (
          id uuid, instance text, "from" timestamptz, "to" timestamptz, cause text,
          recovered boolean, fetched integer, fetched_until timestamptz,
          retry_at timestamptz, note text)
        on conflict (id) do update set
          "from" = excluded."from", "to" = excluded."to", cause = excluded.cause,
          recovered = excluded.recovered, fetched = excluded.fetched,
          fetched_until = excluded.fetched_until, retry_at = excluded.retry_at,
          note = excluded.note;
      end if;

      if changes is not null then
        update instances i set
          whatsapp_state = c.whatsapp_state, whatsapp_reason = c.whatsapp_reason,
          whatsapp_origin = c.whatsapp_origin, whatsapp_at = c.whatsapp_at,
          phone = c.phone, profile_name = c.profile_name, picture_url = c.picture_url,
          qr_code = case when c.qr_changed then c.qr_code else i.qr_code end,
          qr_base64 = case when c.qr_changed then c.qr_base64 else i.qr_base64 end,
          qr_pairing_code =
            case when c.qr_changed then c.qr_pairing_code else i.qr_pairing_code end,
          qr_sequence = c.qr_sequence,
          qr_received_at = case when c.qr_changed then c.qr_received_at else i.qr_received_at end,
          qr_expires_at = case when c.qr_changed then c.qr_expires_at else i.qr_expires_at end
        from jsonb_to_recordset(changes) as c (
          name text, whatsapp_state text, whatsapp_reason integer, whatsapp_origin text,
          whatsapp_at timestamptz, phone text, profile_name text, picture_url text,
          qr_changed boolean, qr_code text, qr_base64 text, qr_pairing_code text,
          qr_sequence integer, qr_received_at timestamptz, qr_expires_at timestamptz)
        where i.name = c.name;
      end if;
    end $$;

    create or replace procedure append_events(
      batch_key uuid,
      -- The events, column by column.
      of_instances text[], names text[], datas text[], extras text[],
      upstream_times text[], received_ats timestamptz[], origins text[],
      quarantined jsonb, ledger jsonb, changes jsonb,
      -- The ids of the events; null: the batch was written before.
      out first bigint, out last bigint
    ) language plpgsql as $$
    begin
      update writer set batch = batch_key, at = now() where batch is distinct from batch_key;
      if not found then
        return;
      end if;

      with logged as (
        insert into events (instance, event, data, extra, upstream_time, received_at, origin)
        select unnest(of_instances), unnest(names), unnest(datas)::jsonb, unnest(extras)::jsonb,
          unnest(upstream_times), unnest(received_ats), unnest(origins)
        returning id
      )
      select min(id), max(id) from logged into first, last;

      if coalesce(quarantined, ledger, changes) is not null then
        call append_state(quarantined, ledger, changes);
      end if;
    end $$`
)
