/** Parts of an event's data that the log leaves out. */
import { Config, ConfigError, Either } from "effect"

/** `media_keys`: `mediaKey` and `messageSecret`. */
export const eventOmit: Config.Config<ReadonlySet<"media_keys">> = Config.string("EVENT_OMIT").pipe(
  Config.mapOrFail((text) => {
    const parts = text.split(",").flatMap((part) => part.trim() || [])
    return parts.every((part) => part === "media_keys")
      ? Either.right(new Set(parts))
      : Either.left(ConfigError.InvalidData([], "Expected media_keys, or nothing"))
  }),
  Config.withDefault(new Set<"media_keys">())
)
