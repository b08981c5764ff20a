/** Findings about the settings alone. In a log line the word after `…_KEY:` would be taken for the key. */
import { Effect, Option, Redacted } from "effect"
import * as AppConfig from "../../AppConfig.ts"
import { isStrong } from "../../Domain/Scrub.ts"
import { addressesOf, isPrivate } from "./Address.ts"
import { type Finding, warning } from "./Finding.ts"

/** The default key of Evolution's image: public. */
const publicKey = "429683C4C977415CAAFCCE10F7D57E11"

/** Findings about the settings of one server. */
export const ofServer = Effect.gen(function* () {
  const { apiKey, url } = yield* AppConfig.Evolution
  const found: Array<Finding> = []
  const addresses = url.protocol === "http:" ? yield* addressesOf(url.hostname) : []
  if (addresses.some((address) => !isPrivate(address)))
    found.push(
      warning(
        "EVOLUTION_API_URL",
        `the key and every message go through the open in clear to "${url.hostname}": use https://`
      )
    )
  if (Redacted.value(apiKey) === publicKey)
    found.push(
      warning(
        "EVOLUTION_API_KEY is public",
        "it is the key in Evolution's public template, and known to everybody: set another AUTHENTICATION_API_KEY at Evolution, and here"
      )
    )
  if (!isStrong(Redacted.value(apiKey)))
    found.push(
      warning(
        "EVOLUTION_API_KEY is weak",
        weak("another AUTHENTICATION_API_KEY at Evolution, and here")
      )
    )
  return found
})

/** Findings about the settings that are the same for all servers. */
export const ofService = Effect.gen(function* () {
  const { apiKey } = yield* AppConfig.Http
  const found: Array<Finding> = []
  if (Option.isSome(apiKey) && !isStrong(Redacted.value(apiKey.value)))
    found.push(warning("API_KEY is weak", weak("another one")))
  if (!(yield* AppConfig.isTlsVerified))
    found.push(
      warning(
        "NODE_TLS_REJECT_UNAUTHORIZED",
        "it is 0, so nobody's certificate is verified: unset it, and name a private authority in NODE_EXTRA_CA_CERTS"
      )
    )
  return found
})

/** A weak key may be a part of any message, so it is not removed from them. */
const weak = (remedy: string) =>
  `it has less than 16 characters, or digits alone: it can be guessed, and stays in an event that repeats it; set ${remedy} (openssl rand -hex 32)`
