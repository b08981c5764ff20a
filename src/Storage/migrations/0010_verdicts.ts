import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** Facts behind a gap's verdict, by which it can be tried again. `append_state` is as in 9, with these. */
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
    create index gaps_lost on gaps (reason, instance) where reason is not null;

    create or replace procedure append_state(quarantined jsonb, ledger jsonb, changes jsonb)
    language plpgsql as $$
    begin
      if quarantined is not null then
        insert into quarantine (instance, event, reason, payload, received_at)
        select q.* from jsonb_to_recordset(quarantined) as q (
          instance text, event text, reason text, payload jsonb, received_at timestamptz);
      end if;

      if ledger is not null then
        insert into gaps
          (id, instance, "from", "to", cause, recovered, fetched, fetched_until, retry_at, note,
            reason, clock_offset, quota)
        select g.* from jsonb_to_recordset(ledger) as g (
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
    end $$`
)
