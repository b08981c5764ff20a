/** The events that tell what a row of Evolution's list says beyond the record of its instance. */
import { DateTime } from "effect"
import type { RawEvent } from "../../Domain/Event.ts"
import type { InstanceRecord, Profile, WhatsAppState } from "../../Domain/Instance.ts"
import { isNewer, merged, phoneIn } from "../../Domain/Projection.ts"
import type { InstanceRow } from "../../Evolution/EvolutionClient.ts"

/** A row of Evolution's list, asked for at `askedAt` (ms since 1970 UTC). */
export interface Listed {
  readonly record: InstanceRecord
  readonly row: InstanceRow
  readonly askedAt: number
}

export const eventName = "instance.updated"

/** Evolution may list an instance for a moment after it said that it was deleted. */
const cleanUp = "10 seconds"

export const eventsOf = (listed: Listed): ReadonlyArray<RawEvent> => {
  const { askedAt, record, row } = listed
  const at = DateTime.unsafeMake(askedAt)
  const { whatsapp } = record
  if (isNewer(record, at)) return []
  if (whatsapp?.state === "removed" && isNewer(record, DateTime.subtractDuration(at, cleanUp)))
    return []
  const isFirst = whatsapp === null || whatsapp.state === "removed" || isOther(record, row)
  const profile = profileOf(row, isFirst)
  return [
    ...(isKnown(record, row, profile)
      ? []
      : [
          event(listed, eventName, {
            instanceId: row.id ?? "",
            integration: row.integration ?? null,
            createdAt: row.createdAt ?? null,
            ...(profile === undefined ? {} : { profile })
          })
        ]),
    ...(isFirst || isNews(record, stateOf(row))
      ? [
          event(listed, "connection.update", {
            instance: row.name,
            state: stateOf(row),
            ...(stateOf(row) === "close" && { statusReason: row.disconnectionReasonCode })
          })
        ]
      : [])
  ]
}

/** The snapshot that tells of an instance that Evolution does not have. */
export const removal = (name: string, askedAt: number): RawEvent =>
  event({ row: { name }, askedAt }, "connection.update", { instance: name, state: "removed" })

const event = (
  { askedAt, row }: { readonly row: Pick<InstanceRow, "name">; readonly askedAt: number },
  name: string,
  data: object
): RawEvent => ({
  name,
  payload: { event: name, instance: row.name, data },
  receivedAt: askedAt
})

const isOther = ({ evolution }: InstanceRecord, { id }: InstanceRow): boolean =>
  evolution !== null && id != null && evolution.id !== id

/**
 * Evolution's column drifts from the state in its memory, so it tells the state only of an instance that no
 * listener is there for.
 */
const isNews = ({ desired, whatsapp }: InstanceRecord, state: WhatsAppState): boolean => {
  if (desired === "listening" || whatsapp?.state === state) return false
  return !(state === "close" && whatsapp?.state === "refused")
}

const stateOf = ({ connectionStatus }: InstanceRow): WhatsAppState =>
  connectionStatus === "open" || connectionStatus === "connecting" || connectionStatus === "close"
    ? connectionStatus
    : "unknown"

/** The codes after which Evolution deletes the session: logged out, or banned in one way or another. */
const isUnlinked = (reason: number | null | undefined): boolean =>
  reason === 401 || reason === 402 || reason === 403 || reason === 406

/**
 * The profile that a row tells of; `null`: no phone is linked; `undefined`: it does not tell. Evolution
 * keeps the phone of a session that has ended, so only an open instance's is sure; of one that is not open
 * it is the best guess until the first event.
 */
const profileOf = (row: InstanceRow, isFirst: boolean): Profile | null | undefined => {
  const isPhone = row.integration === "WHATSAPP-BAILEYS" || row.integration == null
  const phone = phoneIn(row.ownerJid) ?? (isPhone ? null : phoneIn(row.number))
  const profile = {
    phone,
    name: row.profileName ?? null,
    pictureUrl: row.profilePicUrl ?? null
  }
  if (!isPhone || row.connectionStatus === "open") return phone === null ? undefined : profile
  if (isUnlinked(row.disconnectionReasonCode)) return null
  return isFirst && phone !== null ? profile : undefined
}

/** True if the record has all that the row tells. */
const isKnown = (
  record: InstanceRecord,
  { createdAt, id, integration }: InstanceRow,
  profile: Profile | null | undefined
): boolean => {
  const { evolution } = record
  if (id == null) return true
  if (evolution?.id !== id || evolution.integration !== (integration ?? null)) return false
  if (createdAt != null && evolution.createdAt === null) return false
  return profile === null
    ? record.profile.phone === null
    : profile === undefined || merged(record.profile, profile) === record.profile
}
