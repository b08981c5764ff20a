/**
 * The low watermark of work in progress. Each piece of work holds a ticket from its begin to its end; the
 * least time on a ticket is the time up to which all work is done.
 */

export interface Ticket {
  /** ms since 1970 UTC. */
  readonly since: number
}

export interface InFlight {
  /** Opens a ticket. `since`: when the oldest event of this work was received, in ms since 1970 UTC. */
  readonly begin: (since: number) => Ticket
  /** Closes a ticket; ignores one that is closed, or that was never opened. */
  readonly done: (ticket: Ticket | undefined) => void
  /** The least `since` of the open tickets; `undefined`: none is open. */
  readonly least: () => number | undefined
}

export const make = (): InFlight => {
  const open = new Map<Ticket | undefined, number>()
  return {
    begin: (since) => {
      const ticket = { since }
      open.set(ticket, since)
      return ticket
    },
    done: (ticket) => {
      open.delete(ticket)
    },
    least: () => {
      let least: number | undefined
      // Not the ticket opened first: clocks are set back, and batches wait for their turn.
      for (const since of open.values()) least = Math.min(least ?? since, since)
      return least
    }
  }
}
