/** Rows of the tables that deliveries are written down in. */
import { DateTime } from "effect"
import {
  type Attempt,
  defaults,
  type Endpoint,
  type EndpointStatus,
  type Lane,
  type Undelivered
} from "../../Domain/Endpoint.ts"

const timeOf = (date: Date | null): DateTime.Utc | null =>
  date === null ? null : DateTime.unsafeFromDate(date)

export interface StatusRow {
  readonly id: string
  readonly state: Endpoint["state"]
  readonly behind: number
  readonly lag_seconds: number
  readonly is_at_least: boolean
  readonly delivered: number
  readonly lanes_behind: number
  readonly lanes_failing: number
  readonly next_attempt_at: Date | null
  readonly breaker: EndpointStatus["breaker"]
  readonly failing_since: Date | null
  readonly next_probe_at: Date | null
  readonly last_success_at: Date | null
  readonly last_failure_at: Date | null
  readonly reason: string | null
  readonly undelivered: number
}

/** Lanes wait as long as the breaker is open. */
const nextAttemptOf = (row: StatusRow): Date | null => {
  if (row.state !== "active") return null
  return row.breaker === "closed" ? row.next_attempt_at : row.next_probe_at
}

export const statusOf = (row: StatusRow): EndpointStatus => ({
  lag: {
    events: row.behind,
    seconds: Math.floor(row.lag_seconds),
    isAtLeast: row.is_at_least
  },
  delivered: row.delivered,
  lanes: { behind: row.lanes_behind, failing: row.lanes_failing },
  breaker: row.breaker,
  failingSince: timeOf(row.failing_since),
  nextAttemptAt: timeOf(nextAttemptOf(row)),
  lastSuccessAt: timeOf(row.last_success_at),
  lastFailureAt: timeOf(row.last_failure_at),
  reason: row.reason,
  undelivered: row.undelivered
})

/** Of an endpoint that has not begun. */
export const nothing: EndpointStatus = {
  lag: { events: 0, seconds: 0, isAtLeast: false },
  delivered: 0,
  lanes: { behind: 0, failing: 0 },
  breaker: "closed",
  failingSince: null,
  nextAttemptAt: null,
  lastSuccessAt: null,
  lastFailureAt: null,
  reason: null,
  undelivered: 0
}

export interface LaneRow {
  readonly server: string
  readonly lane: string
  readonly cursor: number
  readonly held: boolean
  readonly attempts: number
  readonly head: number | null
  readonly retry_at: Date | null
  readonly failing_since: Date | null
  readonly reason: string | null
}

export const laneOf =
  ({ order = defaults.order }: Endpoint["settings"]) =>
  ({ failing_since, held, lane, retry_at, ...row }: LaneRow): Lane => ({
    ...row,
    instance: order === "instance" ? lane : null,
    isBehind: held,
    nextAttemptAt: timeOf(retry_at),
    failingSince: timeOf(failing_since)
  })

export interface AttemptRow extends Omit<Attempt, "at" | "eventId" | "tookMs"> {
  readonly at: Date
  readonly event_id: number | null
  readonly took_ms: number
}

export const attemptOf = ({ at, event_id, took_ms, ...row }: AttemptRow): Attempt => ({
  ...row,
  at: DateTime.unsafeFromDate(at),
  eventId: event_id,
  tookMs: took_ms
})

export interface UndeliveredRow extends Omit<Undelivered, "at" | "eventId" | "retryAt"> {
  readonly at: Date
  readonly event_id: number
  readonly retry_at: Date | null
}

export const undeliveredOf = ({ at, event_id, retry_at, ...row }: UndeliveredRow): Undelivered => ({
  ...row,
  at: DateTime.unsafeFromDate(at),
  eventId: event_id,
  retryAt: timeOf(retry_at)
})
