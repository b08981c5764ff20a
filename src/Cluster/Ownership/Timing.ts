/** Periods and bounds of ownership. All are counted on the monotonic clock of one process. */
import { Duration } from "effect"
import { silentAfterSeconds } from "../../Domain/ClusterState.ts"

export interface Timing {
  /** Between looks at a server's row while a tenure changes hands. */
  readonly pollEvery: Duration.Duration
  /** Between looks of an owner. */
  readonly lookEvery: Duration.Duration
  /** Between looks of the others, and between signs of life of a replica. */
  readonly watchEvery: Duration.Duration
  /** A replica whose sign of life did not change for so long is taken for dead. */
  readonly silentAfter: Duration.Duration
  /** The time in which a living owner should release a server that is wanted. */
  readonly takePatience: Duration.Duration
  /** The time for which a stopping owner waits for a successor. */
  readonly leavePatience: Duration.Duration
  /** The time that a link has to come up before the tenure is asked for. */
  readonly prepareWithin: Duration.Duration
  /** After so long without a link, the owner gives the server to a replica that may reach it. */
  readonly linkDownFor: Duration.Duration
  /** A replica that did not reach a server does not try again for so long: doubled each time, to ten times this. */
  readonly unableFor: Duration.Duration
  /** After so long without an owner that lives, the oldest replica takes the server, whatever the engine says. */
  readonly orphanedAfter: Duration.Duration
  /** Before work that crashed is run again: doubled each time, to thirty times this. */
  readonly restartAfter: Duration.Duration
  /** After a fence: the engine sees within that time that its lock is lost. */
  readonly fencedPause: Duration.Duration
  /** A statement that takes longer has failed. */
  readonly statementWithin: Duration.Duration
}

export const defaults: Timing = {
  pollEvery: Duration.millis(100),
  lookEvery: Duration.millis(500),
  watchEvery: Duration.seconds(1),
  silentAfter: Duration.seconds(silentAfterSeconds),
  takePatience: Duration.millis(1500),
  leavePatience: Duration.seconds(3),
  prepareWithin: Duration.seconds(15),
  linkDownFor: Duration.seconds(30),
  unableFor: Duration.minutes(1),
  orphanedAfter: Duration.seconds(15),
  restartAfter: Duration.seconds(1),
  fencedPause: Duration.seconds(2),
  statementWithin: Duration.seconds(1)
}

/** One process alone: nothing changes hands, and a look only finds out that a later process took over. */
export const alone: Timing = {
  ...defaults,
  lookEvery: Duration.seconds(5),
  watchEvery: Duration.seconds(5),
  takePatience: Duration.zero,
  // The embedded database has one connection: a statement waits for those before it.
  statementWithin: Duration.seconds(5)
}
