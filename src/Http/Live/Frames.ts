/** Frames of the event stream, as text and as bytes. */
import { Schema } from "effect"
import type { LoggedEvent } from "../../Domain/Event.ts"
import { ListenerState } from "../../Domain/ListenerState.ts"
import type { StateChange } from "../../Listening/ListenerRegistry.ts"
import { farewell, frame } from "../Sse.ts"
import type { Filter } from "./Filter.ts"

/** `recovered`: whether no event after the cursor that the reader wants was purged. */
export const hello = (recovered: boolean, cursor: number): string =>
  frame("hello", { recovered, cursor })

/** The id moves the cursor of a reader whose filter takes few events. */
export const heartbeat = (cursor: number): string => `: heartbeat\nid: ${cursor}\n\n`

/** Reasons to end a stream; the reader reconnects with `Last-Event-ID`. */
const farewells = {
  too_slow: "You read more slowly than events come: go on from your last id",
  stopping: "The service stops: go on from your last id"
}
export type Reason = keyof typeof farewells

export const bye = (reason: Reason): string => farewell(reason, farewells[reason])

const encodeState = Schema.encodeSync(ListenerState)

export const status = ({ name, state }: StateChange): string =>
  frame("status", { name, state: encodeState(state) })

/** Readers that want the same of one page share its bytes. */
export const sharedPages = () => {
  let last: LoggedEvent | undefined
  const known = new Map<string, Uint8Array>()
  const forget = () => {
    last = undefined
    known.clear()
  }
  return {
    /** The events that a filter takes out of the page after a cursor, as frames in UTF-8. */
    bytesOf: (filter: Filter, after: number, page: ReadonlyArray<LoggedEvent>): Uint8Array => {
      if (page.at(-1) !== last) forget()
      last = page.at(-1)
      const key = `${after} ${filter.key}`
      const bytes = known.get(key) ?? Buffer.from(textOf(page.filter(filter.takes)))
      known.set(key, bytes)
      return bytes
    },
    forget
  }
}

export const textOf = (events: ReadonlyArray<LoggedEvent>): string => events.map(logged).join("")

/** One text for all filters, as long as the event is in memory. */
const texts = new WeakMap<LoggedEvent, string>()

/** The shape is that of `GET /events`; the data is JSON text already. */
const logged = (event: LoggedEvent): string => {
  const known = texts.get(event)
  if (known !== undefined) return known
  const text =
    `id: ${event.id}\ndata: {"id":${event.id},"instance":${JSON.stringify(event.instance)},` +
    `"event":${JSON.stringify(event.event)},"data":${event.json},"extra":${event.extra},` +
    `"upstreamTime":${JSON.stringify(event.upstreamTime)},` +
    `"receivedAt":"${new Date(event.receivedAt).toISOString()}","origin":"${event.origin}"}\n\n`
  texts.set(event, text)
  return text
}
