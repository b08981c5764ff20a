/** Evolution's events: the envelope, the life-cycle events we act on, and everything else, kept as it came. */
import { DateTime, Either, ParseResult, Predicate, Redacted, Schema } from "effect"
import { isEventName, toWireName } from "./EventName.ts"
import type { Gap } from "./Gap.ts"
import { isInstanceName } from "./Instance.ts"
import * as Json from "./Json.ts"
import * as LifeCycle from "./LifeCycle.ts"
import { isTooDeep, tooDeep } from "./Nesting.ts"
import * as Scrub from "./Scrub.ts"
import * as Skim from "./Skim.ts"
import type { Utf8 } from "./Utf8.ts"

/** One Socket.IO event as the wire delivers it. `receivedAt`: our clock, ms since 1970 UTC. */
export type RawEvent = ParsedEvent | SkimmedEvent

export interface ParsedEvent {
  readonly name: string
  readonly payload: unknown
  readonly envelope?: undefined
  readonly receivedAt: number
}

export interface SkimmedEvent {
  readonly name: string
  readonly envelope: Skim.Envelope
  readonly receivedAt: number
}

/** `undefined`: it was skimmed, and is no JSON. */
export const payloadOf = (raw: RawEvent): unknown => {
  if (raw.envelope === undefined) return raw.payload
  try {
    return JSON.parse(String(raw.envelope.whole))
  } catch {
    return undefined
  }
}

/** How an event came into the log; `listener`: it is our own. */
export const EventOrigin = Schema.Literal("live", "snapshot", "backfill", "listener")
export type EventOrigin = typeof EventOrigin.Type

/**
 * What stands around every event's data. `apikey`, `sender` and `server_url` are not read: the first
 * can be the instance's token in clear. `date_time` is the server's local clock with a false `Z`, so
 * it stays text.
 */
const Envelope = Schema.Struct({
  event: Schema.NonEmptyString,
  instance: Schema.NonEmptyString,
  data: Json.optionalOrNull(Schema.Object),
  date_time: Json.optionalOrNull(Schema.String)
})

export interface EvolutionEvent {
  readonly instance: string
  /** The wire's name, e.g. `messages.upsert`. */
  readonly event: string
  /** The data as JSON text, fit for `jsonb` and free of secrets. */
  readonly json: string | Utf8
  /** What stood beside the data, as JSON text: since 2.3.7 `messages.set` has `isLatest`, `progress`. */
  readonly extra: string | null
  /** Decoded, when it is one of the life-cycle events. Redacted: it may hold a QR code. */
  readonly lifeCycle: LifeCycle.Decoded | null
  /** What an event of our own is about. */
  readonly gap?: Gap
  readonly upstreamTime: string | null
  readonly receivedAt: number
  readonly origin: EventOrigin
}

/** What it holds in memory, but for a few hundred bytes. A code's image has as many as ten messages. */
export const textsOf = ({
  extra,
  json,
  lifeCycle
}: Pick<EvolutionEvent, "extra" | "json" | "lifeCycle">): ReadonlyArray<string | Utf8> => {
  // Most events are messages.
  if (lifeCycle === null) return extra === null ? [json] : [json, extra]
  const happened = Redacted.value(lifeCycle)
  const base64 =
    happened.event === "qrcode.updated" && "qrcode" in happened.data
      ? happened.data.qrcode.base64
      : undefined
  return [json, ...(extra === null ? [] : [extra]), ...(base64 == null ? [] : [base64])]
}

/** An event as the log has it. `id` is its cursor: later events have higher ones. */
export interface LoggedEvent extends EvolutionEvent {
  readonly id: number
}

/** Field by field: of every event, to spread it would take as long as to scrub it. */
export const logged = (event: EvolutionEvent, id: number): LoggedEvent => ({
  id,
  instance: event.instance,
  event: event.event,
  json: event.json,
  extra: event.extra,
  lifeCycle: event.lifeCycle,
  ...(event.gap === undefined ? undefined : { gap: event.gap }),
  upstreamTime: event.upstreamTime,
  receivedAt: event.receivedAt,
  origin: event.origin
})

