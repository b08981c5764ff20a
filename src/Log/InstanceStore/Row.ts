/** The `instances` table's row, as a driver gives it and as the domain has it. */
import { Schema } from "effect"
import {
  Desired,
  InstanceName,
  type InstanceRecord,
  type LastEvent,
  Origin,
  WhatsAppState
} from "../../Domain/Instance.ts"

const Time = Schema.DateTimeUtcFromDate
const NullableText = Schema.NullOr(Schema.String)

export const Row = Schema.Struct({
  name: InstanceName,
  desired: Desired,
  desired_at: Time,
  whatsapp_state: Schema.NullOr(WhatsAppState),
  whatsapp_reason: Schema.NullOr(Schema.Int),
  whatsapp_origin: Schema.NullOr(Origin),
  whatsapp_at: Schema.NullOr(Time),
  phone: NullableText,
  profile_name: NullableText,
  evolution_id: NullableText,
  integration: NullableText,
  created_at: Schema.NullOr(Time),
  connecting_since: Schema.NullOr(Time),
  picture_url: NullableText,
  qr_code: NullableText,
  qr_base64: NullableText,
  qr_pairing_code: NullableText,
  qr_sequence: Schema.Int,
  qr_received_at: Schema.NullOr(Time),
  qr_expires_at: Schema.NullOr(Time),
  last_event: NullableText,
  last_event_at: Schema.NullOr(Time),
  /** The last event that the log has, which may be later: the row's is written behind. */
  logged: NullableText,
  logged_at: Schema.NullOr(Time)
})
export type Row = typeof Row.Type

export const toRecord = (row: Row): InstanceRecord => ({
  name: row.name,
  desired: row.desired,
  desiredAt: row.desired_at,
  whatsapp:
    row.whatsapp_state && row.whatsapp_origin && row.whatsapp_at
      ? {
          state: row.whatsapp_state,
          reason: row.whatsapp_reason,
          origin: row.whatsapp_origin,
          at: row.whatsapp_at
        }
      : null,
  evolution:
    row.evolution_id === null
      ? null
      : { id: row.evolution_id, integration: row.integration, createdAt: row.created_at },
  connectingSince: row.connecting_since,
  profile: { phone: row.phone, name: row.profile_name, pictureUrl: row.picture_url },
  qr:
    row.qr_code && row.qr_received_at && row.qr_expires_at
      ? {
          code: row.qr_code,
          base64: row.qr_base64,
          pairingCode: row.qr_pairing_code,
          sequence: row.qr_sequence,
          receivedAt: row.qr_received_at,
          expiresAt: row.qr_expires_at
        }
      : null,
  qrSequence: row.qr_sequence
})

export const toLastEvent = (row: Row): LastEvent | null =>
  row.logged && row.logged_at
    ? { event: row.logged, at: row.logged_at }
    : row.last_event && row.last_event_at
      ? { event: row.last_event, at: row.last_event_at }
      : null
