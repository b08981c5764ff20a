/**
 * Says when an endpoint is left in peace, and for how long. It counts failures of the endpoint, not of an event: one
 * lane that fails again and again has its own delays, and opens nothing as long as the receiver answers.
 */
import { Duration } from "effect"
import { defaults } from "../../Domain/Endpoint.ts"
import { delayOf } from "../Feed/Policy.ts"
import { type DeliveryFailed, type FailureKind, isAway, isOurs } from "../Sink.ts"

/** Failures in a row, without a success. */
const inARow = 5
/** Lanes that have to fail, where the receiver answers. */
const lanesAtLeast = 3
/** A share of the attempts in a window. */
const share = { failed: 0.7, of: 20, within: Duration.toMillis("5 minutes") }
/** Lanes whose heads a probe tries, oldest first: the first may fail for its own sake. */
const probes = 3

/** Every further attempt fails likewise, until a person has changed something. */
const isHopeless = (kind: FailureKind): boolean => kind === "gone" || isOurs(kind)

interface Bucket {
  readonly at: number
  delivered: number
  failed: number
}

export interface Options {
  /** Monotonic, in ms. */
  readonly now: () => number
  readonly retryDelays: ReadonlyArray<number> | undefined
}

export const make = ({ now, retryDelays = defaults.retryDelays }: Options) => {
  let opened = 0
  let row = 0
  let asked = 0
  const lanes = new Set<string>()
  let buckets: Array<Bucket> = []

  const count = (isDelivered: boolean): void => {
    const at = Math.floor(now() / 30_000) * 30_000
    buckets = buckets.filter((bucket) => bucket.at > at - share.within)
    const newest = buckets.at(-1)
    const bucket = newest?.at === at ? newest : { at, delivered: 0, failed: 0 }
    if (bucket !== newest) buckets.push(bucket)
    if (isDelivered) bucket.delivered++
    else bucket.failed++
  }

  const isMostlyFailing = (): boolean => {
    const failed = buckets.reduce((sum, bucket) => sum + bucket.failed, 0)
    const all = buckets.reduce((sum, bucket) => sum + bucket.delivered, failed)
    return all >= share.of && failed >= share.failed * all
  }

  const reset = (): void => {
    row = 0
    asked = 0
    lanes.clear()
  }

  return {
    delivered: (): void => {
      reset()
      opened = 0
      count(true)
    },
    /** True: the endpoint is to be left in peace. `isProbing`: it was, until now. `others`: further lanes to try. */
    failed: (
      lane: string,
      { kind, retryAfter }: Pick<DeliveryFailed, "kind" | "retryAfter">,
      { isProbing, others }: { readonly isProbing: boolean; readonly others: boolean }
    ): boolean => {
      row++
      lanes.add(lane)
      count(false)
      asked = Math.max(asked, retryAfter === undefined ? 0 : Duration.toMillis(retryAfter))
      if (isHopeless(kind)) return true
      if (isProbing) return lanes.size >= probes || !others
      if (row >= inARow && (isAway(kind) || lanes.size >= lanesAtLeast)) return true
      return lanes.size >= lanesAtLeast && isMostlyFailing()
    },
    /** The time until the next probe, in ms. `random`: from 0 to 1. */
    open: (random: number): number => {
      opened++
      const wait = Math.max(asked, Duration.toMillis(delayOf(retryDelays, opened, random)))
      reset()
      buckets = []
      return wait
    }
  }
}

export type Breaker = ReturnType<typeof make>
