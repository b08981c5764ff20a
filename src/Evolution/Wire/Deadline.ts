/** The server's next duty and its deadline: to answer the dial, to send the open packet, to ping. */
import { Duration, Effect } from "effect"
import type { MonotonicMillis } from "../../Domain/Clock.ts"
import { HandshakeTimeout, HeartbeatMissed, type LinkError } from "../../Domain/LinkError.ts"

export const dialTimeout = Duration.seconds(10)
export const openTimeout = Duration.seconds(10)

/** The open packet may set a nearer deadline than the one that `watch` sleeps for; in ms. */
const maxSleepMillis = 1000

export const make = (ticks: () => MonotonicMillis) => {
  const dueIn = (millis: number, missed: () => LinkError) => ({ at: ticks() + millis, missed })
  const duePhase = (phase: HandshakeTimeout["phase"], timeout: Duration.Duration) => {
    const millis = Duration.toMillis(timeout)
    return dueIn(millis, () => HandshakeTimeout.of(phase, millis))
  }
  let due = duePhase("dial", dialTimeout)
  /** The longest time between two pings, in ms; `undefined` until the open packet says so. */
  let patience: number | undefined

  /** A ping came, or could not come since the socket is paused: the next one has its full time. */
  const pinged = () => {
    if (patience === undefined) return
    const millis = patience
    due = dueIn(millis, () => HeartbeatMissed.of(millis))
  }
  return {
    /** The open packet is due from now on. */
    socketOpened: () => {
      due = duePhase("open", openTimeout)
    },
    /** A ping is due every so many ms from now on. */
    handshakeDone: (patienceMillis: number) => {
      patience = patienceMillis
      pinged()
    },
    pinged,
    /** Calls `missed` once, when a deadline passes. */
    watch: (isPaused: () => boolean, missed: (error: LinkError) => void) => {
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
