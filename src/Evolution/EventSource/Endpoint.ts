/** The address and headers of Evolution's socket. */
import { Effect, Option, Redacted } from "effect"
import * as AppConfig from "../../AppConfig.ts"
import * as Secrets from "../../Telemetry/Secrets.ts"
import type * as Dialling from "../Wire/Dialling.ts"

/** The key goes into a header: proxies write query strings into their logs. */
export const endpoint = Effect.map(
  Effect.all([AppConfig.Evolution, AppConfig.evolutionProxy, Secrets.scrub]),
  ([{ apiKey, url }, proxy, scrub]): Dialling.Options => ({
    url,
    headers: { apikey: Redacted.value(apiKey) },
    words: scrub.words,
    proxy: Option.getOrUndefined(proxy)
  })
)
