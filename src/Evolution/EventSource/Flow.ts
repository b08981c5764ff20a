/** The last events that came over a link: the only proof that Evolution sends any. */
import type { RawEvent } from "../../Domain/Event.ts"

/** Times are ms since 1970 UTC, by our clock. */
export interface Flow {
  /** The link is up since. */
  readonly upSince: number
  /** The last event that came since; `undefined`: none has come. */
  readonly lastEventAt: number | undefined
  /** The last event that brought a message; `undefined`: none has come. */
  readonly lastMessageAt: number | undefined
  /** We read the socket no further, or did so lately: an event may wait in it. */
  readonly isHeldBack: boolean
}

export interface Last {
  eventAt: number | undefined
  messageAt: number | undefined
}

export const nothing = (): Last => ({ eventAt: undefined, messageAt: undefined })

/** Each row of Evolution's message table is announced by one of these. */
const messageEvents = new Set(["messages.upsert", "send.message", "messages.set"])

export const note = (last: Last, { name, receivedAt }: RawEvent): void => {
  last.eventAt = receivedAt
  if (messageEvents.has(name)) last.messageAt = receivedAt
}
