/**
 * The delay of a link's events between Evolution and us. `date_time` is Evolution's local clock, which may
 * differ from ours by hours; so the delay is counted from that of the quickest event.
 */
import { Option } from "effect"
import { type RawEvent, upstreamTimeOf } from "../../Domain/Event.ts"

/** The quickest event is forgotten after this time, in ms: a clock may have been set since. */
const memory = 5 * 60_000

export const make = () => {
  let least = Number.POSITIVE_INFINITY
  let leastBefore = Number.POSITIVE_INFINITY
  let since = Number.NEGATIVE_INFINITY
  let last = Number.POSITIVE_INFINITY
  return {
    /**
     * Notes a batch by its last event, which was in transit the least. `until`, ms since 1970 UTC: an event
     * received later waited for us, while we held the socket back, and says nothing of Evolution's delay.
     */
    update: (events: ReadonlyArray<RawEvent>, until = Number.POSITIVE_INFINITY): void => {
      const newest = events.findLast(({ receivedAt }) => receivedAt <= until)
      if (newest === undefined) return
      if (Math.abs(newest.receivedAt - since) > memory) {
        leastBefore = newest.receivedAt - since > 2 * memory ? Number.POSITIVE_INFINITY : least
        least = Number.POSITIVE_INFINITY
        since = newest.receivedAt
      }
      last = Option.getOrElse(offsetOf(newest), () => last)
      least = Math.min(least, last)
    },
    /** The delay of the last event, in ms; later events were sent later. */
    millis: () => (Number.isFinite(last) ? last - Math.min(least, leastBefore) : 0)
  }
}

/** Our clock at receipt less Evolution's at sending. */
const offsetOf = (event: RawEvent): Option.Option<number> => {
  const sentAt = Date.parse(upstreamTimeOf(event) ?? "")
  return Number.isNaN(sentAt) ? Option.none() : Option.some(event.receivedAt - sentAt)
}
