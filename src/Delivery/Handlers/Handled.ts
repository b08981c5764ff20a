/** A committed event as a handler gets it. */
import { Predicate, Redacted } from "effect"
import type { LoggedEvent } from "../../Domain/Event.ts"
import type * as EventCatalog from "../../Domain/EventCatalog.ts"
import type { WireName } from "../../Domain/EventName.ts"
import * as Message from "../../Domain/Message.ts"

/** Views of the events about messages, by wire name. */
interface Views {
  readonly "messages.upsert": Message.View
  readonly "send.message": Message.View
  readonly "messages.set": ReadonlyArray<Message.View>
  readonly "messages.update": Message.StatusView
  readonly "messages.edited": Message.EditView
  readonly "send.message.update": Message.EditView
  readonly "messages.delete": Message.DeletionView
}

const views: { readonly [Wire in keyof Views]: (data: EventCatalog.Data<Wire>) => Views[Wire] } = {
  "messages.upsert": (data) => Message.view(data),
  "send.message": (data) => Message.view(data),
  "messages.set": (data) => data.map((one) => Message.view(one)),
  "messages.update": (data) => Message.statusOf(data),
  "messages.edited": (data) => Message.editOf(data),
  "send.message.update": (data) => Message.editOf(data),
  "messages.delete": (data) => Message.deletionOf(data)
}

interface Facts<Wire extends string> {
  /** The event's cursor in the log. */
  readonly id: number
  /** The Evolution server of the instance. */
  readonly server: string
  readonly instance: string
  readonly event: Wire
  readonly data: EventCatalog.Data<Wire>
  /** Our clock, ms since 1970 UTC. */
  readonly receivedAt: number
  readonly origin: LoggedEvent["origin"]
}

/** The event of one name, in the wire's form. */
export type HandledEvent<Wire extends string> = Facts<Wire> &
  (Wire extends keyof Views
    ? {
        /** The message as a person sees it; or what happened to one. Read when it is asked for. */
        readonly message: Views[Wire]
      }
    : unknown)

/** The event of one of these names, in either form; `event` tells which. */
export type Handled<Spelling extends string> = Spelling extends unknown
  ? HandledEvent<WireName<Spelling>>
  : never

/** An event whose data is not as the catalogue says. */
export interface DriftedEvent extends Omit<Facts<string>, "data"> {
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
  receivedAt,
  server
}: LoggedEvent): Omit<DriftedEvent, "paths"> => {
  const logged: unknown = JSON.parse(json)
  const data = lifeCycle === null ? logged : overlaid(logged, Redacted.value(lifeCycle).data)
  return { id, server, instance, event, data, receivedAt, origin }
}

/** The fields of both, at every depth; those of the upper one where both have them. */
const overlaid = (lower: unknown, upper: unknown): unknown => {
  if (!Predicate.isRecord(lower) || !Predicate.isRecord(upper)) return upper
  const fields = Object.entries(upper).map(([key, value]) => [key, overlaid(lower[key], value)])
  return { ...lower, ...Object.fromEntries(fields) }
}

/** The event with the view of its data, which fits the schema of its name. */
export const viewed = (event: Omit<DriftedEvent, "paths">): object => {
  if (!isViewed(event.event)) return event
  // A union of functions takes what all of them take; the data is that of the function's own name.
  const view = views[event.event] as (data: unknown) => unknown
  return Object.defineProperty({ ...event }, "message", {
    enumerable: true,
    get: () => view(event.data)
  })
}

const isViewed = (event: string): event is keyof Views => Object.hasOwn(views, event)
