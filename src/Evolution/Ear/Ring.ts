/**
 * The events that a standby has heard and the log does not have. Evolution broadcasts one sequence to all its
 * sockets, and the owner commits an instance's events in that order: so what was heard of an instance before a
 * committed event is committed, or was left out by the owner for a reason that holds here as well.
 */
import { Duration } from "effect"
import { eventOf, instanceOf, type RawEvent, upstreamTimeOf } from "../../Domain/Event.ts"

/** An event in the log, as far as it is recognised by. */
export interface Committed {
  readonly event: string
  readonly instance: string
  readonly upstreamTime: string | null
}

/** A ring holds no more than this, about. */
const maxBytes = 64 * 1024 * 1024

/** Listeners that begin hand over what waited for them, each its own: instances overtake each other by less. */
const overtaking = Duration.toMillis("1 minute")

/** Committed events that are remembered until they are heard. Some were sent before this link was there. */
const maxAhead = 20_000

interface Entry {
  readonly raw: RawEvent
  readonly print: string
  readonly bytes: number
  isCommitted: boolean
}

/** The memory that an event takes, about. */
const weightOf = ({ payload }: RawEvent): number => {
  let sum = 0
  const values: Array<unknown> = [payload]
  while (values.length > 0) {
    const value = values.pop()
    sum += 16
    if (typeof value === "string") sum += value.length
    else if (ArrayBuffer.isView(value)) sum += value.byteLength
    else if (typeof value === "object" && value !== null) values.push(...Object.values(value))
  }
  return sum
}

/**
 * Time, name and instance. Evolution's time has milliseconds, and events of one instance, name and millisecond are
 * counted in their order.
 */
const printOf = ({ event, instance, upstreamTime }: Committed): string =>
  `${event}\0${instance}\0${upstreamTime ?? ""}`

const printOfRaw = (raw: RawEvent): string =>
  printOf({
    event: eventOf(raw) ?? raw.name,
    instance: instanceOf(raw) ?? "",
    upstreamTime: upstreamTimeOf(raw) ?? null
  })

export interface Ring {
  readonly push: (events: ReadonlyArray<RawEvent>) => void
  /** Those of newly heard events that were not committed before they were heard here. */
  readonly fresh: (events: ReadonlyArray<RawEvent>) => ReadonlyArray<RawEvent>
  /** Drops what is committed. Events of the log in their order, each once. */
  readonly committed: (events: ReadonlyArray<Committed>) => void
  /**
   * A committed event was heard here: so all later ones that the owner heard were heard here, too. False again once
   * events were dropped for want of room.
   */
  readonly isAligned: () => boolean
  readonly size: () => number
  /** `receivedAt` of the oldest event; `undefined`: the ring is empty. */
  readonly since: () => number | undefined
  /** Takes the oldest events, at most so many. */
  readonly take: (most: number) => ReadonlyArray<RawEvent>
}

export const make = (most: number = maxBytes): Ring => {
  /** Oldest first. */
  let entries: Array<Entry> = []
  /** The same by instance, without what is committed. */
  const byInstance = new Map<string, Array<Entry>>()
  /** Committed before they were heard here: the way to this process may be longer than the owner's. */
  const ahead = new Map<string, number>()
  let bytes = 0
  let isAligned = false

  /** Drops the oldest ones. */
  const drop = (count: number): void => {
    const dropped = new Map<string, number>()
    for (const entry of entries.slice(0, count)) {
      bytes -= entry.bytes
      const instance = instanceOf(entry.raw) ?? ""
      if (!entry.isCommitted) dropped.set(instance, (dropped.get(instance) ?? 0) + 1)
    }
    entries = entries.slice(count)
    for (const [instance, number] of dropped) leave(instance, number)
  }

  /** Takes the oldest of an instance out of the index. */
  const leave = (instance: string, number: number): ReadonlyArray<Entry> => {
    const heard = byInstance.get(instance) ?? []
    if (number < heard.length) byInstance.set(instance, heard.slice(number))
    else byInstance.delete(instance)
    return heard.slice(0, number)
  }

  const dropWhile = (isPast: (entry: Entry) => boolean): void => {
    const first = entries.findIndex((entry) => !isPast(entry))
    drop(first < 0 ? entries.length : first)
  }

  const remember = (print: string): void => {
    ahead.set(print, (ahead.get(print) ?? 0) + 1)
    const [oldest] = ahead.keys()
    if (ahead.size > maxAhead && oldest !== undefined) ahead.delete(oldest)
  }

  /** Says that the event was committed before; counts it as heard. */
  const wasAhead = (print: string): boolean => {
    const count = ahead.get(print) ?? 0
    if (count === 0) return false
    if (count === 1) ahead.delete(print)
    else ahead.set(print, count - 1)
    isAligned = true
    return true
  }

  /** Marks an instance's events up to a committed one. Gives that one, if it was heard. */
  const mark = (event: Committed): Entry | undefined => {
    const heard = byInstance.get(event.instance) ?? []
    const print = printOf(event)
    const at = heard.findIndex((entry) => entry.print === print)
    if (at < 0) {
      // Without its time, one from before this link was there would be taken for a later one.
      if (event.upstreamTime !== null) remember(print)
      return undefined
    }
    for (const entry of leave(event.instance, at + 1)) entry.isCommitted = true
    return heard[at]
  }

  return {
    push: (events) => {
      for (const event of events) {
        const print = printOfRaw(event)
        if (wasAhead(print)) {
          const before = leave(instanceOf(event) ?? "", Number.POSITIVE_INFINITY)
          for (const other of before) other.isCommitted = true
          continue
        }
        const entry: Entry = { raw: event, print, bytes: weightOf(event), isCommitted: false }
        entries.push(entry)
        bytes += entry.bytes
        const instance = instanceOf(event) ?? ""
        const heard = byInstance.get(instance)
        if (heard === undefined) byInstance.set(instance, [entry])
        else heard.push(entry)
      }
      if (bytes <= most) return
      let left = bytes
      dropWhile((entry) => {
        const isPast = left > most
        left -= entry.bytes
        return isPast
      })
      isAligned = false
    },
    fresh: (events) =>
      ahead.size === 0 ? events : events.filter((event) => !wasAhead(printOfRaw(event))),
    committed: (events) => {
      let last: Entry | undefined
      for (const event of events) last = mark(event) ?? last
      if (last === undefined) return
      isAligned = true
      // No listener is there for the instances of the older ones.
      const past = last.raw.receivedAt - overtaking
      dropWhile(({ isCommitted, raw }) => isCommitted || raw.receivedAt < past)
    },
    isAligned: () => isAligned,
    size: () => entries.length,
    since: () => entries[0]?.raw.receivedAt,
    take: (count) => {
      const taken: Array<RawEvent> = []
      let seen = 0
      for (; seen < entries.length && taken.length < count; seen++) {
        const entry = entries[seen]
        if (entry?.isCommitted === false) taken.push(entry.raw)
      }
      drop(seen)
      return taken
    }
  }
}
