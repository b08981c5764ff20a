/** The stretch of history that a new listener imports: `24h`, `7 days`, `off`. */
import { Config, ConfigError, Duration, Either, Option } from "effect"

/** A longer one is probably a mistake: ten years are all that WhatsApp has. */
const longest = Duration.days(3653)

const units: Readonly<Record<string, string>> = { m: "minutes", h: "hours", d: "days" }

/** `24h` is how people write it; the other settings take `24 hours`. */
const spelled = (text: string): string =>
  text.replace(/^(\d+) ?([mhd])$/, (_, count, unit) => `${count} ${units[unit]}`)

/** `None`: nothing is imported. */
export const importOnStart: Config.Config<Option.Option<Duration.Duration>> = Config.nonEmptyString(
  "IMPORT_ON_START"
).pipe(
  Config.mapOrFail(
    (text): Either.Either<Option.Option<Duration.Duration>, ConfigError.ConfigError> => {
      if (text.trim().toLowerCase() === "off") return Either.right(Option.none())
      const stretch = Option.filter(
        Duration.decodeUnknown(spelled(text.trim())),
        Duration.between({ minimum: Duration.minutes(1), maximum: longest })
      )
      return Option.isSome(stretch)
        ? Either.right(stretch)
        : Either.left(
            ConfigError.InvalidData([], 'Expected a time such as "24h" or "7 days", or "off"')
          )
    }
  ),
  Config.withDefault(Option.none<Duration.Duration>())
)
