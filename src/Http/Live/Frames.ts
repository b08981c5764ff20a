/** Frames of the event stream, as text and as bytes. */
import { Schema } from "effect"
import { jsonOf, type LoggedEvent } from "../../Domain/Event.ts"
import { ListenerState } from "../../Domain/ListenerState.ts"
import type { StateChange } from "../../Listening/ListenerRegistry.ts"
import { farewell, frame, id } from "../Sse.ts"
import type { Filter } from "./Filter.ts"

export { id }

/**
 * `recovered`: whether no event after the cursor that the reader wants was purged. The id lets a reader
 * that reconnects before its first event go on from here.
 */
export const hello = (recovered: boolean, cursor: number): string =>
  id(cursor) + frame("hello", { recovered, cursor })

/** Reasons to end a stream; the reader reconnects with `Last-Event-ID`, as far as it is still let in. */
const farewells = {
  too_slow: "You read more slowly than events come: go on from your last id",
  stopping: "The service stops: go on from your last id",
  unauthorized: "The key was revoked, or it has expired"
}
export type Reason = keyof typeof farewells

export const bye = (reason: Reason): string => farewell(reason, farewells[reason])

const encodeState = Schema.encodeSync(ListenerState)

export const status = ({ name, state }: StateChange, server: string): string =>
  frame("status", { name, server, state: encodeState(state) })

/** The text that a reader takes at once; the event that crosses the bound is still taken. */
const pageChars = 2 * 1024 * 1024

/** Events as frames in UTF-8. `cursor`: the id of the last event that was looked at. */
interface Page {
  readonly bytes: Uint8Array
  readonly cursor: number
}

/** Pages are kept for further readers up to this. */
const maxSharedBytes = 8 * 1024 * 1024

/** Readers at one cursor that want the same share a page. */
export const sharedPages = () => {
  let last: LoggedEvent | undefined
  const known = new Map<string, Page>()
  let bytes = 0
  const forget = () => {
    last = undefined
    known.clear()
    bytes = 0
  }
  return {
    /** The first page of the events that a filter takes. `events`: all that follow the cursor `after`. */
    pageOf: (filter: Filter, after: number, events: ReadonlyArray<LoggedEvent>): Page => {
      if (events.at(-1) !== last) forget()
      last = events.at(-1)
      const key = `${after} ${filter.key}`
      const shared = known.get(key)
      if (shared !== undefined) return shared
      const page = firstPage(filter, after, events)
      bytes += page.bytes.length
      if (bytes > maxSharedBytes) {
        known.clear()
        bytes = page.bytes.length
      }
      known.set(key, page)
      return page
    },
    forget
  }
}

const firstPage = (filter: Filter, after: number, events: ReadonlyArray<LoggedEvent>): Page => {
  let [cursor, text] = [after, ""]
  for (const event of events) {
    if (text.length > pageChars) break
    cursor = event.id
    if (filter.takes(event)) text += logged(event)
  }
  return { bytes: Buffer.from(text), cursor }
}

export const textOf = (events: ReadonlyArray<LoggedEvent>): string => events.map(logged).join("")

/** One text for all filters, as long as the event is in memory. */
const texts = new WeakMap<LoggedEvent, string>()

const logged = (event: LoggedEvent): string => {
  const known = texts.get(event)
  if (known !== undefined) return known
  const text = `${id(event.id)}data: ${jsonOf(event)}\n\n`
  texts.set(event, text)
  return text
}
