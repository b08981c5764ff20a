/** Words for settings that are missing or wrong. */
import { ConfigError } from "effect"

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

/** The same error under other names, without the values. */
export const renameIn =
  (renamed: (text: string) => string) =>
  (error: ConfigError.ConfigError): ConfigError.ConfigError => {
    switch (error._op) {
      case "And":
        return ConfigError.And(renameIn(renamed)(error.left), renameIn(renamed)(error.right))
      case "Or":
        return renameIn(renamed)(error.left)
      case "MissingData":
        return ConfigError.MissingData(
          error.path.map(renamed),
          renamed(withoutValue(error.message))
        )
      default:
        return ConfigError.InvalidData(
          error.path.map(renamed),
          renamed(withoutValue(error.message))
        )
    }
  }

/** A text in which these names, as whole words, are replaced. */
export const replacing =
  (names: ReadonlyArray<readonly [name: string, other: string]>) =>
  (text: string): string =>
    names.reduce(
      (words, [name, other]) => words.replace(new RegExp(`\\b${name}\\b`, "g"), other),
      text
    )

/** All errors as one. */
export const together = (
  errors: ReadonlyArray<ConfigError.ConfigError>
): ConfigError.ConfigError | undefined => {
  const [first, ...others] = errors
  return first && others.reduce<ConfigError.ConfigError>(ConfigError.And, first)
}
