/** What follows a failed attempt. */
import { Duration } from "effect"
import { defaults, type Settings } from "../../Domain/Endpoint.ts"
import type { DeliveryFailed } from "../Sink.ts"

/** `wait`: the lane tries the event again. `aside`: the lane goes on; without a time, the event is tried by hand alone. */
export type Next =
  | { readonly _tag: "wait"; readonly delay: Duration.Duration }
  | { readonly _tag: "aside"; readonly delay: Duration.Duration | null }

/** A receiver that asks for more gets this. */
const longest = Duration.hours(1)

/** `random`: from 0 to 1; a delay is varied by a fifth. */
export const delayOf = (
  delays: ReadonlyArray<number>,
  attempt: number,
  random: number
): Duration.Duration =>
  Duration.seconds((delays[Math.min(attempt, delays.length) - 1] ?? 0) * (0.8 + 0.4 * random))

/** `attempt`: the one that failed, from 1. */
export const next = (
  { order, retryDelays = defaults.retryDelays, skipAfter }: Settings,
  { kind, retryAfter }: Pick<DeliveryFailed, "kind" | "retryAfter">,
  attempt: number,
  random: number
): Next => {
  const planned = delayOf(retryDelays, attempt, random)
  const delay =
    retryAfter === undefined ? planned : Duration.max(planned, Duration.min(retryAfter, longest))
  // An endpoint that is away would have every event put aside.
  const isGivenUp = kind === "answered" && skipAfter !== undefined && attempt >= skipAfter
  if (isGivenUp) return { _tag: "aside", delay: null }
  return order === "none" ? { _tag: "aside", delay } : { _tag: "wait", delay }
}
