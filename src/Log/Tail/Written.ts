/** The stretches of the log in which this process was the one that wrote a server's events. */
import type { LoggedEvent } from "../../Domain/Event.ts"

type Place = Pick<LoggedEvent, "id" | "server">

interface Stretch {
  /** It begins after this id. */
  readonly after: number
  /** The last event of it that was written. */
  last: number
  isOpen: boolean
}

/** Stretches that are kept of each server; nobody asks about events from before so many. */
const most = 32

export const make = () => {
  const servers = new Map<string, Array<Stretch>>()

  return {
    /** Begins a stretch after an id; gives the way to end it. */
    open: (server: string, after: number): (() => void) => {
      const stretch: Stretch = { after, last: after, isOpen: true }
      servers.set(server, [...(servers.get(server) ?? []).slice(1 - most), stretch])
      return () => {
        stretch.isOpen = false
      }
    },
    /** Notes an event that was written. */
    reach: ({ id, server }: Place): void => {
      const newest = servers.get(server)?.at(-1)
      if (newest !== undefined) newest.last = Math.max(newest.last, id)
    },
    isOpen: (server: string): boolean => servers.get(server)?.at(-1)?.isOpen === true,
    isOurs: ({ id, server }: Place): boolean =>
      servers
        .get(server)
        ?.some(({ after, isOpen, last }) => id > after && (isOpen || id <= last)) === true
  }
}

export type Written = ReturnType<typeof make>
