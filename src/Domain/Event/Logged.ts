/** Decoded events: on their way into the log, in it, and in quarantine. */
import { DateTime, Either, Redacted, Schema } from "effect"
import type { Gap } from "../Gap.ts"
import * as Json from "../Json.ts"
import * as LifeCycle from "../LifeCycle.ts"
import { type Scrub, unconfigured } from "../Scrub.ts"

/** The way an event came into the log; `listener`: this service wrote it about itself. */
export const EventOrigin = Schema.Literal("live", "snapshot", "backfill", "import", "listener")
export type EventOrigin = typeof EventOrigin.Type

export interface EvolutionEvent {
  readonly instance: string
  /** The wire's name, e.g. `messages.upsert`. */
  readonly event: string
  readonly json: Json.JsonText
  /** Fields beside `data`, as JSON text: since 2.3.7 `messages.set` has `isLatest`, `progress`. */
  readonly extra: Json.JsonText | null
  /** Decoded, when it is one of the life-cycle events. Redacted: it may hold a QR code. */
  readonly lifeCycle: LifeCycle.Decoded | null
  /** The gap that an event of our own tells about. */
  readonly gap?: Gap
  readonly upstreamTime: string | null
  /** Our clock, ms since 1970 UTC. */
  readonly receivedAt: number
  readonly origin: EventOrigin
}

/** The texts that an event keeps in memory; all else takes a few hundred bytes. A code's image is as large as ten messages. */
export const textsOf = ({
  extra,
  json,
  lifeCycle
}: Pick<EvolutionEvent, "extra" | "json" | "lifeCycle">): ReadonlyArray<string> => {
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
  /** The Evolution server of the instance. */
  readonly server: string
}

/** Adds the cursor and the server. Field by field: a spread takes as long as scrubbing the event. */
export const logged = (event: EvolutionEvent, id: number, server: string): LoggedEvent => ({
  id,
  server,
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
  /** The Evolution server of the instance, by its id in the settings; `default` if it has none there. */
  server: Schema.optionalWith(Schema.String, { default: () => "default" }),
  instance: Schema.String,
  event: Schema.String,
  /** As Evolution sent it, but for secrets at the places of `Scrub/Places`; Buffers are base64 text. */
  data: Schema.Unknown,
  /** Fields beside the data, e.g. `isLatest` and `progress` of `messages.set`. */
  extra: Schema.Unknown,
  /** Evolution's `date_time`: its local clock with a false `Z`. */
  upstreamTime: Schema.NullOr(Schema.String),
  /** The same in UTC; `null` where the zone of that clock cannot be told. */
  upstreamAt: Schema.NullOr(Schema.DateTimeUtc),
  receivedAt: Schema.DateTimeUtc,
  origin: EventOrigin
})
export type EventRecord = typeof EventRecord.Type

/** An event read back, equal to the one that was written; but its QR codes are `[redacted]`. */
export const toLogged = ({
  data,
  extra,
  receivedAt,
  upstreamAt: _,
  ...record
}: EventRecord): LoggedEvent => ({
  ...record,
  json: Json.fromLog(data),
  extra: extra === null ? null : Json.fromLog(extra),
  // It was scrubbed before it was written.
  lifeCycle: Either.getOrNull(LifeCycle.decode(record.event, data, unconfigured)),
  receivedAt: DateTime.toEpochMillis(receivedAt)
})

/** An event that does not have the form of Evolution's events, or that Postgres refuses; for a person to look at. */
export interface QuarantinedEvent {
  readonly instance: string | null
  readonly event: string
  readonly reason: string
  /** All that came; as one JSON string where Postgres does not take it for JSON. */
  readonly json: Json.JsonText
  readonly receivedAt: number
}

/** An event of our own, so that readers of the log learn of it in its place. `data`: a JSON value. */
export const ofOurs = (
  {
    data,
    ...facts
  }: Pick<EvolutionEvent, "instance" | "event" | "receivedAt" | "gap"> & { readonly data: object },
  scrub: Scrub
): EvolutionEvent => ({
  ...facts,
  json: Json.whole(data, scrub),
  extra: null,
  lifeCycle: null,
  upstreamTime: null,
  origin: "listener"
})
