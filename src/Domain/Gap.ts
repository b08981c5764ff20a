/**
 * A gap: a stretch of time in which events of an instance may have been emitted and not heard. Evolution
 * replays nothing, so the ledger records what may be missing. The states, as one closed union:
 *
 *     Open ◀──▶ Pending ──▶ Recovered
 *       ▲          │  ▲
 *       │          ▼  │
 *       └────── Retrying     Lost   (from Pending or Retrying)
 *
 * Recovered and Lost are verdicts. Each can be tried again, which makes it Pending.
 */
import { DateTime, Duration, Schema } from "effect"
import * as ClockOffset from "./ClockOffset.ts"
import { GapCause, isDeaf } from "./Gap/Cause.ts"
import { InstanceName } from "./Instance.ts"

export { causeOf, GapCause, isDeaf } from "./Gap/Cause.ts"

/**
 * Why messages are missing. `limit`: there are more than `BACKFILL_LIMIT`. `not_stored`, and at the second
 * time `never_stored`: Evolution did not store messages that were heard beside the gap. `not_found`:
 * Evolution has no such instance. `name_impossible`: no path can carry its name. `recreated`: the messages were an earlier instance's of this name.
 * `deleted`: the instance was deleted by a command.
 */
export const LostReason = Schema.Literal(
  "limit",
  "not_stored",
  "never_stored",
  "not_found",
  "name_impossible",
  "recreated",
  "deleted"
)
export type LostReason = typeof LostReason.Type

/** The union of a gap's states over one representation of time: ISO text in JSON, `Date` in a row. */
export const over = <Time>(time: Schema.Schema<DateTime.Utc, Time>) => {
  const facts = {
    id: Schema.UUID,
    instance: InstanceName,
    /** Every event emitted before this time was heard. Our clock. */
    from: time
  }
  const progress = {
    /** Messages that back-fill added to the log. */
    fetched: Schema.Int.pipe(Schema.nonNegative()),
    /** Messages sent before this time are fetched; back-fill goes on from here. */
    fetchedUntil: Schema.NullOr(time),
    /**
     * The time, in ms, by which our clock was ahead of the times in messages, while the gap was open and at
     * each try since: back-fill asks for messages of that much earlier. `null`: not measured.
     */
    clockOffset: Schema.NullOr(ClockOffset.ClockOffset)
  }
  /** The link is still down. */
  const Open = Schema.Struct({
    ...facts,
    to: Schema.Null,
    cause: GapCause,
    recovered: Schema.Null,
    ...progress,
    retryAt: Schema.Null,
    note: Schema.Null,
    reason: Schema.Null,
    /** The most messages that an import adds to the log; `null`: `BACKFILL_LIMIT`. */
    limit: Schema.NullOr(Schema.Int.pipe(Schema.positive()))
  })
  /** The link is up again since `to`; back-fill has no verdict yet. */
  const Pending = Schema.Struct({ ...Open.fields, to: time })
  /** Back-fill failed, says why in `note`, and tries again at `retryAt`. */
  const Retrying = Schema.Struct({
    ...Pending.fields,
    recovered: Schema.Literal(false),
    retryAt: time,
    note: Schema.String
  })
  /** The log has every message that Evolution stored of this time. */
  const Recovered = Schema.Struct({ ...Pending.fields, recovered: Schema.Literal(true) })
  /** Messages are missing; `note` says why, and `reason` for programs (`null` in rows of early versions). */
  const Lost = Schema.Struct({
    ...Retrying.fields,
    retryAt: Schema.Null,
    reason: Schema.NullOr(LostReason)
  })
  return Schema.Union(Open, Pending, Retrying, Recovered, Lost)
}

/** An entry of the ledger. Times are our own clock. */
export const Gap = over(Schema.DateTimeUtc).annotations({ identifier: "Gap" })
export type Gap = typeof Gap.Type

export type Open = Extract<Gap, { readonly to: null }>
/** `to`: events are heard again since then. */
export type Closed = Exclude<Gap, Open>
export type Retrying = Extract<Closed, { readonly retryAt: DateTime.Utc }>
export type Recovered = Extract<Closed, { readonly recovered: true }>
export type Pending = Extract<Closed, { readonly recovered: null }>
export type Lost = Exclude<Closed, Pending | Retrying | Recovered>
/** Back-fill has still to try. */
export type Recoverable = Pending | Retrying

