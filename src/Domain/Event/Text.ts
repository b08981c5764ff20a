/** An event as JSON text. */
import { Option } from "effect"
import type { LoggedEvent } from "./Logged.ts"
import { upstreamAt } from "./UpstreamTime.ts"

const isoText = (millis: number): string => `"${new Date(millis).toISOString()}"`

/** The shape is that of `GET /events`. `data`: JSON text, as the rest of the event is already. */
export const jsonOf = (event: LoggedEvent, data: string = event.json): string =>
  `{"id":${event.id},"server":"${event.server}","instance":${JSON.stringify(event.instance)},` +
  `"event":${JSON.stringify(event.event)},"data":${data},"extra":${event.extra},` +
  `"upstreamTime":${JSON.stringify(event.upstreamTime)},` +
  `"upstreamAt":${Option.match(upstreamAt(event), { onNone: () => null, onSome: isoText })},` +
  `"receivedAt":"${new Date(event.receivedAt).toISOString()}","origin":"${event.origin}"}`
