/** What we know of one WhatsApp instance: its name, WhatsApp's own state, its profile, its QR code. */
import { DateTime, Duration, Schema } from "effect"

const namePattern = /^[A-Za-z0-9_-]{1,100}$/
export const isInstanceName = (text: string): boolean => namePattern.test(text)

/**
 * An instance's name, which is also its Socket.IO namespace. Evolution accepts any text; we accept
 * what survives a namespace and a URL unencoded (`,` and `?` make a namespace unreachable).
 */
export const InstanceName = Schema.String.pipe(
  Schema.pattern(namePattern, {
    message: () => 'An instance name has 1 to 100 letters, digits, "_" or "-"'
  }),
  Schema.brand("InstanceName"),
  Schema.annotations({ identifier: "InstanceName" })
)
export type InstanceName = typeof InstanceName.Type

/** The names of instances that a check creates for a moment; nobody is to listen to them. */
export const trialName = (tail: string): string => `evolution-listener-check-${tail}`
export const isTrial = (name: string): boolean => name.startsWith(trialName(""))

/**
 * WhatsApp's state in Evolution's words, and two of ours: `removed` (deleted at Evolution, or never
 * there) and `unknown` (Evolution has the instance but has not loaded it). `refused` is the QR limit;
 * it exists in events alone, REST says `close`.
 */
export const WhatsAppState = Schema.Literal(
  "open",
  "connecting",
  "close",
  "refused",
  "removed",
  "unknown"
)
export type WhatsAppState = typeof WhatsAppState.Type

/** How a fact reached us: over the socket, or by asking Evolution after a (re)connect. */
export const Origin = Schema.Literal("live", "snapshot")
export type Origin = typeof Origin.Type

/** What the operator wants of an instance's listener. It survives restarts of this service. */
export const Desired = Schema.Literal("listening", "stopped")
export type Desired = typeof Desired.Type

export const Profile = Schema.Struct({
  /** The number without `+`, taken from WhatsApp's `<number>@s.whatsapp.net`. */
  phone: Schema.NullOr(Schema.String),
  name: Schema.NullOr(Schema.String),
  /** A signed WhatsApp CDN address that expires. */
  pictureUrl: Schema.NullOr(Schema.String)
})
export type Profile = typeof Profile.Type

/** A login credential until it is scanned or replaced. It lives in the `instances` table alone. */
export const Qr = Schema.Struct({
  /** What the phone scans, as text (`2@…`). */
  code: Schema.String,
  /** A PNG as a `data:` URL, when Evolution drew one. */
  base64: Schema.NullOr(Schema.String),
  /** Eight characters to type instead, when the instance was created with a number. */
  pairingCode: Schema.NullOr(Schema.String),
  /** Counts the instance's codes: a later one has a higher number. */
  sequence: Schema.Int,
  receivedAt: Schema.DateTimeUtc,
  expiresAt: Schema.DateTimeUtc
})
export type Qr = typeof Qr.Type

/** Evolution's `qrTimeout`: it emits a new code every 45 s. */
export const qrLifetime = Duration.seconds(45)

/** What the events of an instance taught us; the log's projection. */
export const Observed = Schema.Struct({
  whatsapp: Schema.NullOr(
    Schema.Struct({
      state: WhatsAppState,
      /** Baileys' disconnect code, when one was given. */
      reason: Schema.NullOr(Schema.Int),
      origin: Origin,
      at: Schema.DateTimeUtc
    })
  ),
  profile: Profile,
  /** The code shown last, until it is scanned, withdrawn or expired. */
  qr: Schema.NullOr(Qr),
  /** The number of the code shown last; 0: none was. */
  qrSequence: Schema.Int
})
export type Observed = typeof Observed.Type

export const nothingObserved: Observed = {
  whatsapp: null,
  profile: { phone: null, name: null, pictureUrl: null },
  qr: null,
  qrSequence: 0
}

/** What came last over the socket, whatever it was. */
export interface LastEvent {
  readonly event: string
  readonly at: DateTime.Utc
}

/** What is wanted of an instance, and what is known of it. */
export interface InstanceRecord extends Observed {
  readonly name: InstanceName
  readonly desired: Desired
  readonly desiredAt: DateTime.Utc
}

/** The code that can be scanned at `now`, if any. */
export const currentQr = ({ qr }: Observed, now: DateTime.Utc): Qr | null =>
  qr !== null && DateTime.lessThan(now, qr.expiresAt) ? qr : null
