/** One WhatsApp instance: its name, WhatsApp's own state, its profile, its QR code. */
import { DateTime, Duration, Schema } from "effect"

/** Evolution's column is a `varchar(255)`. Postgres' text has no NUL and no half of a surrogate pair. */
const namePattern = /^[^\0\p{Surrogate}]{1,255}$/u
export const isInstanceName = (text: string): boolean => namePattern.test(text)
export const nameRule =
  "An instance name has 1 to 255 characters, none of them NUL or half of a surrogate pair"

/**
 * An instance's name: any text that Evolution accepts, as it is. It is neither trimmed nor normalised, since
 * Evolution takes `é` of one code point and of two for two names.
 */
export const InstanceName = Schema.String.pipe(
  Schema.filter(isInstanceName, {
    message: () => nameRule,
    jsonSchema: { minLength: 1, maxLength: 255 }
  }),
  Schema.brand("InstanceName"),
  Schema.annotations({ identifier: "InstanceName" })
)
export type InstanceName = typeof InstanceName.Type

/** The name of an instance that `--check --probe` creates for a moment. No listener is started for it. */
export const trialName = (tail: string): string => `evolution-listener-check-${tail}`
export const isTrial = (name: string): boolean => name.startsWith(trialName(""))

/**
 * WhatsApp's state in Evolution's words, and two of ours: `removed` (Evolution deleted the instance, or
 * never had it) and `unknown` (Evolution has the instance but has not loaded it). `refused` is the QR
 * limit; only events say it, REST says `close`.
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

/** The way a fact reached us: over the socket, or by a question to Evolution after a (re)connect. */
export const Origin = Schema.Literal("live", "snapshot")
export type Origin = typeof Origin.Type

/**
 * The operator's wish for an instance's listener. It survives restarts of this service. `unset`: the
 * instance exists at Evolution, and nobody has asked to listen to it.
 */
export const Desired = Schema.Literal("listening", "stopped", "unset")
export type Desired = typeof Desired.Type

export const Profile = Schema.Struct({
  /** The number without `+`, taken from WhatsApp's `<number>@s.whatsapp.net`. */
  phone: Schema.NullOr(Schema.String),
  name: Schema.NullOr(Schema.String),
  /** A signed WhatsApp CDN address that expires. */
  pictureUrl: Schema.NullOr(Schema.String)
})
export type Profile = typeof Profile.Type

/** A QR code: a login credential until it is scanned or replaced. Only the `instances` table stores it. */
export const Qr = Schema.Struct({
  /** The text in the QR code (`2@…`). */
  code: Schema.String,
  /** A PNG as a `data:` URL, when Evolution drew one. */
  base64: Schema.NullOr(Schema.String),
  /** Eight characters to type instead, when the instance was created with a number. */
  pairingCode: Schema.NullOr(Schema.String),
  /** Counts the instance's codes: a later code has a higher number. */
  sequence: Schema.Int,
  receivedAt: Schema.DateTimeUtc,
  expiresAt: Schema.DateTimeUtc
})
export type Qr = typeof Qr.Type

/** Evolution's `qrTimeout`: it emits a new code every 45 s. */
export const qrLifetime = Duration.seconds(45)

/** The instance as Evolution has it. One that is created again under its name has another `id`. */
export const AtEvolution = Schema.Struct({
  id: Schema.String,
  /** E.g. `WHATSAPP-BAILEYS`; `null`: Evolution has not listed the instance yet. */
  integration: Schema.NullOr(Schema.String),
  /** By Evolution's clock. */
  createdAt: Schema.NullOr(Schema.DateTimeUtc)
})
export type AtEvolution = typeof AtEvolution.Type

/** Facts that the events of an instance tell: the log's projection. */
export const Observed = Schema.Struct({
  /** `null`: Evolution does not have the instance, or has not told of it. */
  evolution: Schema.NullOr(AtEvolution),
  whatsapp: Schema.NullOr(
    Schema.Struct({
      state: WhatsAppState,
      /** Baileys' disconnect code, if there was one. */
      reason: Schema.NullOr(Schema.Int),
      origin: Origin,
      at: Schema.DateTimeUtc
    })
  ),
  /** The beginning of an attempt to reach WhatsApp that has brought no code yet; `null` in any other state. */
  connectingSince: Schema.NullOr(Schema.DateTimeUtc),
  profile: Profile,
  /** The latest code, until it is scanned, withdrawn or expired. */
  qr: Schema.NullOr(Qr),
  /** The number of the latest code; 0 before the first. */
  qrSequence: Schema.Int
})
export type Observed = typeof Observed.Type

export const nothingObserved: Observed = {
  evolution: null,
  connectingSince: null,
  whatsapp: null,
  profile: { phone: null, name: null, pictureUrl: null },
  qr: null,
  qrSequence: 0
}

/** The latest event of an instance that came over the socket. */
export interface LastEvent {
  readonly event: string
  readonly at: DateTime.Utc
}

/** The wish for an instance, and the known facts about it. */
export interface InstanceRecord extends Observed {
  readonly name: InstanceName
  readonly desired: Desired
  readonly desiredAt: DateTime.Utc
}

/** The code that can be scanned at `now`, if any. */
export const currentQr = ({ qr }: Observed, now: DateTime.Utc): Qr | null =>
  qr !== null && DateTime.lessThan(now, qr.expiresAt) ? qr : null
