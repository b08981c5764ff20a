/** Rows about an attempt, and the turns that others are told of. */
import { Either } from "effect"
import type { AttemptRow } from "./Positions.ts"
import type { DeliveryFailed, Item } from "./Sink.ts"

/** An event that fails again and again, or that was delivered after all. */
export interface Turn {
  readonly _tag: "failing" | "recovered"
  readonly instance: string
  /** The event's id; `null`: it is about events that were purged. */
  readonly event: number | null
  readonly attempts: number
  readonly reason: string | null
}

/** Others are told of an event that failed so often. */
export const alarm = 4

export const instanceOf = (item: Item): string =>
  item._tag === "Event" ? item.event.instance : item._tag === "Missed" ? item.instance : ""

const nameOf = (item: Item): string =>
  item._tag === "Event"
    ? item.event.event
    : item._tag === "Missed"
      ? "endpoint.missed"
      : "webhook.test"

/** For people: the kind of the failure, and what was said about it. */
export const reasonOf = ({ message, status }: DeliveryFailed): string =>
  status === undefined ? message : `${status}: ${message}`

export const attemptRow = (
  item: Item,
  attempt: number,
  {
    at,
    result,
    tookMs
  }: {
    readonly at: number
    readonly tookMs: number
    readonly result: Either.Either<{ readonly status?: number }, DeliveryFailed>
  }
): AttemptRow => {
  const failure = Either.isLeft(result) ? result.left : undefined
  return {
    instance: instanceOf(item),
    eventId: item._tag === "Event" ? item.event.id : null,
    event: nameOf(item),
    attempt,
    at,
    tookMs,
    outcome: failure?.kind ?? "delivered",
    status: (Either.isLeft(result) ? result.left.status : result.right.status) ?? null,
    message: failure?.message ?? null,
    excerpt: failure?.excerpt ?? null,
    address: failure?.address ?? null
  }
}
