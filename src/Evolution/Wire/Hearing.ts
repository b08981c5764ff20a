/**
 * How far we have heard what the server sent. While we hold a socket back, and until what piled up then
 * is read, what arrives may be old: the time stands still. What nobody has read yet is not heard.
 */

export interface Heard {
  /** Everything sent before was read, but for what was on its way; ms since 1970 UTC. */
  readonly until: number
  /** It stands still. */
  readonly isHeldBack: boolean
}

/** What piled up in the kernel and at the server comes within this time, once we read on. */
const catchUpMillis = 1000

/** `now`: the wall clock; `ticks`: one that does not jump. Both are milliseconds. */
export const make = (now: () => number, ticks: () => number) => {
  let until = now()
  /** Since when we read on; `undefined`: nothing piled up. */
  let resumedAt: number | undefined
  /** When the first came that is not read; `undefined`: all is. */
  let unread: number | undefined
  return {
    queued: () => {
      unread ??= now()
    },
    read: () => {
      unread = undefined
    },
    arrived: () => {
      if (resumedAt === undefined) until = now()
    },
    heldBack: () => {
      resumedAt = Number.POSITIVE_INFINITY
    },
    readOn: () => {
      resumedAt = ticks()
    },
    /** The reader found nothing left to read. */
    ranDry: () => {
      if (resumedAt !== undefined && ticks() - resumedAt > catchUpMillis) resumedAt = undefined
    },
    heard: (): Heard => ({
      until: Math.min(until, unread ?? until),
      isHeldBack: resumedAt !== undefined
    })
  }
}