/** One event as it is read back. */
export const EventRecord = Schema.Struct({
  /** The cursor: `after` takes it. Grows with every event; has holes. */
  id: Schema.Int,
  instance: Schema.String,
  event: Schema.String,
  /** As Evolution sent it, without its secrets; Buffers are base64 text. */
  data: Schema.Unknown,
  /** What stood beside the data, e.g. `isLatest` and `progress` of `messages.set`. */
  extra: Schema.Unknown,
  /** Evolution's `date_time`: its local clock with a false `Z`. */
  upstreamTime: Schema.NullOr(Schema.String),
  receivedAt: Schema.DateTimeUtc,
  origin: EventOrigin
})
export type EventRecord = typeof EventRecord.Type

/** An event out of the log, as it was when it went in; but its QR codes are `[redacted]`. */
export const toLogged = ({ data, extra, receivedAt, ...record }: EventRecord): LoggedEvent => ({
  ...record,
  json: JSON.stringify(data),
  extra: extra === null ? null : JSON.stringify(extra),
  lifeCycle: Either.getOrNull(LifeCycle.decode(record.event, data)),
  receivedAt: DateTime.toEpochMillis(receivedAt)
})

/** An event that is not what Evolution's events are; kept for a person to look at. */
export interface QuarantinedEvent {
  readonly instance: string | null
  readonly event: string
  readonly reason: string
  /** The payload as JSON text, scrubbed; `null` when it has no JSON form. */
  readonly json: string | null
  readonly receivedAt: number
}

/** An event of our own, so that whoever reads the log learns of it in its place. */
export const ofOurs = (
  facts: Pick<EvolutionEvent, "instance" | "event" | "json" | "receivedAt" | "gap">
): EvolutionEvent => ({
  ...facts,
  extra: null,
  lifeCycle: null,
  upstreamTime: null,
  origin: "listener"
})

const decodeEnvelope = Schema.decodeUnknownEither(Envelope)
const envelopeKeys = new Set([
  "event",
  "instance",
  "data",
  "date_time",
  "apikey",
  "sender",
  "server_url"
])

const textAt = (payload: unknown, key: string): string | undefined =>
  Predicate.hasProperty(payload, key) && typeof payload[key] === "string" ? payload[key] : undefined

/** The instance an event names, before anything else of it is looked at. */
export const instanceOf = (raw: RawEvent): string | undefined =>
  raw.envelope === undefined ? textAt(raw.payload, "instance") : raw.envelope.instance

/** Evolution's `date_time`, whatever it is worth. */
export const upstreamTimeOf = (raw: RawEvent): string | undefined =>
  raw.envelope === undefined ? textAt(raw.payload, "date_time") : raw.envelope.upstreamTime

/** All that an event brought, as text that is the same where the event is; it may hold secrets. */
export const printOf = (raw: RawEvent): string =>
  raw.name +
  (raw.envelope !== undefined
    ? raw.envelope.whole.bytes
    : isTooDeep(raw.payload)
      ? ""
      : JSON.stringify(raw.payload))

/**
 * Decodes one event; what does not decode comes back on the left, with its reason. Nothing secret is in
 * either, but for the codes in `lifeCycle`.
 */
export const decode = (
  raw: RawEvent,
  origin: EventOrigin,
  secrets: Scrub.Scrub = Scrub.unconfigured
): Either.Either<EvolutionEvent, QuarantinedEvent> =>
  raw.envelope !== undefined && Skim.isUntouched(raw.envelope.data, secrets.and(raw.envelope.token))
    ? Either.right(skimmed(raw.envelope, raw.receivedAt, origin))
    : decodePayload(raw, origin, secrets)

/** There is nothing more to it; what `decodePayload` would make of it is the same. */
const skimmed = (
  { data, event, instance, upstreamTime }: Skim.Envelope,
  receivedAt: number,
  origin: EventOrigin
): EvolutionEvent => ({
  instance,
  event,
  json: data,
  extra: null,
  lifeCycle: null,
  upstreamTime,
  receivedAt,
  origin
})

