/** Rows about an attempt, and the turns that others are told of. */
import { Either } from "effect"
import type { AttemptRow } from "./Positions.ts"
import type { Delivered, DeliveryFailed, Item } from "./Sink.ts"

/** What others are told of an endpoint. Its name and its receiver's words are for those who may see it. */
export interface Turn {
  /**
   * `failing`: an event goes on failing. `blocked`: the endpoint is left in peace for a while. `recovered`: it takes
   * events again. `disabled`: nothing is delivered until a person resumes it.
   */
  readonly _tag: "failing" | "blocked" | "recovered" | "disabled"
  readonly instance: string
  /** The id of the event that was tried; `null`: it is about events that were purged. */
  readonly event: number | null
  readonly attempts: number
  /** `null`: it was delivered. */
  readonly failure: Pick<DeliveryFailed, "kind" | "status"> | null
}

/** Others are told of an event that failed so often. */
export const alarm = 4

export const instanceOf = (item: Item): string =>
  item._tag === "Event" ? item.event.instance : item._tag === "Missed" ? item.instance : ""

export const eventOf = (item: Item): number | null => (item._tag === "Event" ? item.event.id : null)

const nameOf = (item: Item): string =>
  item._tag === "Event"
    ? item.event.event
    : item._tag === "Missed"
      ? "endpoint.missed"
      : "webhook.test"

export interface Attempted {
  /** ms since 1970 UTC. */
  readonly at: number
  readonly tookMs: number
  readonly result: Either.Either<Delivered, DeliveryFailed>
}

export const attemptRow = (
  item: Item,
  attempt: number,
  { at, result, tookMs }: Attempted
): AttemptRow => {
  const failure = Either.isLeft(result) ? result.left : undefined
  return {
    instance: instanceOf(item),
    eventId: eventOf(item),
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

/** The turn of a lane: its first event goes on failing, or was delivered after all. */
export const turnOf = (item: Item, attempts: number, failure: DeliveryFailed | null): Turn => ({
  _tag: failure === null ? "recovered" : "failing",
  instance: instanceOf(item),
  event: eventOf(item),
  attempts,
  failure
})
