/** Origins of other sites: `https://app.example.com,https://b.example.com`, or `*`. */
import { Config, ConfigError, Either } from "effect"

const anyOrigin = "*"
const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text

export const streamOrigins: Config.Config<ReadonlyArray<string>> = Config.nonEmptyString(
  "STREAM_ORIGINS"
).pipe(
  Config.mapOrFail((text) => {
    const origins = text.split(",").map((origin) => origin.trim())
    return origins.every((origin) => origin === anyOrigin || isOrigin(origin))
      ? Either.right(origins)
      : Either.left(
          ConfigError.InvalidData(
            [],
            "Expected origins such as https://app.example.com with commas between, or *"
          )
        )
  }),
  Config.withDefault([])
)
