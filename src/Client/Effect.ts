/** The client of a running service as Effect: typed calls, typed errors, and the log as a stream. */
import { FetchHttpClient, HttpApiClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { Context, Effect, Layer, type Redacted } from "effect"
import { escaped } from "./Effect/Escaped.ts"
import { type Events, follow, type StreamToken } from "./Effect/Events.ts"

export {
  type Event,
  EventsMissed,
  type EventsOptions,
  type StatusChange,
  StreamRefused,
  type StreamToken
} from "./Effect/Events.ts"
export { reconnect } from "./Effect/Reconnect.ts"
export type { Interruption, Missed } from "./Reading.ts"

export interface Options {
  /** The address of the service, with its path if it is below one. */
  readonly baseUrl: string | URL
  /** Goes into a header, and nowhere else. */
  readonly apiKey?: Redacted.Redacted | undefined
  /** For a page of another site, whose streams take a token (`POST /stream-tokens`) in place of a key. */
  readonly streamToken?: StreamToken | undefined
}

/** The calls as the API has them, but for its streams, which `events` reads. */
const makeCalls = (options: Options) =>
  HttpApiClient.make(escaped, { baseUrl: options.baseUrl, transformClient: withKey(options) })

const withKey =
  ({ apiKey }: Options) =>
  (client: HttpClient.HttpClient) =>
    // The service takes `apikey`, too. Programs that log or trace know this one for a secret.
    apiKey === undefined
      ? client
      : HttpClient.mapRequest(client, HttpClientRequest.bearerToken(apiKey))

/** A span would have the token in its address, and its headers make a browser ask another site first. */
const untraced = HttpClient.withTracerDisabledWhen(() => true)

type Calls = Effect.Effect.Success<ReturnType<typeof makeCalls>>

export class Client extends Context.Tag("evolution-listener/Client")<
  Client,
  Omit<Calls, "events" | "live" | "pairingPage"> & {
    /** Streams events, connects again and goes on; `events.read` gives a page of them. */
    readonly events: Events & Calls["events"]
  }
>() {
  static readonly layer = (options: Options) => Layer.effect(Client, make(options))

  /** Over the platform's `fetch`. */
  static readonly layerFetch = (options: Options) =>
    Layer.provide(Client.layer(options), FetchHttpClient.layer)
}

/** Connects to nothing yet: each call and each stream does. */
export const make = (
  options: Options
): Effect.Effect<Client["Type"], never, HttpClient.HttpClient> =>
  Effect.gen(function* () {
    const { live: _live, pairingPage: _page, ...calls } = yield* makeCalls(options)
    const http = withKey(options)(yield* HttpClient.HttpClient)
    const streaming = options.streamToken === undefined ? http : untraced(http)
    return { ...calls, events: Object.assign(follow(streaming, options), calls.events) }
  })
