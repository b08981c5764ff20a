/** Finds the variables that name a server, and those among them that no server reads. */
import { Config, ConfigError, type ConfigProvider, Effect, HashMap, Option } from "effect"
import { variables } from "./Options.ts"
import { defaultServer, identifying, perServer, suffixOf, variableOf } from "./Servers.ts"

/** `EVOLUTION_MODE__EU`: the setting is `EVOLUTION_MODE`, the suffix is `EU`. */
export interface OwnVariable {
  readonly name: string
  readonly setting: string
  readonly suffix: string
}

const settings = [
  ...Object.values(variables),
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "ALL_PROXY",
  "NO_PROXY",
  "NODE_TLS_REJECT_UNAUTHORIZED"
]

const parsed = (name: string): Option.Option<OwnVariable> => {
  const at = name.indexOf("__")
  const setting = name.slice(0, Math.max(0, at))
  return settings.includes(setting)
    ? Option.some({ name, setting, suffix: name.slice(at + 2) })
    : Option.none()
}

const isOnTheWay = (name: string): boolean =>
  settings.some((setting) => `${setting}__`.startsWith(name) || name.startsWith(`${setting}__`))

/**
 * The variables that name a server, whichever. A provider splits names into paths, that of the environment at each
 * `_`. Paths that lead to no setting are left alone: Kubernetes sets thousands of variables.
 */
export const ownVariables = (
  provider: ConfigProvider.ConfigProvider
): Effect.Effect<ReadonlyArray<OwnVariable>, ConfigError.ConfigError> => {
  const children = (path: ReadonlyArray<string>) =>
    provider.load(
      path.reduceRight<Config.Config<HashMap.HashMap<string, boolean>>>(
        Config.nested,
        Config.hashMap(Config.succeed(true))
      )
    )
  const below = (
    path: ReadonlyArray<string>
  ): Effect.Effect<ReadonlyArray<string>, ConfigError.ConfigError> =>
    Effect.flatMap(children(path), (found) =>
      Effect.map(
        Effect.forEach(HashMap.keys(found), (child) => {
          const longer = [...path, child]
          const name = longer.join("_")
          return isOnTheWay(name)
            ? Effect.map(below(longer), (names) => [name, ...names])
            : Effect.succeed([])
        }),
        (names) => names.flat()
      )
    )
  return Effect.flatMap(below([]), (names) =>
    Effect.filter(names.flatMap((name) => Option.toArray(parsed(name))).sort(byName), ({ name }) =>
      // The name of a part of a path is no variable.
      Effect.map(provider.load(Config.option(Config.string(name))), Option.isSome)
    )
  )
}

const byName = (one: OwnVariable, other: OwnVariable) => (one.name < other.name ? -1 : 1)

/** One error for each variable that names no server, or a setting that is the same for all. */
export const unread = (
  found: ReadonlyArray<OwnVariable>,
  servers: ReadonlyArray<string>
): ReadonlyArray<ConfigError.ConfigError> => {
  const suffixes = servers.map(suffixOf)
  return found.flatMap(({ name, setting, suffix }) => {
    const isServer = suffixes.includes(suffix)
    if (perServer.includes(setting))
      return isServer ? [] : [ConfigError.InvalidData([name], strange(setting, suffix, servers))]
    // Another program in the same environment may have an `API_KEY__SHOP`.
    return isServer
      ? [ConfigError.InvalidData([name], `It is the same for all servers: set ${setting}`)]
      : []
  })
}

const strange = (setting: string, suffix: string, servers: ReadonlyArray<string>): string => {
  const [first = defaultServer, ...others] = servers
  const nearest = others.reduce(
    (best, server) =>
      distance(suffix, suffixOf(server)) < distance(suffix, suffixOf(best)) ? server : best,
    first
  )
  const known =
    servers.length === 1 && first === defaultServer ? setting : variableOf(setting, nearest)
  return `EVOLUTION_SERVERS does not have this server: add it there, or set ${known}`
}

/** The characters to insert, to delete or to replace (Levenshtein). */
const distance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at)
  for (const [index, character] of [...from].entries()) {
    const next = [index + 1]
    for (const [at, other] of [...to].entries())
      next.push(
        Math.min(
          (next[at] ?? 0) + 1,
          (row[at + 1] ?? 0) + 1,
          (row[at] ?? 0) + (character === other ? 0 : 1)
        )
      )
    row = next
  }
  return row[to.length] ?? 0
}

/** One error for each general variable that says which server it is, and that no server reads. */
export const ignored = (
  set: ReadonlyArray<string>,
  servers: readonly [string, ...ReadonlyArray<string>]
): ReadonlyArray<ConfigError.ConfigError> =>
  servers.includes(defaultServer)
    ? []
    : identifying
        .filter((name) => set.includes(name))
        .map((name) =>
          ConfigError.InvalidData(
            [name],
            `No server reads it, as EVOLUTION_SERVERS does not have "${defaultServer}": unset it, or set ${variableOf(name, servers[0])}`
          )
        )
