/**
 * How long an event was on its way to us. `date_time` is Evolution's local clock, hours away from ours
 * for all we know; but by how much more an event is behind it than the quickest was, that is known.
 */
import { Option } from "effect"
import { type RawEvent, upstreamTimeOf } from "../../Domain/Event.ts"

/** After this long, what was the quickest is measured anew: a clock may have been set since. */
const memory = 5 * 60_000

/** Of one link. */
export const make = () => {
  let least = Number.POSITIVE_INFINITY
  let leastBefore = Number.POSITIVE_INFINITY
  let since = Number.NEGATIVE_INFINITY
  let last = Number.POSITIVE_INFINITY
  return {
    /**
     * The last event of a batch was on its way the least. What came after `until` waited for us, while we
     * read no further: that is no lateness of Evolution's.
     */
    note: (events: ReadonlyArray<RawEvent>, until = Number.POSITIVE_INFINITY): void => {
      const newest = events.findLast(({ receivedAt }) => receivedAt <= until)
      if (newest === undefined) return
      if (Math.abs(newest.receivedAt - since) > memory) {
        leastBefore = newest.receivedAt - since > 2 * memory ? Number.POSITIVE_INFINITY : least
        least = Number.POSITIVE_INFINITY
        since = newest.receivedAt
      }
      last = Option.getOrElse(lagOf(newest), () => last)
      least = Math.min(least, last)
    },
    /** Of the last event, in ms; what comes next was sent later. */
    now: (): number => (Number.isFinite(last) ? last - Math.min(least, leastBefore) : 0)
  }
}

const lagOf = (event: RawEvent): Option.Option<number> => {
  const sentAt = Date.parse(upstreamTimeOf(event) ?? "")
  return Number.isNaN(sentAt) ? Option.none() : Option.some(event.receivedAt - sentAt)
}
