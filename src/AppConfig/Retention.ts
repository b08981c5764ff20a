/** How long events are kept: `90 days,shop-1=7 days,test-*=1 day,legal-*=forever`. */
import { Config, ConfigError, Duration, Either, Option } from "effect"

/** `null`: for ever. */
export type Keep = Duration.Duration | null

export interface Retention {
  /** For every instance that no override is about, and for what belongs to none. */
  readonly general: Keep
  /** The first whose pattern matches an instance's name counts. */
  readonly overrides: ReadonlyArray<{ readonly pattern: string; readonly keep: Keep }>
}

export const forever: Retention = { general: null, overrides: [] }

/** Less is more likely a slip than a wish, and a reader who is away for a moment would miss some. */
const shortest = Duration.hours(1)
/** More than that is for ever. */
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
      const [left = "", right, ...rest] = part.split("=").map((piece) => piece.trim())
      if (rest.length > 0) return yield* Either.left('Expected one "=" in each part')
      if (right === undefined) {
        if (general !== undefined) return yield* Either.left("Expected one duration for all")
        general = yield* durationOf(left)
      } else {
        if (!/^[A-Za-z0-9_*-]+$/.test(left))
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
