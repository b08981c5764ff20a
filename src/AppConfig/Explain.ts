/** Words for settings that are missing or wrong. */
import type { ConfigError } from "effect"

/** One line for each wrong setting, without its value, which may be secret. */
export const explain = (error: ConfigError.ConfigError): ReadonlyArray<string> => [
  ...new Set(linesOf(error))
]

const linesOf = (error: ConfigError.ConfigError): ReadonlyArray<string> => {
  switch (error._op) {
    case "And":
      return [...linesOf(error.left), ...linesOf(error.right)]
    case "Or":
      return linesOf(error.left)
    case "MissingData":
      return [`${error.path.join(".")}: not set`]
    default:
      return [`${error.path.join(".")}: ${withoutValue(error.message)}`]
  }
}

/** Effect's messages end with the value. */
export const withoutValue = (message: string): string =>
  message.split(/ but received |, actual /)[0] ?? message
