/**
 * A client of a running service, for Node, Bun, Deno and browsers. It has no dependencies: its types come from
 * the API's shape, and its values are JSON.
 */
import { type Link, makeCalls } from "./Calls.ts"
import { type Events, type EventsOptions, Following, type StreamToken } from "./Events.ts"
import type { Calls } from "./Plain.ts"
import type { AnyName, EventName } from "./Typed.ts"

export type { Event, Events, EventsOptions, StatusChange, StreamToken } from "./Events.ts"
export {
  type Answer,
  EventsMissed,
  NotReached,
  ServiceError,
  UnexpectedAnswer
} from "./Failure.ts"
export type { CallOptions, Plain } from "./Plain.ts"
export type { Interruption, Missed } from "./Reading.ts"

export interface Options {
  /** The address of the service, with its path if it is below one; relative to the page in a browser. */
  readonly baseUrl: string | URL
  /** Goes into a header, and nowhere else. Without it, only streams by `streamToken` and public calls work. */
  readonly apiKey?: string | undefined
  /** For a page of another site, whose streams take a token (`POST /stream-tokens`) in place of a key. */
  readonly streamToken?: StreamToken | undefined
  /** The platform's own if absent. */
  readonly fetch?: typeof globalThis.fetch | undefined
}

/** Every call of the API: `client.instances.start({ name })`. A call rejects with an error that has a `_tag`. */
export interface Client extends Omit<Calls, "events"> {
  /** Streams events, connects again and goes on; `events.read` gives a page of them. */
  readonly events: (<const Name extends AnyName = EventName>(
    options?: EventsOptions<Name>
  ) => Events<Name>) &
    Calls["events"]
}

/** Connects to nothing yet: each call and each stream does. Throws for an address that is none. */
export const connect = ({ apiKey, baseUrl, fetch, streamToken }: Options): Client => {
  const link: Link = {
    base: baseOf(baseUrl),
    // The service takes `apikey`, too. Programs that log or trace know this one for a secret.
    headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
    // Called without `this`, as browsers demand.
    fetch: fetch ?? ((input, init) => globalThis.fetch(input, init))
  }
  const calls = makeCalls(link)
  const follow = <const Name extends AnyName = EventName>(options: EventsOptions<Name> = {}) =>
    // The service gives the events that are asked for.
    new Following(link, streamToken, options) as unknown as Events<Name>
  return { ...calls, events: Object.assign(follow, calls.events) }
}

const baseOf = (address: string | URL): URL => {
  const page = (globalThis as { readonly location?: { readonly href: string } }).location?.href
  const base = new URL(address, page)
  if (base.username !== "" || base.password !== "")
    throw new TypeError("The address of the service has a password: pass the key as apiKey")
  base.search = ""
  base.hash = ""
  return base
}
