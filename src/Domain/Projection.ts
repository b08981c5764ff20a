/** A pure fold over the log: from an event to facts about its instance. */
import { DateTime, Duration, Redacted } from "effect"
import type { EvolutionEvent } from "./Event.ts"
import {
  type InstanceName,
  type InstanceRecord,
  nothingObserved,
  type Observed,
  type Profile,
  qrLifetime,
  type WhatsAppState
} from "./Instance.ts"
import type * as LifeCycle from "./LifeCycle.ts"

/** The change that a batch of events makes to one instance. */
export interface Change {
  readonly name: InstanceName
  readonly observed: Observed
  /** A code's image is large, so it is written only when it changed. */
  readonly qrChanged: boolean
}

/**
 * Folds a batch, oldest first, into one change for each known instance whose facts changed. Only few of
 * thousands of events change a fact.
 */
export const project = (
  known: (instance: string) => InstanceRecord | undefined,
  events: ReadonlyArray<EvolutionEvent>
): ReadonlyArray<Change> => {
  const turned = new Map<InstanceRecord, Observed>()
  for (const event of events) {
    const record = event.lifeCycle === null ? undefined : known(event.instance)
    if (record !== undefined) turned.set(record, observe(turned.get(record) ?? record, event))
  }
  return [...turned].flatMap(([record, observed]) => {
    const qrChanged = observed.qr !== record.qr
    const isSame =
      !qrChanged && observed.whatsapp === record.whatsapp && observed.profile === record.profile
    return isSame ? [] : [{ name: record.name, observed, qrChanged }]
  })
}

/**
 * Folds one event into the known facts. A snapshot is true as of the moment of the question, so events
 * received over the socket after that moment outrank it.
 */
export const observe = (
  known: Observed,
  { lifeCycle, origin, receivedAt }: EvolutionEvent
): Observed => {
  if (lifeCycle === null || origin === "backfill" || origin === "listener") return known
  const at = DateTime.unsafeMake(receivedAt)
  if (origin === "snapshot" && isNewer(known, at)) return known
  return { ...known, ...change(known, Redacted.value(lifeCycle), origin, at) }
}

/** A fact that is much later than the question means that our clock was set back. */
const isNewer = ({ whatsapp }: Observed, at: DateTime.Utc): boolean =>
  whatsapp !== null &&
  DateTime.greaterThan(whatsapp.at, at) &&
  Duration.lessThan(DateTime.distanceDuration(at, whatsapp.at), longestAnswer)

/** A question to Evolution never takes this long. */
const longestAnswer = Duration.minutes(10)

const change = (
  known: Observed,
  happened: LifeCycle.LifeCycle,
  origin: "live" | "snapshot",
  at: DateTime.Utc
): Partial<Observed> => {
  const whatsapp = (state: WhatsAppState, reason: number | null) => ({
    ...kept(known, state, reason, origin),
    origin,
    at
  })
  switch (happened.event) {
    case "instance.create":
      return { whatsapp: whatsapp("connecting", null), qr: null, profile: nobody }
    case "qrcode.updated":
      return "qrcode" in happened.data
        ? { whatsapp: whatsapp("connecting", null), ...shown(known, happened.data.qrcode, at) }
        : { whatsapp: whatsapp("refused", null), qr: null }
    case "connection.update": {
      const { state, statusReason } = happened.data
      return {
        // 200 is Evolution's placeholder for "no status".
        whatsapp: whatsapp(state, statusReason === 200 ? null : (statusReason ?? null)),
        qr: state === "connecting" || state === "unknown" ? known.qr : null,
        profile: profileOf(known.profile, happened.data)
      }
    }
    case "status.instance":
      return {
        whatsapp: whatsapp("close", happened.data.disconnectionReasonCode ?? null),
        qr: null
      }
    case "logout.instance":
      return { whatsapp: whatsapp("close", 401), qr: null }
    case "instance.delete":
    case "remove.instance":
      return { whatsapp: whatsapp("removed", null), qr: null }
  }
}

/**
 * The state and reason to keep. REST says a bare `close` where an event was more exact (the QR limit, a
 * logout, a ban), and the last `close` of a deleted instance may come after its deletion.
 */
const kept = (
  { whatsapp }: Observed,
  state: WhatsAppState,
  reason: number | null,
  origin: "live" | "snapshot"
): { readonly state: WhatsAppState; readonly reason: number | null } => {
  if (whatsapp === null || state !== "close") return { state, reason }
  const better = origin === "snapshot" ? ["close", "refused"] : ["removed"]
  return better.includes(whatsapp.state)
    ? { state: whatsapp.state, reason: whatsapp.reason }
    : { state, reason }
}

const nobody = nothingObserved.profile

/** Most updates carry no profile: a known field stays until an update replaces it. */
const profileOf = (known: Profile, data: LifeCycle.Data<"connection.update">): Profile => ({
  // WhatsApp's address of a number: `5511999999999@s.whatsapp.net`, at times with `:<device>`.
  phone: data.wuid?.split(/[:@]/)[0] || data.phone?.number || known.phone,
  name: data.profileName ?? data.phone?.name ?? known.name,
  pictureUrl: data.profilePictureUrl ?? known.pictureUrl
})

type Shown = Extract<LifeCycle.Data<"qrcode.updated">, { qrcode: unknown }>["qrcode"]

const shown = (
  { qrSequence }: Observed,
  { base64 = null, code, pairingCode = null }: Shown,
  receivedAt: DateTime.Utc
): Pick<Observed, "qr" | "qrSequence"> => {
  const sequence = qrSequence + 1
  const expiresAt = DateTime.addDuration(receivedAt, qrLifetime)
  return {
    qr: { code, base64, pairingCode, sequence, receivedAt, expiresAt },
    qrSequence: sequence
  }
}
