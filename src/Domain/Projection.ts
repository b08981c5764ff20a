/** A pure fold over the log: from an event to facts about its instance. */
import { DateTime, Duration, Option, Redacted } from "effect"
import type { EvolutionEvent } from "./Event.ts"
import {
  type AtEvolution,
  type InstanceName,
  type InstanceRecord,
  type Observed,
  qrLifetime,
  type WhatsAppState
} from "./Instance.ts"
import type * as LifeCycle from "./LifeCycle.ts"
import { merged, nobody, profileOf } from "./Projection/Profile.ts"

export { merged, phoneIn } from "./Projection/Profile.ts"

/** The change that a batch of events makes to one instance. */
export interface Change {
  readonly name: InstanceName
  readonly observed: Observed
  /** A code's image is large, so it is written only when it changed. */
  readonly qrChanged: boolean
  /** The instance's identity at Evolution, which hardly ever changes. */
  readonly evolutionChanged: boolean
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
    if (record !== undefined)
      turned.set(record, observe(turned.get(record) ?? observedOf(record), event))
  }
  return [...turned].flatMap(([record, observed]) => {
    const qrChanged = observed.qr !== record.qr
    const evolutionChanged = observed.evolution !== record.evolution
    // A code changes only with WhatsApp's state or the identity.
    const isSame =
      !evolutionChanged &&
      observed.whatsapp === record.whatsapp &&
      observed.profile === record.profile
    return isSame ? [] : [{ name: record.name, observed, qrChanged, evolutionChanged }]
  })
}

/** The facts without the wish: a command may change that before the batch is committed. */
const observedOf = ({
  connectingSince,
  evolution,
  profile,
  qr,
  qrSequence,
  whatsapp
}: InstanceRecord): Observed => ({ connectingSince, evolution, profile, qr, qrSequence, whatsapp })

/**
 * Folds one event into the known facts. A snapshot is true as of the moment of the question, so events
 * received over the socket after that moment outrank it.
 */
export const observe = (
  known: Observed,
  { lifeCycle, origin, receivedAt }: EvolutionEvent
): Observed => {
  if (lifeCycle === null || origin === "backfill" || origin === "import" || origin === "listener")
    return known
  const at = DateTime.unsafeMake(receivedAt)
  if (origin === "snapshot" && isNewer(known, at)) return known
  const happened = Redacted.value(lifeCycle)
  const next = { ...known, ...change(known, happened, origin, at) }
  return { ...next, connectingSince: connectingSince(known, next, at) }
}

/** A code proves that Evolution reaches WhatsApp, so the time without one begins anew. */
const connectingSince = (known: Observed, next: Observed, at: DateTime.Utc) => {
  if (next.whatsapp?.state !== "connecting") return null
  return known.qrSequence === next.qrSequence ? (known.connectingSince ?? at) : at
}

/**
 * True if the known state is later than a question that was asked at `at`. A fact that is much later than
 * the question means that our clock was set back.
 */
export const isNewer = ({ whatsapp }: Pick<Observed, "whatsapp">, at: DateTime.Utc): boolean =>
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
      return {
        evolution: sameOr(known, {
          id: happened.data.instanceId,
          integration: null,
          createdAt: null
        }),
        whatsapp: whatsapp("connecting", null),
        ...unlinked
      }
    case "instance.updated":
      return listed(known, happened.data)
    case "qrcode.updated":
      // WhatsApp shows a code only where no phone is linked.
      return "qrcode" in happened.data
        ? {
            whatsapp: whatsapp("connecting", null),
            profile: nobody,
            ...shown(known, happened.data.qrcode, at)
          }
        : { whatsapp: whatsapp("refused", null), qr: null }
    case "connection.update": {
      const { state, statusReason } = happened.data
      if (state === "removed") return { ...gone, whatsapp: whatsapp(state, null) }
      return {
        // 200 is Evolution's placeholder for "no status".
        whatsapp: whatsapp(state, statusReason === 200 ? null : (statusReason ?? null)),
        qr: state === "connecting" || state === "unknown" ? known.qr : null,
        profile:
          state === "close" && statusReason === loggedOut
            ? nobody
            : profileOf(known.profile, happened.data)
      }
    }
    case "status.instance":
      return {
        whatsapp: whatsapp("close", happened.data.disconnectionReasonCode ?? null),
        qr: null
      }
    case "logout.instance":
      return { whatsapp: whatsapp("close", loggedOut), ...unlinked }
    case "instance.delete":
    case "remove.instance":
      return { ...gone, whatsapp: whatsapp("removed", null) }
  }
}

/** Baileys' `DisconnectReason.loggedOut`. */
const loggedOut = 401

/** The facts of a row of Evolution's list. Another id is another instance: nothing known is true of it. */
const listed = (
  known: Observed,
  { createdAt, instanceId: id, integration, profile }: LifeCycle.Data<"instance.updated">
): Partial<Observed> => {
  const isOther = known.evolution !== null && known.evolution.id !== id
  const before = isOther ? nobody : known.profile
  return {
    ...(isOther ? { whatsapp: null, qr: null } : {}),
    evolution: sameOr(known, {
      id,
      integration,
      createdAt: createdAt === null ? null : Option.getOrNull(DateTime.make(createdAt))
    }),
    profile: profile === undefined ? before : profile === null ? nobody : merged(before, profile)
  }
}

/** The known identity, if the new one tells nothing more. */
const sameOr = ({ evolution: known }: Observed, told: AtEvolution): AtEvolution => {
  if (known === null || known.id !== told.id) return told
  const createdAt = told.createdAt ?? known.createdAt
  const integration = told.integration ?? known.integration
  return integration === known.integration && `${createdAt}` === `${known.createdAt}`
    ? known
    : { id: told.id, integration, createdAt }
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

/** No phone is linked. */
const unlinked = { qr: null, profile: nobody }
/** Evolution does not have the instance. */
const gone = { ...unlinked, evolution: null }

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
