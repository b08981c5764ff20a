/** A batch as the parameters that the statement takes. */
import { Schema } from "effect"
import type { EvolutionEvent, QuarantinedEvent } from "../../Domain/Event.ts"
import { Gap } from "../../Domain/Gap.ts"
import type { Change } from "../../Domain/Projection.ts"
import * as Columns from "./Columns.ts"

/** The log's columns. The data is JSON text already and goes in as it is. */
export const columnsOf = (events: ReadonlyArray<EvolutionEvent>) => ({
  instance: Columns.texts(events.map(({ instance }) => instance)),
  event: Columns.texts(events.map(({ event }) => event)),
  data: Columns.texts(events.map(({ json }) => json)),
  extra: Columns.texts(events.map(({ extra }) => extra)),
  upstreamTime: Columns.texts(events.map(({ upstreamTime }) => upstreamTime)),
  receivedAt: Columns.times(events.map(({ receivedAt }) => receivedAt)),
  origin: Columns.texts(events.map(({ origin }) => origin))
})

/** Rows as one JSON text; `null`: there are none. */
const rows = <A>(all: ReadonlyArray<A>, row: (one: A) => string): string | null =>
  all.length === 0 ? null : `[${all.map(row).join(",")}]`

export const quarantineRows = (quarantined: ReadonlyArray<QuarantinedEvent>): string | null =>
  rows(
    quarantined,
    ({ event, instance, json, reason, receivedAt }) =>
      `{"instance":${JSON.stringify(instance)},"event":${JSON.stringify(event)},` +
      `"reason":${JSON.stringify(reason)},"payload":${json},` +
      `"received_at":"${new Date(receivedAt).toISOString()}"}`
  )

export const changeRows = (changes: ReadonlyArray<Change>): string | null =>
  rows(changes, ({ evolutionChanged, name, observed, qrChanged }) => {
    const { connectingSince, evolution, profile, qr, qrSequence, whatsapp } = observed
    return JSON.stringify({
      name,
      whatsapp_state: whatsapp?.state,
      whatsapp_reason: whatsapp?.reason,
      whatsapp_origin: whatsapp?.origin,
      whatsapp_at: whatsapp?.at,
      phone: profile.phone,
      profile_name: profile.name,
      picture_url: profile.pictureUrl,
      connecting_since: connectingSince,
      evolution_changed: evolutionChanged,
      ...(evolutionChanged
        ? {
            evolution_id: evolution?.id,
            integration: evolution?.integration,
            created_at: evolution?.createdAt
          }
        : {}),
      qr_changed: qrChanged,
      qr_sequence: qrSequence,
      ...(qrChanged && qr !== null
        ? {
            qr_code: qr.code,
            qr_base64: qr.base64,
            qr_pairing_code: qr.pairingCode,
            qr_received_at: qr.receivedAt,
            qr_expires_at: qr.expiresAt
          }
        : {})
    })
  })

/** The last version of each gap in the batch. */
export const gapRows = (events: ReadonlyArray<EvolutionEvent>): string | null => {
  const gaps = new Map<string, Gap>()
  for (const { gap } of events) if (gap !== undefined) gaps.set(gap.id, gap)
  return rows([...gaps.values()], (gap) => {
    const { clockOffset, fetchedUntil, limit, retryAt, ...row } = encodeGap(gap)
    return JSON.stringify({
      ...row,
      fetched_until: fetchedUntil,
      retry_at: retryAt,
      clock_offset: clockOffset,
      quota: limit
    })
  })
}

const encodeGap = Schema.encodeSync(Gap)

/** Messages with their keys: `key.remoteJid` and `key.id` identify one within its instance. */
export const messageRows = (events: ReadonlyArray<EvolutionEvent>): string =>
  `[${events
    .map(
      ({ instance, json }, n) => `{"n":${n},"instance":${JSON.stringify(instance)},"data":${json}}`
    )
    .join(",")}]`
