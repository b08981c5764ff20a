/** Events as the wire delivers them, before they are decoded. Everything in them may be secret. */
import { Predicate } from "effect"
import { isTooDeep } from "../Nesting.ts"

/** One Socket.IO event. `receivedAt`: our clock, ms since 1970 UTC. */
export interface RawEvent {
  readonly name: string
  readonly payload: unknown
  readonly receivedAt: number
}

const textAt = (payload: unknown, key: string): string | undefined =>
  Predicate.hasProperty(payload, key) && typeof payload[key] === "string" ? payload[key] : undefined

/** The instance an event names, read without decoding the rest. */
export const instanceOf = ({ payload }: RawEvent): string | undefined => textAt(payload, "instance")

/** The name in the envelope, which may differ from the Socket.IO event's. */
export const eventOf = ({ payload }: RawEvent): string | undefined => textAt(payload, "event")

/** Evolution's `date_time`, not validated. */
export const upstreamTimeOf = ({ payload }: RawEvent): string | undefined =>
  textAt(payload, "date_time")

/** Everything in an event as one text, equal for equal events. It may hold secrets: hash it, log it never. */
export const printOf = ({ name, payload }: RawEvent): string =>
  name + (isTooDeep(payload) ? "" : JSON.stringify(payload))
