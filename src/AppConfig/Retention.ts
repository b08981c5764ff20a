/** The retention of events: `90 days,shop-1=7 days,test-*=1 day,legal-*=forever`. */
import { Array as Arr, Config, ConfigError, Duration, Either, Option, String as Str } from "effect"

/** `null`: forever. */
export type Keep = Duration.Duration | null

export interface Retention {
  /** For instances without an override, and for events of no instance. */
  readonly general: Keep
  /** The first override whose pattern matches an instance's name applies. */
  readonly overrides: ReadonlyArray<{ readonly pattern: string; readonly keep: Keep }>
}

export const forever: Retention = { general: null, overrides: [] }

/** A shorter time is probably a mistake, and a reader that reconnects would miss events. */
const shortest = Duration.hours(1)
/** A longer time means forever. */
const longest = Duration.days(36_500)

const durationOf = (text: string): Either.Either<Keep, string> => {
  if (text === "forever") return Either.right(null)
  return Option.match(Duration.decodeUnknown(text), {
    onNone: () => Either.left('Expected a duration such as "90 days", or "forever"'),
    onSome: (keep) =>
      Duration.between(keep, { minimum: shortest, maximum: longest })
        ? Either.right(keep)
        : Either.left("Expected 1 hour at the least and 36500 days at the most")
  })
}

const parse = (text: string): Either.Either<Retention, string> =>
  Either.gen(function* () {
    let general: Keep | undefined
    const overrides = new Map<string, Keep>()
    for (const part of text.split(",")) {
      const [left, right, ...rest] = Arr.map(Str.split(part, "="), (piece) => piece.trim())
      if (rest.length > 0) return yield* Either.left('Expected one "=" in each part')
      if (right === undefined) {
        if (general !== undefined) return yield* Either.left("Expected one duration for all")
        general = yield* durationOf(left)
      } else {
        if (!/^(?:[^\0\\]|\\[\\*])+$/u.test(left))
          return yield* Either.left('Expected an instance or a pattern such as "test-*" before "="')
        if (overrides.has(left)) return yield* Either.left("Expected each pattern once")
        overrides.set(left, yield* durationOf(right))
      }
    }
    return {
      general: general ?? null,
      overrides: [...overrides].map(([pattern, keep]) => ({ pattern, keep }))
    }
  })

export const retention = (name: string): Config.Config<Retention> =>
  Config.nonEmptyString(name).pipe(
    Config.mapOrFail((text) =>
      Either.mapLeft(parse(text), (why) => ConfigError.InvalidData([], why))
    ),
    Config.withDefault(forever)
  )
