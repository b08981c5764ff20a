/**
 * The Evolution servers: `EVOLUTION_SERVERS=eu,br-2`. A variable with a server's id behind it holds for that server
 * alone: `EVOLUTION_API_URL__EU`, `BACKFILL_LIMIT__BR_2`.
 */
import { Array as Arr, Config, ConfigError, type ConfigProvider, Effect, Either } from "effect"

/** Variables that say which server it is: the general one is that of `default` alone. */
export const identifying = ["EVOLUTION_API_URL", "EVOLUTION_API_KEY"]

/** Variables that a server may have of its own. Without it the general one counts. */
export const perServer: ReadonlyArray<string> = [
  ...identifying,
  "EVOLUTION_MODE",
  "EVOLUTION_PROXY",
  "AUTO_START",
  "IMPORT_ON_START",
  "BACKFILL_LIMIT",
  "QUEUE_MAX_MIB",
  "QUEUE_MAX_AGE",
  "EVENT_OMIT",
  "EVENT_RETENTION"
]

/** The end of the variables of one server: `BR_2`. No two ids have one end, as no id has a `_`. */
export const suffixOf = (server: string): string => server.toUpperCase().replaceAll("-", "_")

/** The name that a variable has for one server: `EVOLUTION_MODE__BR_2`. */
export const variableOf = (name: string, server: string): string => `${name}__${suffixOf(server)}`

/** As `Domain/Server` has it. */
const isServerId = (id: string): boolean => /^[a-z0-9-]{1,32}$/.test(id)

export const defaultServer = "default"

const parse = (text: string): Either.Either<Arr.NonEmptyReadonlyArray<string>, string> => {
  const ids = text.split(",").map((id) => id.trim())
  if (!ids.every(isServerId) || !Arr.isNonEmptyReadonlyArray(ids))
    return Either.left(
      'Expected ids of 1 to 32 characters ("a" to "z", "0" to "9", "-") with commas between, e.g. eu,br'
    )
  const repeated = ids.find((id, nth) => ids.indexOf(id) !== nth)
  return repeated === undefined
    ? Either.right(ids)
    : Either.left(`Expected each server once, and "${repeated}" is there twice`)
}

/** The ids of the servers, in their order. Without the setting there is one, `default`. */
export const servers: Config.Config<Arr.NonEmptyReadonlyArray<string>> = Config.nonEmptyString(
  "EVOLUTION_SERVERS"
).pipe(
  Config.mapOrFail((text) =>
    Either.mapLeft(parse(text), (why) => ConfigError.InvalidData([], why))
  ),
  Config.withDefault([defaultServer])
)

/** The settings that are read from the server's own variables, and not from the general ones. */
export const ownOf = (
  provider: ConfigProvider.ConfigProvider,
  server: string
): Effect.Effect<ReadonlyArray<string>, ConfigError.ConfigError> =>
  Effect.filter(perServer, (name) =>
    Effect.map(
      provider.load(Config.option(Config.string(variableOf(name, server)))),
      ({ _tag }) => _tag === "Some" || (server !== defaultServer && identifying.includes(name))
    )
  )
