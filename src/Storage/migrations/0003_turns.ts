import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

export default Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`
    alter table instances add column qr_sequence integer not null default 0;

    -- What an instance's timeline is drawn from, among thousands of messages.
    create index events_of_turns on events (instance, received_at) where event in (
      'listener.updated', 'instance.create', 'qrcode.updated', 'connection.update',
      'status.instance', 'logout.instance', 'instance.delete', 'remove.instance')`
)
