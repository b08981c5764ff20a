/** A committed event as a handler gets it. */
import { Predicate, Redacted } from "effect"
import type { LoggedEvent } from "../../Domain/Event.ts"
import type * as EventCatalog from "../../Domain/EventCatalog.ts"
import type { WireName } from "../../Domain/EventName.ts"

/** The event of one name, in the wire's form. */
export interface HandledEvent<Wire extends string> {
  /** The event's cursor in the log. */
  readonly id: number
  readonly instance: string
  readonly event: Wire
  readonly data: EventCatalog.Data<Wire>
  /** Our clock, ms since 1970 UTC. */
  readonly receivedAt: number
  readonly origin: LoggedEvent["origin"]
}

/** The event of one of these names, in either form; `event` tells which. */
export type Handled<Spelling extends string> = Spelling extends unknown
  ? HandledEvent<WireName<Spelling>>
  : never

/** An event whose data is not as the catalogue says. */
export interface DriftedEvent extends Omit<HandledEvent<string>, "data"> {
  /** As it came, but for secrets. */
  readonly data: unknown
  /** The places that differ, e.g. `*.participants.*.id`. */
  readonly paths: ReadonlyArray<string>
}

/** The event as it came, with the QR code if it is still in memory. */
export const undecoded = ({
  event,
  id,
  instance,
  json,
  lifeCycle,
  origin,
  receivedAt
}: LoggedEvent): Omit<DriftedEvent, "paths"> => {
  const logged: unknown = JSON.parse(json)
  const data = lifeCycle === null ? logged : overlaid(logged, Redacted.value(lifeCycle).data)
  return { id, instance, event, data, receivedAt, origin }
}

/** The fields of both, at every depth; those of the upper one where both have them. */
const overlaid = (lower: unknown, upper: unknown): unknown => {
  if (!Predicate.isRecord(lower) || !Predicate.isRecord(upper)) return upper
  const fields = Object.entries(upper).map(([key, value]) => [key, overlaid(lower[key], value)])
  return { ...lower, ...Object.fromEntries(fields) }
}
