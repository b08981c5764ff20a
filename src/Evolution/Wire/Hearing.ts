/**
 * The time up to which every frame that the server sent has been received and read. While we hold the
 * socket back, and until the backlog of that time is read, a frame that arrives may be old: the time
 * stands still.
 */
import type * as InFlight from "../../Concurrency/InFlight.ts"
import type { MonotonicMillis, WallMillis } from "../../Domain/Clock.ts"

export interface Heard {
  /** All that was sent before is received and handed on, but for frames in transit; ms since 1970 UTC. */
  readonly until: number
  /** The socket is, or was lately, held back: `until` stands still. */
  readonly isHeldBack: boolean
}

/** The backlog in the kernel and at the server arrives within this time once the socket is read again. */
const catchUpMillis = 1000

/** `inFlight`: frames that are queued, and events that are read and not handed on. */
export const make = (
  now: () => WallMillis,
  ticks: () => MonotonicMillis,
  inFlight: InFlight.InFlight
) => {
  let lastArrival: number = now()
  /** Since when the socket is read again; infinite: it is held back; `undefined`: no backlog is left. */
  let resumedAt: number | undefined
  let queued: InFlight.Ticket | undefined
  return {
    frameArrived: () => {
      if (resumedAt === undefined) lastArrival = now()
    },
    frameQueued: () => {
      queued ??= inFlight.begin(now())
    },
    queueRead: () => {
      inFlight.done(queued)
      queued = undefined
    },
    socketPaused: () => {
      resumedAt = Number.POSITIVE_INFINITY
    },
    socketResumed: () => {
      resumedAt = ticks()
    },
    queueEmpty: () => {
      if (resumedAt !== undefined && ticks() - resumedAt > catchUpMillis) resumedAt = undefined
    },
    heard: (): Heard => ({
      until: Math.min(lastArrival, inFlight.least() ?? lastArrival),
      isHeldBack: resumedAt !== undefined
    })
  }
}
