/** Counts of wrong keys in memory, and the part of them that the database does not have. */
import { Duration } from "effect"
import { MonotonicMillis } from "../../Domain/Clock.ts"

export interface Counted {
  readonly count: number
  /** ms until the window ends. */
  readonly left: number
}

/** A count as the database has it. */
export interface Known extends Counted {
  readonly address: string
  /** Names the window: its end, in ms by the clock of the database. Later windows end later. */
  readonly end: number
}

/** A part of a count that is sent to the database. */
export interface Portion {
  readonly address: string
  readonly count: number
}

interface Ending {
  readonly count: number
  readonly until: MonotonicMillis
}

/** Addresses that are remembered; beyond that, the oldest is dropped. */
export const maxAddresses = 10_000

export const make = (window: Duration.Duration, now: () => MonotonicMillis) => {
  /** What the database does not have, as far as this process knows. */
  const unsent = new Map<string, Ending>()
  const known = new Map<string, Ending & { readonly end: number }>()

  const later = (millis: number) => MonotonicMillis(now() + millis)

  return {
    count: (address: string, more: number): Counted => {
      const [theirs, before] = [running(known, address, now()), running(unsent, address, now())]
      const until = theirs?.until ?? before?.until ?? later(Duration.toMillis(window))
      const ours = (before?.count ?? 0) + more
      if (ours > 0) put(unsent, address, { count: ours, until })
      return { count: (theirs?.count ?? 0) + ours, left: until - now() }
    },

    /** There is something to be sent. */
    isDue: (): boolean => unsent.size > 0,

    /** Takes what is to be sent, the highest counts first, and in the order of addresses. */
    take: (most: number): ReadonlyArray<Portion> => {
      for (const address of unsent.keys()) running(unsent, address, now())
      const due = [...unsent].map(([address, { count }]) => ({ address, count }))
      if (due.length > most) due.sort((one, other) => other.count - one.count)
      return due.slice(0, most).sort((one, other) => (one.address < other.address ? -1 : 1))
    },

    /** The database has these portions now. */
    sent: (portions: ReadonlyArray<Portion>): void => {
      for (const { address, count } of portions) {
        const found = unsent.get(address)
        if (found === undefined) continue
        if (found.count > count) unsent.set(address, { ...found, count: found.count - count })
        else unsent.delete(address)
      }
    },

    /** A count is not lowered within its window: an earlier answer may come late. */
    learn: (rows: ReadonlyArray<Known>): void => {
      for (const { address, count, end, left } of rows) {
        const before = running(known, address, now())
        if (before !== undefined && end < before.end) continue
        const least = end === before?.end ? before.count : 0
        put(known, address, { count: Math.max(count, least), until: later(left), end })
      }
    }
  }
}

/** The entry of an address, unless its window has ended. */
const running = <A extends Ending>(
  entries: Map<string, A>,
  address: string,
  now: MonotonicMillis
): A | undefined => {
  const found = entries.get(address)
  if (found === undefined || found.until > now) return found
  entries.delete(address)
  return undefined
}

/** As the newest. */
const put = <A>(entries: Map<string, A>, address: string, entry: A): void => {
  entries.delete(address)
  entries.set(address, entry)
  const [oldest] = entries.keys()
  if (entries.size > maxAddresses && oldest !== undefined) entries.delete(oldest)
}
