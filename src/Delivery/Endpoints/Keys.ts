/** The keys that encrypt the secrets of endpoints. */
import type { ConfigError } from "effect"
import { Effect, Option } from "effect"
import * as ApiKey from "../../Access/ApiKey.ts"
import type { Settings } from "../../AppConfig/Settings.ts"
import * as AppConfig from "../../AppConfig.ts"
import * as Cipher from "./Cipher.ts"

/**
 * By `ENCRYPTION_KEY`; without it by `API_KEY`. The latter reads in either case what it encrypted before there was the
 * former.
 */
export const cipher: Effect.Effect<
  Cipher.Cipher,
  ConfigError.ConfigError | ApiKey.ApiKeyRequired,
  Settings
> = Effect.suspend(() => cipherWith(ApiKey.make))

/** As `cipher`; never generates a key. */
export const known: typeof cipher = Effect.suspend(() => cipherWith(ApiKey.known))

const cipherWith = (apiKey: typeof ApiKey.make | typeof ApiKey.known) =>
  Effect.gen(function* () {
    const { encryptionKeys } = yield* AppConfig.endpoints
    const [first, ...others] = encryptionKeys
    if (first === undefined) return Cipher.make([yield* apiKey])
    const old = yield* Effect.option(ApiKey.known)
    return Cipher.make([first, ...others, ...Option.toArray(old)])
  })
