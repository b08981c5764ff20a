/** Endpoints: the keys that encrypt their secrets, and the file that they may stand in. */
import { Config, ConfigError, Either, type Option, Redacted } from "effect"
import * as Secret from "./Secret.ts"
import { type Setting, setting } from "./Setting.ts"

const parts = (text: string): ReadonlyArray<string> =>
  text.split(",").flatMap((part) => part.trim() || [])

/** The first one encrypts, all decrypt: so a key can be changed. Empty: `API_KEY` does both. */
const encryptionKeys = Config.mapOrFail(Secret.secret("ENCRYPTION_KEY", parts), (text) => {
  const keys = parts(text)
  return keys.length > 0 && keys.every((key) => key.length >= 32)
    ? Either.right(keys.map((key) => Redacted.make(key)))
    : Either.left(
        ConfigError.InvalidData([], "Expected 32 characters or more (openssl rand -hex 32)")
      )
}).pipe(Config.withDefault<ReadonlyArray<Redacted.Redacted>>([]))

export const endpoints = Config.all({
  encryptionKeys,
  /** A file of YAML or JSON. */
  file: Config.option(Config.nonEmptyString("ENDPOINTS_FILE"))
})

/** The value of a variable that an endpoint refers to. It counts as a secret. */
export const referred = (name: string): Setting<Option.Option<Redacted.Redacted>> =>
  setting(Config.option(Config.map(Config.nonEmptyString(name), Redacted.make)))
