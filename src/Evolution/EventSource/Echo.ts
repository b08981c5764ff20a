/** Drops the events that two connections of one link both bring. Evolution broadcasts one text to both. */
import { createHash } from "node:crypto"
import { printOf, type RawEvent } from "../../Domain/Event.ts"

export const make = () => {
  const counts = new Map<string, number>()
  return {
    /** Remembers a batch of the old connection, each event as often as it came. */
    remember: (events: ReadonlyArray<RawEvent>): void => {
      for (const event of events) {
        const print = fingerprint(event)
        counts.set(print, (counts.get(print) ?? 0) + 1)
      }
    },
    /**
     * Passes an event of the new connection on, unless the old one brought it. `until`, ms since 1970 UTC:
     * an equal event that is received later is a new one.
     */
    filter: (until: number) => (event: RawEvent) => {
      if (event.receivedAt > until) counts.clear()
      if (counts.size === 0) return true
      const print = fingerprint(event)
      const count = counts.get(print) ?? 0
      if (count > 0) counts.set(print, count - 1)
      return count === 0
    }
  }
}

const fingerprint = (event: RawEvent): string =>
  createHash("sha1").update(printOf(event)).digest("base64")
