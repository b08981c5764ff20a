/** From a raw event to an event for the log, or to one for quarantine. */
import { Either, ParseResult, Predicate } from "effect"
import { isEventName, toWireName } from "../EventName.ts"
import { isInstanceName, nameRule } from "../Instance.ts"
import * as Json from "../Json.ts"
import * as LifeCycle from "../LifeCycle.ts"
import { isTooDeep } from "../Nesting.ts"
import { Places, type Scrub } from "../Scrub.ts"
import type { EventOrigin, EvolutionEvent, QuarantinedEvent } from "./Logged.ts"
import { eventOf, instanceOf, type RawEvent } from "./Raw.ts"
import { isUpstreamTime } from "./UpstreamTime.ts"

/**
 * The envelope of an event, or the reason why there is none. `apikey` (it can be the instance's token in
 * clear), `sender` and `server_url` are not kept. `date_time` is the server's local clock with a false `Z`,
 * so it stays text.
 */
const envelopeOf = (payload: unknown) => {
  if (!Predicate.isRecord(payload)) return "event: Expected an object"
  const { apikey, data = null, date_time, event, instance, sender, server_url, ...beside } = payload
  const time = date_time ?? null
  if (typeof event !== "string" || event === "") return "event: Expected a text"
  if (typeof instance !== "string") return "instance: Expected a text"
  if (!isInstanceName(instance)) return `instance: ${nameRule}`
  if (typeof data !== "object") return "data: Expected an object, a list or null"
  if (time !== null && typeof time !== "string") return "date_time: Expected a text"
  return { beside, data, event, instance, time, token: apikey }
}

/**
 * Decodes one event; one that does not decode comes back on the left, with the reason. Neither holds a
 * secret, except the codes in `lifeCycle`. `omit`: keys that are left out, at any depth.
 */
export const decode = (
  raw: RawEvent,
  origin: EventOrigin,
  secrets: Scrub,
  omit?: ReadonlyArray<string>
): Either.Either<EvolutionEvent, QuarantinedEvent> => {
  const { payload } = raw
  const reject = (reason: string) => Either.left(quarantine(raw, reason, secrets, omit))

  const envelope = envelopeOf(payload)
  if (typeof envelope === "string") return reject(envelope)
  const { beside, data, instance, time, token } = envelope
  const scrub = secrets.ofInstance(instance, token)
  const event = toWireName(envelope.event)
  const encode = (value: object | null) =>
    // The first also tells if the value is too deep to be walked.
    Either.flatMap(Json.encode(value, scrub, omit), (json) => {
      const visible = Places.inData(event, value)
      return visible === value ? Either.right(json) : Json.encode(visible, scrub, omit)
    })
  const json = encode(data)
  if (Either.isLeft(json)) return reject(json.left)
  const extra = Object.keys(beside).length === 0 ? Either.right(null) : encode(beside)
  if (Either.isLeft(extra)) return reject(extra.left)
  const lifeCycle = LifeCycle.decode(event, data, scrub)
  if (Either.isLeft(lifeCycle)) return reject(issuesOf(lifeCycle.left))
  const text = (value: string) => Json.storable(scrub.ours(value))
  return Either.right({
    instance,
    event: isEventName(event) ? event : text(event),
    json: json.right,
    extra: extra.right,
    lifeCycle: lifeCycle.right,
    upstreamTime: time === null || isUpstreamTime(time) ? time : text(time),
    receivedAt: raw.receivedAt,
    origin
  })
}

/** Makes a quarantined event, which holds all that came, but for secrets at their places. */
export const quarantine = (
  raw: RawEvent,
  reason: string,
  secrets: Scrub,
  omit?: ReadonlyArray<string>
): QuarantinedEvent => {
  const { name, payload } = raw
  const instance = instanceOf(raw)
  const token = Predicate.hasProperty(payload, "apikey") ? payload.apikey : undefined
  const scrub = secrets.ofInstance(instance ?? "", token)
  const names = [name, eventOf(raw) ?? name].map(toWireName)
  const isWithheld = names.some(Places.isSecretAsAWhole) && isTooDeep(payload)
  return {
    instance: instance === undefined ? null : Json.storable(instance),
    event: Json.storable(scrub.ours(toWireName(name))),
    reason: Json.storable(scrub.blot(reason.slice(0, 1000))),
    json: isWithheld ? Json.withheld : Json.whole(Places.inPayload(names, payload), scrub, omit),
    receivedAt: raw.receivedAt
  }
}

const issuesOf = (error: ParseResult.ParseError): string =>
  ParseResult.ArrayFormatter.formatErrorSync(error).map(issueText).join("; ")

/** The path and the problem, never the value, which may be a credential. */
const issueText = (issue: ParseResult.ArrayFormatterIssue): string =>
  `${issue.path.length === 0 ? "event" : issue.path.join(".")}: ${issue.message.split(", actual ")[0]}`
