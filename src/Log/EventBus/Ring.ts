/** The newest events in memory, oldest first, bounded by their number and by their text. */
import { type LoggedEvent, textsOf } from "../../Domain/Event.ts"

/** Bound of the text in memory, in characters; one history chunk has tens of millions. */
const maxChars = 16 * 1024 * 1024

/** Bound of the text that a reader takes at once; the event that crosses it is still taken. */
const pageChars = 2 * 1024 * 1024

/** `horizon`: the id of the newest event that is not in memory. */
export const make = (capacity: number, horizon: number) => {
  let events: Array<LoggedEvent> = []
  let chars = 0

  /** Drops the oldest, half of the ring at a time. */
  const trim = () => {
    let cut = events.length
    for (chars = 0; cut > 0; cut--) {
      const event = events[cut - 1]
      const size = event === undefined ? 0 : charsOf(event)
      if (events.length - cut >= capacity || chars + size > maxChars) break
      chars += size
    }
    horizon = events[cut - 1]?.id ?? horizon
    events = events.slice(cut)
  }

  const newest = () => events.at(-1)?.id ?? horizon

  /** Readers at one cursor share what follows it. */
  let shared = { cursor: -1, newest: -1, events }

  return {
    newest,
    horizon: () => horizon,
    push: (added: ReadonlyArray<LoggedEvent>) => {
      for (const event of added) {
        events.push(event)
        chars += charsOf(event)
      }
      if (events.length > 2 * capacity || chars > 2 * maxChars) trim()
    },
    /** All events after a cursor; empty if there is none, or the next one has left memory. */
    recent: (cursor: number): ReadonlyArray<LoggedEvent> => {
      if (cursor < horizon || cursor >= newest()) return []
      if (shared.cursor !== cursor || shared.newest !== newest())
        shared = { cursor, newest: newest(), events: events.slice(firstAfter(events, cursor)) }
      return shared.events
    },
    /** The first page of events after a cursor that is in memory. */
    page: (cursor: number): ReadonlyArray<LoggedEvent> =>
      pageOf(events, firstAfter(events, cursor)),
    /** Forgets all events; those up to an id are not in memory. */
    clear: (until: number) => {
      horizon = until
      events = []
      chars = 0
      shared = { cursor: -1, newest: -1, events }
    }
  }
}

const charsOf = (event: LoggedEvent): number =>
  textsOf(event).reduce((chars, text) => chars + text.length, 0)

const pageOf = (events: ReadonlyArray<LoggedEvent>, first: number) => {
  let [end, chars] = [first, 0]
  for (; end < events.length && chars <= pageChars; end++) {
    const event = events[end]
    if (event !== undefined) chars += charsOf(event)
  }
  return events.slice(first, end)
}

/** The index of the first event with a higher id. */
const firstAfter = (events: ReadonlyArray<LoggedEvent>, cursor: number): number => {
  let [low, high] = [0, events.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((events[middle]?.id ?? 0) <= cursor) low = middle + 1
    else high = middle
  }
  return low
}
