/**
 * Judges what arrived: order, loss, repetitions and the chain of `previous`, lane by lane (path × server × instance). It
 * keeps a number for each event, and nothing else.
 */
import type { Arrival } from "./Arrival.ts"

/** An event that a lane should have got. */
export interface Sent {
  readonly path: string
  readonly server: string
  readonly instance: string
  readonly cursor: number
}

export interface Duplicate {
  readonly at: number
  readonly lane: string
  readonly cursor: number
}

export interface Verdict {
  readonly arrivals: number
  /** Different events. */
  readonly events: number
  readonly lanes: number
  /** Events without an answer of 2xx that purged events do not explain; at most a hundred of them. */
  readonly lost: Findings
  /** First arrivals with a lower cursor than one before. */
  readonly disorders: Findings
  /** First arrivals while the event before was not taken yet. */
  readonly overtakings: Findings
  /** Arrivals whose id is not that of their event. */
  readonly renamed: Findings
  /** First arrivals whose `previous` is another one than what arrived before. */
  readonly broken: Findings
  /** First arrivals after others that do not say what was before them. */
  readonly untold: Findings
  /** Arrivals with a wrong signature. */
  readonly unsigned: Findings
  /** Arrivals of an event that was not to be sent there. */
  readonly strangers: Findings
  /** Arrivals after one that was answered with 2xx. */
  readonly duplicates: ReadonlyArray<Duplicate>
  /** Other arrivals after the first one. */
  readonly retries: number
  /** Events that the receiver was told are purged: `lane from–to`. */
  readonly missed: ReadonlyArray<string>
}

export interface Findings {
  readonly count: number
  /** The first ones. */
  readonly some: ReadonlyArray<string>
}

interface Lane {
  readonly seen: Set<number>
  readonly taken: Set<number>
  readonly missed: Array<readonly [from: number, to: number]>
  /** The last first arrival. */
  last: number | undefined
  /** What was purged stands between the last event and the next one. */
  isAfterMissed: boolean
}

const most = 20

const finding = () => {
  let count = 0
  const some: Array<string> = []
  return {
    add: (what: string) => {
      count++
      if (some.length < most) some.push(what)
    },
    get: (): Findings => ({ count, some })
  }
}

export const laneOf = ({ instance, path, server }: Omit<Sent, "cursor">): string =>
  `${path} ${server}/${instance}`

const isTaken = (status: number): boolean => status >= 200 && status < 300

export interface Judge {
  readonly see: (arrival: Arrival) => void
  /** Events of a lane that were taken. */
  readonly taken: (lane: string) => ReadonlySet<number>
  /** `sent`: all that was to be delivered; left out, nothing is lost and nothing a stranger. */
  readonly verdict: (sent?: Iterable<Sent>) => Verdict
}

const nothing: ReadonlySet<number> = new Set()

export const makeJudge = (): Judge => {
  const lanes = new Map<string, Lane>()
  const [disorders, overtakings, renamed, broken, untold, unsigned] = [
    finding(),
    finding(),
    finding(),
    finding(),
    finding(),
    finding()
  ] as const
  const duplicates: Array<Duplicate> = []
  const missed: Array<string> = []
  let [arrivals, retries] = [0, 0]
  /** All ids are of one log. */
  let log: string | undefined

  const laneAt = (name: string): Lane => {
    const known = lanes.get(name)
    if (known !== undefined) return known
    const lane: Lane = {
      seen: new Set(),
      taken: new Set(),
      missed: [],
      last: undefined,
      isAfterMissed: false
    }
    lanes.set(name, lane)
    return lane
  }

  const first = (lane: Lane, name: string, { cursor, previous }: Arrival): void => {
    const { last } = lane
    if (last !== undefined && cursor < last) disorders.add(`${name}: ${cursor} after ${last}`)
    if (last !== undefined && !lane.taken.has(last) && !lane.isAfterMissed)
      overtakings.add(`${name}: ${cursor} while ${last} was not taken`)
    if (last !== undefined && previous === null && !lane.isAfterMissed)
      untold.add(`${name}: ${cursor} after ${last}`)
    if (last !== undefined && previous !== null && previous !== last && !lane.isAfterMissed)
      broken.add(`${name}: ${cursor} names ${previous}, and ${last} came before`)
    lane.seen.add(cursor)
    lane.last = Math.max(last ?? cursor, cursor)
    lane.isAfterMissed = false
  }

  const see = (arrival: Arrival): void => {
    const { at, cursor, id, isReplay, isSigned, kind, previous, status } = arrival
    arrivals++
    const name = laneOf(arrival)
    if (isSigned === false) unsigned.add(`${name}: ${id}`)
    if (kind === "other" || isReplay) return
    const lane = laneAt(name)
    if (kind === "missed") {
      if (!isTaken(status)) return
      lane.missed.push([previous ?? 0, cursor])
      lane.isAfterMissed = true
      missed.push(`${name} ${previous}–${cursor}`)
      return
    }
    log ??= id.slice(0, id.lastIndexOf("_"))
    if (id !== `${log}_${cursor}`) renamed.add(`${name}: ${cursor} as ${id}`)
    if (!lane.seen.has(cursor)) first(lane, name, arrival)
    else if (lane.taken.has(cursor)) duplicates.push({ at, lane: name, cursor })
    else retries++
    if (isTaken(status)) lane.taken.add(cursor)
  }

  const compare = (sent: Iterable<Sent>) => {
    const [lost, strangers] = [finding(), finding()]
    const wanted = new Map<string, Set<number>>()
    for (const one of sent) {
      const name = laneOf(one)
      const lane = lanes.get(name)
      const known = wanted.get(name) ?? new Set()
      wanted.set(name, known.add(one.cursor))
      const isTold =
        lane?.missed.some(([from, to]) => one.cursor > from && one.cursor <= to) === true
      if (lane?.taken.has(one.cursor) !== true && !isTold) lost.add(`${name}: ${one.cursor}`)
    }
    for (const [name, { seen }] of lanes)
      for (const cursor of seen)
        if (wanted.get(name)?.has(cursor) !== true) strangers.add(`${name}: ${cursor}`)
    return { lost: lost.get(), strangers: strangers.get() }
  }

  return {
    see,
    taken: (lane) => lanes.get(lane)?.taken ?? nothing,
    verdict: (sent) => ({
      arrivals,
      events: [...lanes.values()].reduce((sum, { seen }) => sum + seen.size, 0),
      lanes: lanes.size,
      ...(sent === undefined
        ? { lost: finding().get(), strangers: finding().get() }
        : compare(sent)),
      disorders: disorders.get(),
      overtakings: overtakings.get(),
      renamed: renamed.get(),
      broken: broken.get(),
      untold: untold.get(),
      unsigned: unsigned.get(),
      duplicates,
      retries,
      missed
    })
  }
}
