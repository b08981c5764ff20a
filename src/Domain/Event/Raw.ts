/** Events as the wire delivers them, before they are decoded. Everything in them may be secret. */
import { Predicate } from "effect"
import { isTooDeep } from "../Nesting.ts"
import type * as Skim from "../Skim.ts"

/** One Socket.IO event. `receivedAt`: our clock, ms since 1970 UTC. */
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

/** The parsed payload; `undefined` for a skimmed event whose data turns out not to be JSON. */
export const payloadOf = (raw: RawEvent): unknown => {
  if (raw.envelope === undefined) return raw.payload
  try {
    return JSON.parse(String(raw.envelope.whole))
  } catch {
    return undefined
  }
}

const textAt = (payload: unknown, key: string): string | undefined =>
  Predicate.hasProperty(payload, key) && typeof payload[key] === "string" ? payload[key] : undefined

/** The instance an event names, read without decoding the rest. */
export const instanceOf = (raw: RawEvent): string | undefined =>
  raw.envelope === undefined ? textAt(raw.payload, "instance") : raw.envelope.instance

/** Evolution's `date_time`, not validated. */
export const upstreamTimeOf = (raw: RawEvent): string | undefined =>
  raw.envelope === undefined ? textAt(raw.payload, "date_time") : raw.envelope.upstreamTime

/** Everything in an event as one text, equal for equal events. It may hold secrets: hash it, log it never. */
export const printOf = (raw: RawEvent): string =>
  raw.name +
  (raw.envelope !== undefined
    ? raw.envelope.whole.bytes
    : isTooDeep(raw.payload)
      ? ""
      : JSON.stringify(raw.payload))
