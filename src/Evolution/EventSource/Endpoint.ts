/** Where the socket is dialled, and with what. */
import { Effect, Redacted } from "effect"
import * as AppConfig from "../../AppConfig.ts"
import * as Secrets from "../../Telemetry/Secrets.ts"
import type * as WebSocket from "../Wire/WebSocket.ts"

/** The key goes into a header: a query string would land in the logs of every proxy on the way. */
export const endpoint = Effect.map(
  Effect.all([AppConfig.Evolution, Secrets.scrub]),
  ([{ apiKey, url }, scrub]): WebSocket.Options => ({
    url,
    headers: { apikey: Redacted.value(apiKey) },
    words: scrub.words
  })
)