const decodePayload = (
  raw: RawEvent,
  origin: EventOrigin,
  secrets: Scrub.Scrub
): Either.Either<EvolutionEvent, QuarantinedEvent> => {
  const payload = payloadOf(raw)
  const reject = (reason: string) => Either.left(quarantine(raw, reason, secrets))
  const rejectIssue = (error: ParseResult.ParseError) =>
    reject(ParseResult.ArrayFormatter.formatErrorSync(error).map(issueText).join("; "))

  // Schemas walk what they describe, and describe what they refuse.
  if (isTooDeep(payload)) return reject(tooDeep)
  const envelope = decodeEnvelope(payload)
  if (Either.isLeft(envelope)) return rejectIssue(envelope.left)
  const scrub = secrets.and(tokenIn(payload))
  const { data = null, date_time = null, instance } = envelope.right
  const event = toWireName(envelope.right.event)
  const lifeCycle = LifeCycle.decode(event, data, scrub)
  if (Either.isLeft(lifeCycle)) return rejectIssue(lifeCycle.left)
  const isShown = !isAboutCodes(event)
  const encode = (value: object | null) =>
    Json.encodeShallow(isShown ? value : Scrub.withoutTexts(value), scrub)
  const json = encode(data)
  if (Either.isLeft(json)) return reject(json.left)
  const beside = besideData(payload)
  const extra = beside === null ? Either.right(null) : encode(beside)
  if (Either.isLeft(extra)) return reject(extra.left)
  const text = (value: string) => Json.storable(scrub.blot(value))
  return Either.right({
    instance: nameOr(text)(instance),
    event: isEventName(event) ? event : text(event),
    json: json.right,
    extra: extra.right,
    lifeCycle: lifeCycle.right,
    upstreamTime: date_time === null ? null : timeOr(text)(date_time),
    receivedAt: raw.receivedAt,
    origin
  })
}

/** Puts an event aside. One that has to do with a code to scan may hold it anywhere, so nothing is kept. */
export const quarantine = (
  raw: RawEvent,
  reason: string,
  secrets: Scrub.Scrub = Scrub.unconfigured
): QuarantinedEvent => {
  const payload = payloadOf(raw)
  const scrub = secrets.and(tokenIn(payload))
  const text = (value: string) => Json.storable(scrub.blot(value))
  const instance = instanceOf(raw)
  const event = toWireName(raw.name)
  return {
    instance: instance === undefined ? null : nameOr(text)(instance),
    event: text(event),
    reason: text(reason.slice(0, 1000)),
    json: Either.getOrNull(
      Either.map(Json.encode(payload, scrub), (json) =>
        isAboutCodes(event + json) ? JSON.stringify(Scrub.redacted) : json
      )
    ),
    receivedAt: raw.receivedAt
  }
}

/** A name that an instance may have is one, whatever else is called so. */
const nameOr = (text: (value: string) => string) => (value: string) =>
  isInstanceName(value) ? value : text(value)

const upstreamTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const timeOr = (text: (value: string) => string) => (value: string) =>
  upstreamTime.test(value) ? value : text(value)

const isAboutCodes = (text: string): boolean => /qr[ ._-]?code|pairing[ ._-]?code/i.test(text)

/** The instance's own key at Evolution, which its image puts beside every event. */
const tokenIn = (payload: unknown): unknown =>
  Predicate.hasProperty(payload, "apikey") ? payload.apikey : undefined

/** A path and a problem, never the value: it may be a credential. */
const issueText = (issue: ParseResult.ArrayFormatterIssue): string =>
  `${issue.path.length === 0 ? "event" : issue.path.join(".")}: ${issue.message.split(", actual ")[0]}`

const besideData = (payload: unknown): object | null => {
  if (!Predicate.isRecord(payload)) return null
  const rest = Object.keys(payload).filter((key) => !envelopeKeys.has(key))
  return rest.length === 0 ? null : Object.fromEntries(rest.map((key) => [key, payload[key]]))
}
