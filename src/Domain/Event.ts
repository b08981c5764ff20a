/** Evolution's events: raw from the wire, decoded, in the log, and in quarantine. */
export { decode, quarantine } from "./Event/Decode.ts"
export {
  EventOrigin,
  EventRecord,
  type EvolutionEvent,
  type LoggedEvent,
  logged,
  ofOurs,
  type QuarantinedEvent,
  textsOf,
  toLogged
} from "./Event/Logged.ts"
export {
  eventOf,
  instanceOf,
  printOf,
  type RawEvent,
  upstreamTimeOf
} from "./Event/Raw.ts"
export { jsonOf } from "./Event/Text.ts"
export { upstreamAt } from "./Event/UpstreamTime.ts"
export type { JsonText } from "./Json.ts"
