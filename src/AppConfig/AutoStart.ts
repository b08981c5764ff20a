/** The instances that get a listener by themselves: `all,-test-*`, `created,shop-*`, `off`. */
import { Array as Arr, Config, ConfigError, Either, Option, String as Str } from "effect"

/**
 * `all`: every instance at Evolution. `created`: those created at Evolution while the service is connected
 * (global mode). `off`: none.
 */
export type AutoStartMode = "all" | "created" | "off"

export interface AutoStart {
  readonly mode: AutoStartMode
  /** Patterns of names, where `*` stands for any text. Empty: every name. */
  readonly only: ReadonlyArray<string>
  /** Patterns of the names to leave out, also of those that `only` has. */
  readonly except: ReadonlyArray<string>
}

export const autoStartOf = (mode: AutoStartMode): AutoStart => ({ mode, only: [], except: [] })

/** The words of earlier versions, which knew a boolean, stay. */
const modes: ReadonlyMap<string, AutoStartMode> = new Map([
  ...(["all", "created", "off"] as const).map((mode) => [mode, mode] as const),
  ...["true", "yes", "on", "1"].map((word) => [word, "created"] as const),
  ...["false", "no", "0"].map((word) => [word, "off"] as const)
])

const parse = (text: string): Either.Either<AutoStart, string> => {
  const [first, ...patterns] = Arr.map(Str.split(text, ","), (part) => part.trim())
  const mode = modes.get(first.toLowerCase())
  if (mode === undefined)
    return Either.left('Expected "all", "created" or "off", and then patterns such as "-test-*"')
  const isExcept = (pattern: string) => pattern.startsWith("-")
  const except = patterns.filter(isExcept).map((pattern) => pattern.slice(1))
  const only = patterns.filter((pattern) => !isExcept(pattern))
  return [...except, ...only].every((pattern) => /^(?:[^\0\\]|\\[\\*])+$/u.test(pattern))
    ? Either.right({ mode, only, except })
    : Either.left(
        'Expected instances or patterns such as "shop-*" or "-test-*" after the first ","'
      )
}

const name = "AUTO_START"

/** True: its value is not the default. */
export const isAutoStartSet = Config.map(Config.option(Config.nonEmptyString(name)), Option.isSome)

export const autoStart: Config.Config<AutoStart> = Config.nonEmptyString(name).pipe(
  Config.mapOrFail((text) =>
    Either.mapLeft(parse(text), (why) => ConfigError.InvalidData([], why))
  ),
  Config.withDefault(autoStartOf("all"))
)
