/**
 * The events that a standby has heard and the log does not have. Evolution broadcasts one sequence to all its
 * sockets, and the owner commits in that order: so what was heard before a committed event is committed, or was
 * left out by the owner for a reason that holds here as well.
 */
import { eventOf, instanceOf, type RawEvent, upstreamTimeOf } from "../../Domain/Event.ts"

/** An event in the log, as far as it is recognised by. */
export interface Committed {
  readonly event: string
  readonly instance: string
  readonly upstreamTime: string | null
}

/** A ring holds no more than this, about. */
const maxBytes = 64 * 1024 * 1024

interface Entry {
  readonly raw: RawEvent
  readonly print: string
  readonly bytes: number
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

const entryOf = (raw: RawEvent): Entry => ({
  raw,
  bytes: weightOf(raw),
  print: printOf({
    event: eventOf(raw) ?? raw.name,
    instance: instanceOf(raw) ?? "",
    upstreamTime: upstreamTimeOf(raw) ?? null
  })
})

export interface Ring {
  readonly push: (events: ReadonlyArray<RawEvent>) => void
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
  let entries: Array<Entry> = []
  let bytes = 0
  let isAligned = false

  const drop = (count: number): ReadonlyArray<Entry> => {
    const dropped = entries.slice(0, count)
    entries = entries.slice(count)
    for (const entry of dropped) bytes -= entry.bytes
    return dropped
  }

  return {
    push: (events) => {
      for (const event of events) {
        const entry = entryOf(event)
        entries.push(entry)
        bytes += entry.bytes
      }
      let excess = 0
      for (let left = bytes; left > most; excess++) left -= entries[excess]?.bytes ?? left
      if (excess === 0) return
      drop(excess)
      isAligned = false
    },
    committed: (events) => {
      let upTo = 0
      for (const event of events) {
        const print = printOf(event)
        const at = entries.findIndex((entry, nth) => nth >= upTo && entry.print === print)
        if (at >= 0) upTo = at + 1
      }
      if (upTo === 0) return
      drop(upTo)
      isAligned = true
    },
    isAligned: () => isAligned,
    size: () => entries.length,
    since: () => entries[0]?.raw.receivedAt,
    take: (count) => drop(count).map(({ raw }) => raw)
  }
}
