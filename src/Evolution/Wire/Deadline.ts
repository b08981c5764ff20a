/** The server's next duty and its deadline: to answer the dial, to send the open packet, to ping. */
import { Duration, Effect } from "effect"
import type { MonotonicMillis } from "../../Domain/Clock.ts"
import { HandshakeTimeout, HeartbeatMissed, type LinkError } from "../../Domain/LinkError.ts"

export const dialTimeout = Duration.seconds(10)
export const openTimeout = Duration.seconds(10)

/** The open packet may set a nearer deadline than the one that `watch` sleeps for; in ms. */
const maxSleepMillis = 1000

interface Due {
  readonly at: number
  readonly missed: () => LinkError
}

export interface Deadline {
  /** The socket is open: the open packet is due. */
  readonly socketOpened: () => void
  /** The open packet came: from now on a ping is due every so many ms. */
  readonly handshakeDone: (patienceMillis: number) => void
  /** A ping came, or could not come since the socket is paused: the next has its full time. */
  readonly pinged: () => void
  /** Calls `missed` once, when a deadline passes. */
  readonly watch: (
    isPaused: () => boolean,
    missed: (error: LinkError) => void
  ) => Effect.Effect<void>
}

export const make = (ticks: () => MonotonicMillis): Deadline => {
  const dueIn = (millis: number, missed: () => LinkError): Due => ({ at: ticks() + millis, missed })
  const duePhase = (phase: HandshakeTimeout["phase"], timeout: Duration.Duration): Due => {
    const millis = Duration.toMillis(timeout)
    return dueIn(millis, () => HandshakeTimeout.of(phase, millis))
  }
  let due = duePhase("dial", dialTimeout)
  /** How long to wait for a ping; `undefined` until the open packet says so. */
  let patience: number | undefined

  const pinged = () => {
    if (patience === undefined) return
    const millis = patience
    due = dueIn(millis, () => HeartbeatMissed.of(millis))
  }
  return {
    socketOpened: () => {
      due = duePhase("open", openTimeout)
    },
    handshakeDone: (patienceMillis) => {
      patience = patienceMillis
      pinged()
    },
    pinged,
    watch: (isPaused, missed) => {
      const next: Effect.Effect<void> = Effect.suspend(() => {
        // A ping cannot arrive while we hold the socket back.
        if (isPaused()) pinged()
        const left = due.at - ticks()
        if (left <= 0) return Effect.sync(() => missed(due.missed()))
        const pause = patience === undefined ? Math.min(left, maxSleepMillis) : left
        return Effect.flatMap(Effect.sleep(pause), () => next)
      })
      return next
    }
  }
}