export const opened = (facts: Pick<Gap, "id" | "instance" | "from" | "cause">): Open => ({
  ...facts,
  to: null,
  recovered: null,
  fetched: 0,
  fetchedUntil: null,
  clockOffset: null,
  retryAt: null,
  note: null,
  reason: null,
  limit: null
})

/** WhatsApp stamps a message before Evolution emits it, and by its own clock. */
export const leeway = Duration.minutes(1)

/** The gap was not over. Progress stays, but near the former end more messages may have come since. */
export const reopened = (gap: Closed): Open => ({
  ...gap,
  to: null,
  recovered: null,
  fetchedUntil:
    gap.fetchedUntil === null
      ? null
      : DateTime.min(gap.fetchedUntil, DateTime.subtractDuration(gap.to, leeway)),
  retryAt: null,
  note: null,
  reason: null
})

/**
 * Events are heard again. While the link held, messages were fetched by the time of their sending alone:
 * back-fill begins anew, as Evolution may have stored some of them late.
 */
export const closed = (gap: Open, to: DateTime.Utc): Pending => ({
  ...gap,
  to,
  fetchedUntil: isDeaf(gap) ? null : gap.fetchedUntil
})

/** Messages were fetched while the gap is open. */
export const advanced = (gap: Open, round: Closed): Open => ({
  ...gap,
  fetched: gap.fetched + round.fetched,
  fetchedUntil: round.fetchedUntil,
  clockOffset: round.clockOffset
})

/** Messages of a time before, bounded by the clock that stamps them. */
export const imported = (
  facts: Pick<Pending, "id" | "instance" | "from" | "to" | "limit">
): Pending => ({
  ...closed(opened({ ...facts, cause: "import" }), facts.to),
  limit: facts.limit
})

export const isImport = ({ cause }: Gap): boolean => cause === "import"

/** Adds an offset that was measured: any of them may have been there during the gap. */
export const offset = <G extends Gap>(gap: G, by: ClockOffset.ClockOffset | null): G => ({
  ...gap,
  clockOffset: ClockOffset.hull(gap.clockOffset, by)
})

/** Back-fill added `fetched` messages; the log now has every message sent before `fetchedUntil`. */
export const progressed = (gap: Closed, fetched: number, fetchedUntil: DateTime.Utc): Pending => ({
  ...gap,
  fetched: gap.fetched + fetched,
  fetchedUntil,
  recovered: null,
  retryAt: null,
  note: null,
  reason: null
})

export const recovered = (gap: Closed): Recovered => ({
  ...gap,
  recovered: true,
  retryAt: null,
  note: null,
  reason: null
})

/** Back-fill did not get everything, and tries again at `retryAt`. */
export const retrying = (gap: Closed, note: string, retryAt: DateTime.Utc): Retrying => ({
  ...gap,
  recovered: false,
  note,
  retryAt,
  reason: null
})

/** Back-fill did not get everything, and gives up. */
export const lost = (gap: Closed, reason: LostReason, note: string): Lost => ({
  ...gap,
  recovered: false,
  note,
  retryAt: null,
  reason
})

/** Takes a verdict back. What lay within the limit is not fetched again. */
export const again = (gap: Closed): Pending => ({
  ...gap,
  recovered: null,
  fetchedUntil: gap.reason === "limit" ? gap.fetchedUntil : null,
  retryAt: null,
  note: null,
  reason: null
})

export const isOpen = (gap: Gap): gap is Open => gap.to === null

export const isRecoverable = (gap: Gap): gap is Recoverable =>
  gap.to !== null && (gap.recovered === null || gap.retryAt !== null)

/** @deprecated Use `isRecoverable`. */
export const isPending = isRecoverable

/** The gaps of one instance, as its status shows them. */
export const GapSummary = Schema.Struct({
  /** The gap that is open now. */
  open: Schema.NullOr(Gap),
  /** Closed gaps whose messages are not all in the log, or not yet. */
  unrecovered: Schema.Int.pipe(Schema.nonNegative())
})
export type GapSummary = typeof GapSummary.Type
