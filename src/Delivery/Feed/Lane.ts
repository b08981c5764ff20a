/** A lane: events that are delivered in order, one at a time. */
import type { Order } from "../../Domain/Endpoint.ts"
import type { LoggedEvent } from "../../Domain/Event.ts"
import type { LaneRow } from "../Positions.ts"
import type { Item } from "../Sink.ts"

export interface Lane {
  readonly name: string
  /** Its last event that was dealt with; or where the feed began. */
  cursor: number
  previous: number | null
  /** In memory, oldest first; the first one may be under way. */
  queue: Array<Item>
  /** Later events are not put into the queue: the lane reads them from the log. */
  held: boolean
  /** The database knows that it is. */
  isHeldSaved: boolean
  /** The last event that was not put into the queue. */
  skipped: number
  /** False: there may be no such event, as it is only known how far the feed has come. */
  isSkippedKnown: boolean
  /** Events that were not put into the queue, as far as they were counted. */
  waiting: number
  /** It was held when the feed began to run: what it had before it was not counted. */
  isUncounted: boolean
  /** The log was read up to here, where the lane is held. */
  readTo: number
  /** A fiber works on it. */
  running: boolean
  /** It was told of events that were purged before the feed began to run. */
  isTold: boolean
  /** Attempts of the first event that failed. */
  attempts: number
  head: number | null
  /** ms since 1970 UTC. */
  retryAt: number | null
  failingSince: number | null
  reason: string | null
  /** The time at which the first undelivered event was received; `null`: there is none. ms since 1970 UTC. */
  since: number | null
}

/** Lanes of events that need no order. */
const unordered = 16

/** The lane of an event. */
export const nameOf = (order: Order, { id, instance }: LoggedEvent): string => {
  switch (order) {
    case "instance":
      return instance
    case "endpoint":
      return ""
    case "none":
      return `#${id % unordered}`
  }
}

export const fresh = (name: string, cursor: number): Lane => ({
  name,
  cursor,
  previous: null,
  queue: [],
  held: false,
  isHeldSaved: false,
  skipped: 0,
  isSkippedKnown: false,
  waiting: 0,
  isUncounted: false,
  readTo: cursor,
  running: false,
  isTold: false,
  attempts: 0,
  head: null,
  retryAt: null,
  failingSince: null,
  reason: null,
  since: null
})

/** `begun`: the cursor of the feed, up to which a lane that is not held has nothing left. */
export const loaded = (row: LaneRow, begun: number): Lane => ({
  ...fresh(row.lane, row.held ? row.cursor : Math.max(row.cursor, begun)),
  previous: row.previous,
  held: row.held,
  isHeldSaved: row.held,
  isUncounted: row.held,
  // It reads as far as the feed has come.
  skipped: row.held ? begun : 0,
  attempts: row.attempts,
  head: row.head,
  retryAt: row.held ? row.retryAt : null,
  failingSince: row.failingSince,
  reason: row.reason,
  since: row.held ? (row.failingSince ?? null) : null
})

export const rowOf = (lane: Lane): LaneRow => ({
  lane: lane.name,
  cursor: lane.cursor,
  previous: lane.previous,
  held: lane.held,
  attempts: lane.attempts,
  head: lane.head,
  retryAt: lane.retryAt,
  failingSince: lane.failingSince,
  reason: lane.reason
})

/** The last id that an item is about. */
export const idOf = (item: Item): number =>
  item._tag === "Event" ? item.event.id : item._tag === "Missed" ? item.to : 0

/** The time at which the first event of a lane was received; `null`: nothing waits. ms since 1970 UTC. */
export const oldestIn = ({ queue: [first], since }: Lane): number | null =>
  first?._tag === "Event" ? first.event.receivedAt : since

/** An event that waits is not done; nor are those that a lane has to be told of as purged. */
export const firstIn = ({ queue: [first] }: Lane): number => {
  if (first === undefined) return Number.POSITIVE_INFINITY
  return first._tag === "Missed" ? first.from : idOf(first) - 1
}

/** The id of the message about an item. `log`: tells the log from others. */
export const messageIdOf = (log: string, item: Item): string =>
  item._tag === "Event"
    ? `evt_${log}_${item.event.id}`
    : `missed_${log}_${item._tag === "Missed" ? `${item.from}_${item.to}` : ""}`

/** The item is dealt with. */
export const settle = (lane: Lane, item: Item): void => {
  lane.cursor = Math.max(lane.cursor, idOf(item))
  if (item._tag === "Event") lane.previous = item.event.id
  lane.attempts = 0
  lane.head = null
  lane.retryAt = null
  lane.failingSince = null
  lane.reason = null
  lane.since = null
}

/** Leaves an event to the log. */
export const skip = (lane: Lane, id: number): void => {
  lane.waiting++
  if (id < lane.skipped) return
  lane.skipped = id
  lane.isSkippedKnown = true
}

/** The lane takes its further events out of the log from now on. */
export const hold = (lane: Lane): void => {
  const last = lane.queue.at(-1)
  lane.held = true
  lane.isHeldSaved = false
  lane.readTo = last === undefined ? lane.cursor : idOf(last)
}

/** The lane takes all its events out of the log from now on, also those that were in memory. */
export const release = (lane: Lane): void => {
  for (const item of lane.queue) if (item._tag === "Event") skip(lane, item.event.id)
  lane.queue = []
  lane.held = true
  lane.isHeldSaved = false
  lane.readTo = lane.cursor
}
