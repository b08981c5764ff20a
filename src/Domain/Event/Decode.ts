/** From a raw event to an event for the log, or to one for quarantine. */
import { Either, ParseResult, Predicate, Schema } from "effect"
import { isEventName, toWireName } from "../EventName.ts"
import { isInstanceName } from "../Instance.ts"
import * as Json from "../Json.ts"
import * as LifeCycle from "../LifeCycle.ts"
import { isTooDeep, tooDeep } from "../Nesting.ts"
import * as Scrub from "../Scrub.ts"
import type * as Skim from "../Skim.ts"
import type { EventOrigin, EvolutionEvent, QuarantinedEvent } from "./Logged.ts"
import { instanceOf, payloadOf, type RawEvent } from "./Raw.ts"

/**
 * The envelope of an event. `apikey` (it can be the instance's token in clear), `sender` and `server_url`
 * are not kept. `date_time` is the server's local clock with a false `Z`, so it stays text.
 */
const Envelope = Schema.Struct({
  event: Schema.NonEmptyString,
  instance: Schema.NonEmptyString,
  data: Json.optionalOrNull(Schema.Object),
  date_time: Json.optionalOrNull(Schema.String)
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

/**
 * Decodes one event; one that does not decode comes back on the left, with the reason. Neither holds a
 * secret, except the codes in `lifeCycle`.
 */
export const decode = (
  raw: RawEvent,
  origin: EventOrigin,
  secrets: Scrub.Scrub
): Either.Either<EvolutionEvent, QuarantinedEvent> => {
  const json = raw.envelope && Json.unchanged(raw.envelope.data, secrets.and(raw.envelope.token))
  return raw.envelope !== undefined && json !== undefined
    ? Either.right(skimmed(raw.envelope, json, raw.receivedAt, origin))
    : decodePayload(raw, origin, secrets)
}

/** Equal to what `decodePayload` makes of it. */
const skimmed = (
  { event, instance, upstreamTime }: Skim.Envelope,
  json: Json.JsonText,
  receivedAt: number,
  origin: EventOrigin
): EvolutionEvent => ({
  instance,
  event,
  json,
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

  // Schemas recurse into the value, also to describe an error.
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

/** Makes a quarantined event. One about a QR code may hold the code anywhere, so none of it is kept. */
export const quarantine = (
  raw: RawEvent,
  reason: string,
  secrets: Scrub.Scrub
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
        isAboutCodes(event + json) ? Json.withheld : json
      )
    ),
    receivedAt: raw.receivedAt
  }
}

/** Keeps a valid instance name, even if it equals a secret. */
const nameOr = (text: (value: string) => string) => (value: string) =>
  isInstanceName(value) ? value : text(value)

const upstreamTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const timeOr = (text: (value: string) => string) => (value: string) =>
  upstreamTime.test(value) ? value : text(value)

const isAboutCodes = (text: string): boolean => /qr[ ._-]?code|pairing[ ._-]?code/i.test(text)

/** The instance's own key at Evolution, which Evolution puts beside the data of every event. */
const tokenIn = (payload: unknown): unknown =>
  Predicate.hasProperty(payload, "apikey") ? payload.apikey : undefined

/** The path and the problem, never the value, which may be a credential. */
const issueText = (issue: ParseResult.ArrayFormatterIssue): string =>
  `${issue.path.length === 0 ? "event" : issue.path.join(".")}: ${issue.message.split(", actual ")[0]}`

const besideData = (payload: unknown): object | null => {
  if (!Predicate.isRecord(payload)) return null
  const rest = Object.keys(payload).filter((key) => !envelopeKeys.has(key))
  return rest.length === 0 ? null : Object.fromEntries(rest.map((key) => [key, payload[key]]))
}
