import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/**
 * Columns for what Evolution's list of instances tells. `append_state` is as in 9, with these and those of 10: a process of
 * the version before sends changes without the new fields, and leaves those columns as they are.
 */
export default Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`
    alter table instances
      add column evolution_id     text,
      add column integration      text,
      add column created_at       timestamptz,
      add column connecting_since timestamptz;

    -- Defaults that a later version changed, and that hold for this database until the setting is set.
    create table kept_defaults (
      setting text primary key,
      value   text not null
    );
    insert into kept_defaults
    select 'AUTO_START', 'created'
    where exists (select from instances) or exists (select from events);

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
        where i.name = c.name;
      end if;
    end $$`
)
